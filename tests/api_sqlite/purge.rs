//! The purge: rows that are forgotten, and rows that are not.

use latchkey::jobs::purge;

use super::api::login_failures::WRONG;
use super::api::{self, Api as _, Request, SECRET, login};
use super::lockout::{DAY, HOUR, MINUTE, limits, waits, wrong};
use super::{EVENTS, NOW, Native};

#[test]
fn the_purge_deletes_what_is_forgotten_and_nothing_else() {
    let api = limits("3", "3");
    let token = api::register(&api, "ended");
    let sid = latchkey::auth::token::verify(&api::keys(SECRET), &token, NOW).unwrap().session.sid;
    api.sql("DELETE FROM sessions");
    api.sql(&format!(
        "INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
         VALUES (1, '{sid}', 0, '[]', 0, 5, 5, 99999999999, 5)" // a namesake, which the purge looks at now
    ));
    let logout = |token: &str| api.send(&Request::new("POST", "/api/users/logout").token(token));
    assert_eq!(logout(&token).status, 204);
    for _ in 0..3 {
        api.send(&wrong()).is(400, WRONG);
    }
    let left = |seconds: i64| {
        pollster::block_on(purge::run(&api.platform.db, EVENTS, NOW + seconds)).unwrap();
        let count = |table: &str| {
            api.sql(&format!("SELECT count(*) FROM {table} WHERE expires_at < 99999999999")).unwrap()
        };
        (count("login_failures"), count("sessions"))
    };
    let rows = |failures: &str, sessions: &str| (failures.to_owned(), sessions.to_owned());
    assert_eq!(left(15 * MINUTE - 1), rows("2", "1"));
    assert_eq!(left(15 * MINUTE), rows("1", "1"));
    waits(&api, HOUR);
    assert_eq!(left(3 * DAY - 1), rows("1", "1"));
    assert_eq!(left(3 * DAY), rows("0", "1"));
    // No token of the session is good any more by then, not even one of a request that was under way.
    assert_eq!(left(61 * DAY - 1), rows("0", "1"));
    assert_eq!(left(61 * DAY), rows("0", "0"));
    let others = "SELECT (SELECT count(*) FROM users) || ' ' || count(*) || ' ' || (purge_at - expires_at) FROM sessions";
    assert_eq!(api.sql(others), Some(format!("2 1 {DAY}")));
}

#[test]
fn an_ended_session_is_remembered_for_as_long_as_its_longest_token() {
    let api = limits("3", "3");
    let logout = |token: &str| {
        assert_eq!(api.send(&Request::new("POST", "/api/users/logout").token(token)).status, 204);
        api.sql("SELECT max(expires_at) FROM sessions WHERE ended_at > 0").unwrap().parse::<i64>().unwrap()
            - NOW
    };
    let refresh = |token: &str| api.send(&Request::get("/api/user").token(token)).token();

    // An old token, while new ones are out there.
    let old = api::token(&api, 1);
    api.platform.now.set(NOW + 30);
    assert_eq!(logout(&old), 30 + 60 * DAY);

    // A token that was made elsewhere to last longer, by itself or by what it was answered with.
    api.platform.now.set(NOW);
    for days in [1_000, 2_000] {
        let token = api::tokens::signed(&format!(r#"{{"id":1,"exp":{}}}"#, NOW + days * DAY));
        let token = if days == 1_000 { token } else { refresh(&refresh(&token)) };
        assert_eq!(logout(&token), days * DAY);
    }
    let purged = NOW + 1_999 * DAY;
    pollster::block_on(purge::run(&api.platform.db, EVENTS, purged)).unwrap();
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
    pollster::block_on(purge::run(&api.platform.db, EVENTS, NOW + 59 * DAY)).unwrap();
    assert_eq!(api.send(&Request::get("/api/user").token(&old)).status, 401);
}

#[test]
fn a_purge_is_done_in_batches_and_leaves_the_rest_for_the_next() {
    let api = limits("3", "3");
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 100000)";
    api.sql(&format!("{rows} INSERT INTO login_failures SELECT i, '', 1, 0, 5 FROM n"));
    api.sql("DELETE FROM sessions");
    api.sql(&format!(
        "{rows} INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
         SELECT i, 'sid', 0, '[]', 0, 5, 5, 5, 5 FROM n"
    ));
    let statements = || api.platform.db.statements.borrow().len();
    let left = || {
        let count = "SELECT (SELECT count(*) FROM login_failures) || ' ' || (SELECT count(*) FROM sessions)";
        api.sql(count).unwrap()
    };
    for (cost, expected) in [(306, "1 1"), (12, "0 0"), (9, "0 0")] {
        let before = statements();
        pollster::block_on(purge::run(&api.platform.db, EVENTS, NOW)).unwrap();
        assert_eq!((statements() - before, left().as_str()), (cost, expected));
    }
}

#[test]
fn a_purge_of_one_kind_that_fails_does_not_keep_the_other_from_its_own() {
    let api = limits("3", "3");
    api.sql("INSERT INTO login_failures VALUES ('x', '', 1, 0, 5)");
    for table in ["sessions", "registrations"] {
        api.sql(&format!("ALTER TABLE {table} RENAME TO renamed"));
        assert!(pollster::block_on(purge::run(&api.platform.db, EVENTS, NOW)).is_err(), "{table}");
        assert_eq!(api.sql("SELECT count(*) FROM login_failures").as_deref(), Some("0"));
        api.sql(&format!("ALTER TABLE renamed RENAME TO {table}"));
    }
}

#[test]
fn old_events_are_purged() {
    let api = Native::new(crate::api::factor::with_everything());
    api.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
         INSERT INTO events (at, type, user_id) SELECT 1000 + i, 'user.registered', i FROM n",
    );
    let left = || api.sql("SELECT count(*) || ' ' || min(id) FROM events").unwrap();
    let run = |now: i64| pollster::block_on(purge::run(&api.platform.db, EVENTS, now)).unwrap();
    run(1_000 + EVENTS);
    assert_eq!(left(), "2500 1");
    run(1_001 + EVENTS);
    assert_eq!(left(), "2499 2");
    run(3_400 + EVENTS);
    assert_eq!(left(), "100 2401");
}
