//! Lockouts after failed logins, by the clock.

use super::api::login_failures::{WRONG, from};
use super::api::{self, Api as _, Request, login};
use super::{NOW, Native};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

pub fn native(limits: [(&'static str, &'static str); 2]) -> Native {
    let mut vars = api::django();
    vars.extend(limits);
    let api = Native::new(vars);
    api::register(&api, "clock");
    api
}

pub fn limits(per_address: &'static str, per_account: &'static str) -> Native {
    native([("LOGIN_FAILURES_PER_ADDRESS", per_address), ("LOGIN_FAILURES_PER_ACCOUNT", per_account)])
}

pub fn wrong() -> Request {
    login("clock@x.io", "wrong password")
}

/// Asserts how long the next login has to wait, whatever its password.
#[track_caller]
pub fn waits(api: &Native, seconds: i64) {
    for call in [wrong(), login("clock@x.io", "jakejake")] {
        let answer = api.send(&call);
        assert_eq!(answer.status, 429, "{}", answer.body);
        assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()));
    }
}

#[test]
fn an_address_is_blocked_for_15_minutes_and_its_failures_are_forgotten_after_as_many_quiet_ones() {
    let api = limits("3", "0");
    let at = |seconds: i64| api.platform.now.set(NOW + seconds);
    for seconds in [0, 15 * MINUTE - 1, 30 * MINUTE - 2] {
        at(seconds);
        api.send(&wrong()).is(400, WRONG);
    }
    waits(&api, 15 * MINUTE);
    at(45 * MINUTE - 3);
    waits(&api, 1);
    at(45 * MINUTE - 2);
    // Never more than 3 in 15 minutes, wherever these begin.
    for seconds in [45 * MINUTE, 60 * MINUTE, 60 * MINUTE, 60 * MINUTE] {
        at(seconds);
        api.send(&wrong()).is(400, WRONG);
    }
    waits(&api, 15 * MINUTE);
    at(75 * MINUTE);
    assert_eq!(api.send(&login("clock@x.io", "jakejake")).status, 200);
}

#[test]
fn an_account_is_blocked_for_an_hour_then_twice_as_long_each_time_up_to_a_day() {
    let api = limits("0", "3");
    let mut now = NOW;
    // However slowly they come.
    for days in 1..3 {
        api.send(&wrong()).is(400, WRONG);
        now += days * DAY - 1;
        api.platform.now.set(now);
    }
    for hours in [1, 2, 4, 8, 16, 24, 24, 24] {
        api.send(&wrong()).is(400, WRONG);
        waits(&api, hours * HOUR);
        api.platform.now.set(now + hours * HOUR - 1);
        waits(&api, 1);
        now += hours * HOUR;
        api.platform.now.set(now);
    }
    assert_eq!(api.send(&login("clock@x.io", "jakejake")).status, 200);
    for _ in 0..3 {
        api.send(&wrong()).is(400, WRONG);
    }
    waits(&api, HOUR);
}

#[test]
fn failures_are_forgotten_after_as_many_quiet_days_as_there_were_failures() {
    let api = limits("0", "5");
    let mut now = NOW;
    for (seconds, count) in [(0, 1), (DAY, 1), (DAY - 1, 2), (2 * DAY - 1, 3), (3 * DAY, 1), (DAY - 1, 2)] {
        now += seconds;
        api.platform.now.set(now);
        api.send(&wrong()).is(400, WRONG);
        assert_eq!(api.sql("SELECT count FROM login_failures"), Some(count.to_string()));
    }
}

#[test]
fn the_longest_block_is_a_day_however_many_fail() {
    let api = limits("0", "3");
    api.send(&wrong()).is(400, WRONG);
    for count in [8, 60, 64, 100, 1_000_000] {
        api.sql(&format!("UPDATE login_failures SET count = {count}, blocked_until = 0"));
        api.send(&wrong()).is(400, WRONG);
        waits(&api, DAY);
    }
}

