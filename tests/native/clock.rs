//! What time changes: limits of failed logins, what is purged, and a secret that is replaced.

use latchkey::purge;

use super::suite::throttle::{WRONG, from};
use super::suite::{self, Api as _, Call, SECRET, Vars, login};
use super::{NOW, Native};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn native(limits: [(&'static str, &'static str); 2]) -> Native {
    let mut vars = suite::django();
    vars.extend(limits);
    let api = Native::new(vars);
    suite::register(&api, "clock");
    api
}

fn limits(per_address: &'static str, per_account: &'static str) -> Native {
    native([("LOGIN_FAILURES_PER_ADDRESS", per_address), ("LOGIN_FAILURES_PER_ACCOUNT", per_account)])
}

fn wrong() -> Call {
    login("clock@x.io", "wrong password")
}

/// Asserts how long the next login has to wait, whatever its password.
#[track_caller]
fn waits(api: &Native, seconds: i64) {
    for call in [wrong(), login("clock@x.io", "jakejake")] {
        let answer = api.send(&call);
        assert_eq!(answer.status, 429, "{}", answer.body);
        assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()));
    }
}

#[test]
fn a_window_begins_with_its_first_failure_and_lasts_15_minutes() {
    let api = limits("3", "0");
    let at = |seconds: i64| api.platform.now.set(NOW + seconds);
    for seconds in [0, 5 * MINUTE, 10 * MINUTE] {
        at(seconds);
        api.send(&wrong()).is(400, WRONG);
    }
    waits(&api, 5 * MINUTE);
    at(15 * MINUTE - 1);
    waits(&api, 1);
    at(15 * MINUTE);
    for _ in 0..3 {
        api.send(&wrong()).is(400, WRONG);
    }
    waits(&api, 15 * MINUTE);
    at(30 * MINUTE);
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
    let rows = api.sql("SELECT group_concat(account || address) FROM login_failures").unwrap();
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
fn the_purge_deletes_what_is_forgotten_and_nothing_else() {
    let api = limits("3", "3");
    let token = suite::register(&api, "ended");
    let logout = |token: &str| api.send(&Call::new("POST", "/api/users/logout").token(token));
    assert_eq!(logout(&token).status, 204);
    for _ in 0..3 {
        api.send(&wrong()).is(400, WRONG);
    }
    let left = |seconds: i64| {
        pollster::block_on(purge::run(&api.platform.db, NOW + seconds)).unwrap();
        let count = |table: &str| api.sql(&format!("SELECT count(*) FROM {table}")).unwrap();
        (count("login_failures"), count("ended_sessions"))
    };
    let rows = |failures: &str, sessions: &str| (failures.to_owned(), sessions.to_owned());
    assert_eq!(left(15 * MINUTE - 1), rows("2", "1"));
    assert_eq!(left(15 * MINUTE), rows("1", "1"));
    waits(&api, HOUR);
    assert_eq!(left(3 * DAY - 1), rows("1", "1"));
    assert_eq!(left(3 * DAY), rows("0", "1"));
    // No token of the session is good any more by then, not even one of a request that was under way.
    assert_eq!(left(60 * DAY + HOUR - 1), rows("0", "1"));
    assert_eq!(left(60 * DAY + HOUR), rows("0", "0"));
    assert_eq!(api.sql("SELECT count(*) FROM users").as_deref(), Some("2"));
}

#[test]
fn an_ended_session_is_kept_for_as_long_as_its_longest_token() {
    let api = limits("3", "3");
    let claims = format!(r#"{{"id":1,"exp":{}}}"#, NOW + 1_000 * DAY);
    let token = suite::tokens::signed(&claims);
    assert_eq!(api.send(&Call::new("POST", "/api/users/logout").token(&token)).status, 204);
    let expiry = api.sql("SELECT expires_at FROM ended_sessions");
    assert_eq!(expiry, Some((NOW + 1_000 * DAY + HOUR).to_string()));
}

#[test]
fn a_purge_is_done_in_batches_of_a_thousand() {
    let api = limits("3", "3");
    api.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
         INSERT INTO login_failures SELECT i, '', 1, 0, 5 FROM n",
    );
    let before = api.platform.db.statements.borrow().len();
    pollster::block_on(purge::run(&api.platform.db, NOW)).unwrap();
    assert_eq!(api.sql("SELECT count(*) FROM login_failures").as_deref(), Some("0"));
    assert_eq!(api.platform.db.statements.borrow().len() - before, 1 + 4);
}

#[test]
fn a_secret_is_replaced_without_logging_anyone_out() {
    const NEW: &str = "the next secret, and that has 32 bytes too";
    fn with(secret: &'static str, previous: Option<&'static str>) -> Vars<'static> {
        let mut vars = suite::django();
        vars.insert("JWT_SECRET", secret);
        vars.extend(previous.map(|previous| ("JWT_SECRET_PREVIOUS", previous)));
        vars
    }
    let mut api = Native::new(suite::django());
    let old = suite::register(&api, "rotate");
    let get = |api: &Native, token: &str| api.send(&Call::get("/api/user").token(token));
    // In the order that the README tells.
    api.config = super::config(&with(SECRET, Some(SECRET)));
    assert_eq!(get(&api, &old).status, 200);
    api.config = super::config(&with(NEW, Some(SECRET)));
    let fresh = get(&api, &old).token();
    assert_eq!(get(&api, &old).status, 200);
    api.config = super::config(&with(NEW, None));
    assert_eq!(get(&api, &fresh).status, 200);
    assert_eq!(get(&api, &old).status, 401);
}

#[test]
fn the_coarse_limit_is_asked_first_and_by_client() {
    let mut vars = suite::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(2);
    let throttled = r#"{"user":{"detail":"Request was throttled. Expected available in 60 seconds."}}"#;
    for path in ["/api/users", "/api/users/login/"] {
        let call = |address: &str| Call::post(path, "{").header("CF-Connecting-IP", address);
        let address = if path == "/api/users" { "192.0.2.1" } else { "192.0.2.2" };
        for _ in 0..2 {
            assert_eq!(api.send(&call(address)).status, 400);
        }
        let answer = api.send(&call(address));
        answer.is(429, throttled);
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert_eq!(api.send(&call("2001:db8::1")).status, 400);
    }
    // All that have no address share one count; nothing else is counted.
    assert_eq!(api.send(&Call::post("/api/users", "{")).status, 400);
    for path in ["/api/user", "/api/users", "/api/users/logout", "/api/nothing"] {
        for method in ["GET", "OPTIONS", "DELETE"] {
            assert_ne!(api.send(&Call::new(method, path)).status, 429);
        }
    }
    let limited = api.platform.limited.borrow().join(" ");
    assert_eq!(
        limited,
        "192.0.2.1 192.0.2.1 192.0.2.1 2001:db8::/64 192.0.2.2 192.0.2.2 192.0.2.2 2001:db8::/64 unknown"
    );
}
