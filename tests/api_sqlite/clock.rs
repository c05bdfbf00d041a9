//! What time changes: limits of failed logins, what is purged, and a secret that is replaced.

use latchkey::jobs::purge;

use super::api::throttle::{WRONG, from};
use super::api::{self, Api as _, Request, SECRET, Vars, login};
use super::{NOW, Native};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn native(limits: [(&'static str, &'static str); 2]) -> Native {
    let mut vars = api::django();
    vars.extend(limits);
    let api = Native::new(vars);
    api::register(&api, "clock");
    api
}

fn limits(per_address: &'static str, per_account: &'static str) -> Native {
    native([("LOGIN_FAILURES_PER_ADDRESS", per_address), ("LOGIN_FAILURES_PER_ACCOUNT", per_account)])
}

fn wrong() -> Request {
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
fn the_purge_deletes_what_is_forgotten_and_nothing_else() {
    let api = limits("3", "3");
    let token = api::register(&api, "ended");
    let sid = latchkey::auth::token::verify(&api::keys(SECRET), &token, NOW).unwrap().session.sid;
    api.sql(&format!("INSERT INTO revoked_sessions VALUES (1, '{sid}', 99999999999)")); // a namesake
    let logout = |token: &str| api.send(&Request::new("POST", "/api/users/logout").token(token));
    assert_eq!(logout(&token).status, 204);
    for _ in 0..3 {
        api.send(&wrong()).is(400, WRONG);
    }
    let left = |seconds: i64| {
        pollster::block_on(purge::run(&api.platform.db, NOW + seconds)).unwrap();
        let count = |table: &str| {
            api.sql(&format!("SELECT count(*) FROM {table} WHERE expires_at < 99999999999")).unwrap()
        };
        (count("login_failures"), count("revoked_sessions"))
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
    let others = "SELECT (SELECT count(*) FROM users) || (SELECT count(*) FROM revoked_sessions)";
    assert_eq!(api.sql(others).as_deref(), Some("21"));
}

#[test]
fn an_ended_session_is_remembered_for_as_long_as_its_longest_token() {
    let api = limits("3", "3");
    let logout = |token: &str| {
        assert_eq!(api.send(&Request::new("POST", "/api/users/logout").token(token)).status, 204);
        api.sql("SELECT max(expires_at) FROM revoked_sessions").unwrap().parse::<i64>().unwrap() - NOW
    };
    let refresh = |token: &str| api.send(&Request::get("/api/user").token(token)).token();

    // An old token, while new ones are out there.
    let old = api::token(&api, 1);
    api.platform.now.set(NOW + 30);
    assert_eq!(logout(&old), 30 + 60 * DAY + HOUR);

    // A token that was made elsewhere to last longer, by itself or by what it was answered with.
    api.platform.now.set(NOW);
    for days in [1_000, 2_000] {
        let token = api::tokens::signed(&format!(r#"{{"id":1,"exp":{}}}"#, NOW + days * DAY));
        let token = if days == 1_000 { token } else { refresh(&refresh(&token)) };
        assert_eq!(logout(&token), days * DAY + HOUR);
    }
    let purged = NOW + 1_999 * DAY;
    pollster::block_on(purge::run(&api.platform.db, purged)).unwrap();
    api.platform.now.set(purged);
    let token = api::tokens::signed(&format!(r#"{{"id":1,"exp":{}}}"#, NOW + 2_000 * DAY));
    assert_eq!(api.send(&Request::get("/api/user").token(&token)).status, 401);
}

#[test]
fn a_lower_ttl_makes_no_ended_session_forgotten_too_soon() {
    let mut api = limits("3", "3");
    let old = api.send(&login("clock@x.io", "jakejake")).token();
    let mut vars = api::django();
    vars.insert("TOKEN_TTL_DAYS", "1");
    api.config = super::config(&vars);
    let fresh = api.send(&Request::get("/api/user").token(&old)).token();
    assert_eq!(api.send(&Request::new("POST", "/api/users/logout").token(&fresh)).status, 204);
    api.platform.now.set(NOW + 59 * DAY);
    pollster::block_on(purge::run(&api.platform.db, NOW + 59 * DAY)).unwrap();
    assert_eq!(api.send(&Request::get("/api/user").token(&old)).status, 401);
}

#[test]
fn a_purge_is_done_in_batches_and_leaves_the_rest_for_the_next() {
    let api = limits("3", "3");
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 100000)";
    api.sql(&format!("{rows} INSERT INTO login_failures SELECT i, '', 1, 0, 5 FROM n"));
    api.sql(&format!("{rows} INSERT INTO revoked_sessions SELECT i, 'sid', 5 FROM n"));
    let statements = || api.platform.db.statements.borrow().len();
    let left = || {
        let count =
            "SELECT (SELECT count(*) FROM login_failures) || ' ' || (SELECT count(*) FROM revoked_sessions)";
        api.sql(count).unwrap()
    };
    for (cost, expected) in [(201, "1 1"), (5, "0 0"), (3, "0 0")] {
        let before = statements();
        pollster::block_on(purge::run(&api.platform.db, NOW)).unwrap();
        assert_eq!((statements() - before, left().as_str()), (cost, expected));
    }
}

#[test]
fn a_purge_of_one_kind_that_fails_does_not_keep_the_other_from_its_own() {
    let api = limits("3", "3");
    api.sql("INSERT INTO login_failures VALUES ('x', '', 1, 0, 5)");
    for table in ["revoked_sessions", "registrations"] {
        api.sql(&format!("ALTER TABLE {table} RENAME TO renamed"));
        assert!(pollster::block_on(purge::run(&api.platform.db, NOW)).is_err(), "{table}");
        assert_eq!(api.sql("SELECT count(*) FROM login_failures").as_deref(), Some("0"));
        api.sql(&format!("ALTER TABLE renamed RENAME TO {table}"));
    }
}

#[test]
fn a_secret_is_replaced_without_logging_anyone_out() {
    const NEW: &str = "the next secret, and that has 32 bytes too";
    fn with(secret: &'static str, previous: Option<&'static str>) -> Vars<'static> {
        let mut vars = api::django();
        vars.insert("JWT_SECRET", secret);
        vars.extend(previous.map(|previous| ("JWT_SECRET_PREVIOUS", previous)));
        vars
    }
    // In the order of docs/operating.md: first everyone learns the new one, then all sign with it.
    let steps = [with(SECRET, None), with(SECRET, Some(NEW)), with(NEW, Some(SECRET)), with(NEW, None)];
    let mut api = Native::new(api::django());
    let mut token = api::register(&api, "rotate");
    let mut get = |vars: &Vars, token: &str| {
        api.config = super::config(vars);
        api.send(&Request::get("/api/user").token(token))
    };
    for [before, after] in [[&steps[0], &steps[1]], [&steps[1], &steps[2]], [&steps[2], &steps[3]]] {
        // Until a change has reached every Worker, some have it and some don't.
        for order in [[before, after], [after, before], [before, after]] {
            for vars in order {
                let answer = get(vars, &token);
                assert_eq!(answer.status, 200, "{}", answer.body);
                token = answer.token();
            }
        }
    }
    // Who did not come by in the meantime logs in again.
    let of_old = api::mint(SECRET, 1, 0, NOW);
    assert_eq!(get(&steps[2], &of_old).status, 200);
    assert_eq!(get(&steps[3], &of_old).status, 401);
}

#[test]
fn the_coarse_limit_is_asked_first_and_by_client() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(2);
    let throttled = r#"{"user":{"detail":"Request was throttled. Expected available in 60 seconds."}}"#;
    for path in ["/api/users", "/api/users/login/"] {
        let call = |address: &str| Request::post(path, "{").header("CF-Connecting-IP", address);
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
    assert_eq!(api.send(&Request::post("/api/users", "{")).status, 400);
    for path in ["/api/user", "/api/users/logout", "/api/nothing"] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            api.send(&Request::new(method, path));
        }
    }
    for path in ["/api/users", "/api/users/login"] {
        for method in ["GET", "PUT", "OPTIONS"] {
            api.send(&Request::new(method, path));
        }
    }
    let [a, b, c] = ["192.0.2.1", "192.0.2.2", "2001:db8::/64"].map(|key| format!("LIMITER {key}"));
    let network = "NETWORK_LIMITER 2001:db8::/48";
    let expected = [&*a, &a, &a, &c, network, &b, &b, &b, &c, network, "LIMITER unknown"];
    assert_eq!(*api.platform.limited.borrow(), expected);
}

#[test]
fn a_48_of_ipv6_is_limited_as_a_whole() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(5);
    let call = |address: &str| Request::post("/api/users/login", "{}").header("CF-Connecting-IP", address);
    let statuses = (0..8).map(|subnet| api.send(&call(&format!("2001:db8:0:{subnet:x}::1"))).status);
    assert_eq!(statuses.collect::<Vec<_>>(), [400, 400, 400, 400, 400, 429, 429, 429]);
    assert_eq!(api.send(&call("2001:db8:1::1")).status, 400);
    // The /24 of IPv4 addresses is not: it may be many sites.
    assert!((0..8).all(|host| api.send(&call(&format!("192.0.2.{host}"))).status == 400));
}

#[test]
fn updates_that_cost_a_hash_or_tell_of_emails_are_limited_by_user_and_by_address() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(1_000);
    let [one, two] = ["limited1", "limited2"].map(|name| api::register(&api, name));
    api.platform.rate_limit.set(3);
    api.platform.limited.borrow_mut().clear();
    let put = |token: &str, user: &str, address: &str| {
        let call = Request::put(&format!(r#"{{"user":{user}}}"#)).token(token);
        api.send(&call.header("CF-Connecting-IP", address)).status
    };
    // Nothing else is counted, one's own email neither, and what is wrong with the fields comes first.
    for _ in 0..10 {
        assert_eq!(put(&one, r#"{"bio":"x","username":"limited1"}"#, "192.0.2.1"), 200);
        assert_eq!(put(&one, r#"{"email":"limited1@x.io"}"#, "192.0.2.1"), 200);
        assert_eq!(put(&one, "{}", "192.0.2.1"), 200);
        assert_eq!(put(&one, r#"{"password":"short"}"#, "192.0.2.1"), 400);
    }
    assert!(api.platform.limited.borrow().is_empty());
    let iterations = latchkey::auth::password::iterations_computed();
    for user in [r#"{"email":"limited2@x.io","password":"jakejake"}"#, r#"{"email":"limited2@x.io"}"#] {
        for (index, status) in [400, 400, 400, 429, 429].into_iter().enumerate() {
            let address = format!("192.0.2.1{index}");
            assert_eq!(put(&one, user, &address), status);
        }
        api.platform.limited.borrow_mut().clear();
    }
    assert_eq!(latchkey::auth::password::iterations_computed(), iterations);
    // By address, whoever sends them from there; and a current password costs a hash as well.
    let proven = r#"{"username":"limited3","current_password":"wrong password"}"#;
    for (token, status) in [(&one, 400), (&two, 400), (&two, 400), (&one, 429), (&two, 429)] {
        assert_eq!(put(token, proven, "192.0.2.20"), status);
    }
    api.platform.limited.borrow_mut().clear();
    // A thief at one address does not keep the user at another one from a new password.
    api.platform.rate_limit.set(20);
    for _ in 0..30 {
        put(&one, r#"{"email":"limited2@x.io"}"#, "192.0.2.30");
    }
    assert_eq!(put(&one, r#"{"password":"jakejake"}"#, "192.0.2.31"), 429, "20 of one user in all");
    api.platform.limited.borrow_mut().retain(|key| !key.starts_with("LIMITER user"));
    assert_eq!(put(&one, r#"{"password":"jakejake"}"#, "192.0.2.31"), 200);
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

#[test]
fn the_time_is_read_when_it_is_used() {
    // 20 guesses whose bodies are held back for a quarter of an hour: the block is as long as any other.
    let api = limits("3", "0");
    let held = |seconds| Request { body_takes: seconds, ..wrong() };
    for _ in 0..3 {
        api.platform.now.set(NOW);
        assert_eq!(api.send(&held(14 * MINUTE)).status, 400);
    }
    waits(&api, 15 * MINUTE);
}