#[test]
fn a_block_that_ends_meanwhile_is_told_as_a_second() {
    let api = limits("1", "0");
    // Another's failure is counted after this login was read, and forgotten after this one was refused.
    let blocked = "INSERT INTO login_failures SELECT account, client_ip, 1, expires_at, expires_at FROM old";
    api.send(&wrong()).is(400, WRONG);
    api.platform.db.exec("CREATE TABLE old AS SELECT * FROM login_failures; DELETE FROM login_failures");
    let mut interferences = api.platform.db.before.borrow_mut();
    interferences.push(("INSERT", blocked));
    interferences.push(("SELECT max", "DELETE FROM login_failures"));
    drop(interferences);
    let answer = api.send(&wrong());
    let detail = "Request was throttled. Expected available in 1 second.";
    answer.is(429, &format!(r#"{{"user":{{"detail":"{detail}"}}}}"#));
}

#[test]
fn a_limit_of_one_blocks_after_the_first_failure() {
    for (api, seconds) in
        [(limits("1", "0"), 15 * MINUTE), (limits("0", "1"), HOUR), (limits("1", "1"), HOUR)]
    {
        api.send(&wrong()).is(400, WRONG);
        waits(&api, seconds);
    }
}

#[test]
fn both_limits_count_and_the_longer_wait_is_told() {
    let api = limits("3", "4");
    for _ in 0..3 {
        api.send(&from("192.0.2.1", "clock@x.io", "wrong password")).is(400, WRONG);
    }
    let there = from("192.0.2.1", "clock@x.io", "jakejake");
    assert_eq!(api.send(&there).header("retry-after"), Some("900"));
    // What was throttled is no failure.
    api.send(&from("192.0.2.2", "clock@x.io", "wrong password")).is(400, WRONG);
    assert_eq!(api.send(&there).header("retry-after"), Some("3600"));
    api.platform.now.set(NOW + HOUR);
    assert_eq!(api.send(&there).status, 200);
    assert_eq!(api.sql("SELECT count(*) FROM login_failures").as_deref(), Some("1"));
}

#[test]
fn no_limit_counts_nothing() {
    let api = limits("0", "0");
    for _ in 0..150 {
        api.send(&wrong()).is(400, WRONG);
    }
    assert_eq!(api.send(&login("clock@x.io", "jakejake")).status, 200);
    assert_eq!(api.sql("SELECT count(*) FROM login_failures").as_deref(), Some("0"));
}

#[test]
fn emails_and_addresses_are_not_stored_in_the_clear() {
    let api = limits("10", "100");
    api.send(&from("192.0.2.1", "clock@x.io", "wrong password")).is(400, WRONG);
    let rows = api.sql("SELECT group_concat(account || client_ip) FROM login_failures").unwrap();
    assert_eq!(rows.len(), 22 + 1 + 22 + 22);
    assert!(rows.chars().all(|c| c.is_ascii_alphanumeric() || "-_,".contains(c)), "{rows}");
}

#[test]
fn a_deactivated_account_is_given_its_place_back_with_the_block_that_it_set() {
    let api = limits("3", "3");
    api.sql("UPDATE users SET is_active = 0");
    for _ in 0..2 {
        api.send(&wrong()).is(400, WRONG);
    }
    for _ in 0..5 {
        let right = api.send(&login("clock@x.io", "jakejake"));
        right.is(400, r#"{"errors":{"error":["This user has been deactivated."]}}"#);
    }
    api.send(&wrong()).is(400, WRONG);
    waits(&api, HOUR);
}

#[test]
fn a_place_is_not_given_back_to_those_who_have_none() {
    for (interference, left) in
        [("UPDATE login_failures SET count = 0", "0"), ("UPDATE login_failures SET expires_at = 5", "2")]
    {
        let api = limits("3", "0");
        api.sql("UPDATE users SET is_active = 0");
        api.send(&wrong()).is(400, WRONG);
        api.platform.db.before.borrow_mut().push(("UPDATE", interference));
        assert_eq!(api.send(&login("clock@x.io", "jakejake")).status, 400);
        assert_eq!(api.sql("SELECT count FROM login_failures").as_deref(), Some(left));
    }
}

#[test]
fn a_new_email_gives_no_new_guesses_of_the_current_password() {
    let api = limits("10", "100");
    let mut token = api::register(&api, "guessed");
    let mut statuses = Vec::new();
    for round in 0..20 {
        let email = format!(r#"{{"user":{{"email":"guessed{round}@x.io"}}}}"#);
        token = api.send(&Request::put(&email).token(&token)).token();
        for address in ["192.0.2.1", "192.0.2.2"] {
            let guess = r#"{"user":{"username":"x","current_password":"wrong password"}}"#;
            let guess = Request::put(guess).token(&token).header("CF-Connecting-IP", address);
            statuses.push(api.send(&guess).status);
        }
    }
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 20, "{statuses:?}");
    assert!(statuses[20..].iter().all(|status| *status == 429), "{statuses:?}");
    let right = Request::put(r#"{"user":{"username":"x","current_password":"jakejake"}}"#).token(&token);
    assert_eq!(api.send(&right.clone().header("CF-Connecting-IP", "192.0.2.1")).status, 429);
    // From elsewhere the right one passes, and clears the failures of there and of all.
    assert_eq!(api.send(&right.header("CF-Connecting-IP", "192.0.2.3")).status, 200);
}

#[test]
fn a_database_that_takes_no_writes_lets_no_guesses_through() {
    let mut api = limits("10", "100");
    // With no failures on record, as an attacker would choose; the right password would get in.
    api.platform.db.exec(
        "CREATE TRIGGER full BEFORE INSERT ON login_failures BEGIN SELECT raise(ABORT, 'database or disk is full'); END",
    );
    let guess =
        |api: &Native, password: &str, address: &str| api.send(&from(address, "clock@x.io", password));
    guess(&api, "wrong password", "192.0.2.1")
        .is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains("this isolate locks out that account and client IP for 60 seconds"), "{log:?}");
    assert!(log[0].contains("database or disk is full") && !log[0].contains("clock@x.io"), "{log:?}");
    let iterations = latchkey::auth::password::iterations_computed();
    for (seconds, wait) in [(0, "60"), (30, "30"), (59, "1")] {
        api.platform.now.set(NOW + seconds);
        for password in ["wrong password", "jakejake"] {
            let answer = guess(&api, password, "192.0.2.1");
            assert_eq!((answer.status, answer.header("retry-after")), (429, Some(wait)));
        }
    }
    assert_eq!(latchkey::auth::password::iterations_computed(), iterations);
    assert_eq!(guess(&api, "jakejake", "192.0.2.2").status, 200);
    api.platform.now.set(NOW + 60);
    assert_eq!(guess(&api, "jakejake", "192.0.2.1").status, 200);
    // Many addresses get no further.
    let tried =
        (1..=50).filter(|host| guess(&api, "wrong password", &format!("198.51.100.{host}")).status == 500);
    assert_eq!(tried.count(), 10);
    assert_eq!(guess(&api, "jakejake", "203.0.113.1").status, 429);
    // Where no limit counts, nothing is refused.
    let mut vars = api::django();
    vars.extend([("LOGIN_FAILURES_PER_ADDRESS", "0"), ("LOGIN_FAILURES_PER_ACCOUNT", "0")]);
    api.config = super::config(&vars);
    guess(&api, "wrong password", "192.0.2.1").is(400, WRONG);
}
