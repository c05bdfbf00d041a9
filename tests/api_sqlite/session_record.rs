//! Records of sessions: what is written, when, and what happens between a response and its record.

use latchkey::api::deferred::Deferred;
use latchkey::jobs::purge;
use latchkey::store::{Db as _, sessions};

use super::api::{self, Api as _, Request, SECRET};
use super::{EVENTS, NOW, Native, host};

const DAY: i64 = 86_400;

/// The API with a user, a token of a session that is recorded, and one that is not.
fn native() -> (Native, String, String) {
    let api = Native::new(api::django());
    let recorded = api::register(&api, "race");
    let unrecorded = api::token(&api, 1);
    (api, recorded, unrecorded)
}

fn get(token: &str) -> Request {
    Request::get("/api/user").token(token)
}

/// Number of rows that the work after a response writes.
fn written(api: &Native, deferred: Deferred) -> u64 {
    let before = api.platform.db.rows_written();
    api.run(deferred);
    api.platform.db.rows_written() - before
}

/// The sids of the sessions that have a row, and have not ended by themselves.
fn open(api: &Native) -> Option<String> {
    api.sql("SELECT group_concat(sid) FROM sessions WHERE ended_at IS NULL")
}

fn sid(token: &str) -> String {
    latchkey::auth::token::verify(&api::keys(SECRET), token, NOW).unwrap().session.sid
}

fn status(api: &Native, call: Request) -> u16 {
    api.send(&call).status
}

#[test]
fn a_login_is_recorded_after_its_response_with_one_statement() {
    let (api, ..) = native();
    let user = r#"{"user":{"username":"new","email":"new@x.io","password":"jakejake"}}"#;
    for call in [api::login("race@x.io", "jakejake"), Request::post("/api/users", user)] {
        let before = open(&api);
        let (_, deferred) = api.handle(&call);
        assert_eq!(open(&api), before);
        let calls = api.platform.db.calls.get();
        assert_eq!(written(&api, deferred), 1);
        assert_eq!(api.platform.db.calls.get() - calls, 1);
    }
    assert_eq!(api.sql("SELECT count(*) FROM sessions").as_deref(), Some("3"));
}

#[test]
fn a_place_controls_no_text_and_has_a_length() {
    for (sent, recorded) in [
        ("K\u{f6}ln, DE", Some("K\u{f6}ln, DE".to_owned())),
        ("a\0\u{1b}[2J\u{202e}\u{2028}\u{9b}b'\"<", Some("a[2Jb'\"<".to_owned())),
        ("\n\u{2066}", None),
        (&"\u{f6}".repeat(65), Some("\u{f6}".repeat(64))),
    ] {
        let (api, _, unrecorded) = native();
        api.send(&get(&unrecorded).header("Place", sent));
        assert_eq!(api.sql("SELECT place FROM sessions WHERE sid = 'sid'"), recorded, "{sent:?}");
    }
}

#[test]
fn a_session_in_use_is_written_once_a_day() {
    let (api, token, _) = native();
    let deferred = |seconds: i64| {
        api.platform.now.set(NOW + seconds);
        api.handle(&get(&token)).1
    };
    for seconds in [0, 1, DAY - 1] {
        assert!(deferred(seconds).is_empty(), "{seconds}");
    }
    // Many requests find it a day old, and one of them writes.
    let found: Vec<_> = (0..20).map(|_| deferred(DAY)).collect();
    assert_eq!(found.into_iter().map(|deferred| written(&api, deferred)).sum::<u64>(), 1);
    assert!(deferred(2 * DAY - 1).is_empty());
    assert_eq!(written(&api, deferred(2 * DAY)), 1);
    let times = "SELECT created_at || ' ' || seen_at || ' ' || expires_at FROM sessions";
    assert_eq!(api.sql(times), Some(format!("{NOW} {} {}", NOW + 2 * DAY, NOW + 62 * DAY)));
}

#[test]
fn two_first_requests_of_a_session_without_a_row_write_it_once() {
    let (api, _, unrecorded) = native();
    let [first, second] = [&unrecorded; 2].map(|token| api.handle(&get(token)).1);
    assert_eq!((written(&api, first), written(&api, second)), (1, 0));
    assert!(open(&api).unwrap().contains("sid"));
}

#[test]
fn what_ends_a_session_before_it_is_recorded_ends_it_for_good() {
    let logout = |scope: &str| format!("/api/users/logout{scope}");
    for (end, rows) in [
        (Request::new("POST", &logout("")), "1"), // its own, as ended
        (Request::new("POST", &logout("?scope=all")), "0"),
        (Request::new("DELETE", "/api/user"), "0"),
        (Request::new("DELETE", "/api/user/sessions/{own}"), "1"),
    ] {
        let (api, ..) = native();
        api.sql("DELETE FROM sessions");
        let (answer, deferred) = api.handle(&api::login("race@x.io", "jakejake"));
        let token = answer.token();
        let end = Request { path: end.path.replace("{own}", &sid(&token)), ..end };
        assert_eq!(status(&api, end.clone().token(&token)), 204, "{end:?}");
        assert_eq!(written(&api, deferred), 0, "{end:?}");
        assert_eq!(open(&api), None, "{end:?}");
        assert_eq!(api.sql("SELECT count(*) FROM sessions").as_deref(), Some(rows), "{end:?}");
        assert_eq!(status(&api, get(&token)), 401, "{end:?}");
    }
}

#[test]
fn a_record_writes_nothing_of_a_session_that_others_ended_meanwhile() {
    for interference in [
        "UPDATE users SET is_active = 0",
        "DELETE FROM users",
        "UPDATE users SET token_version = token_version + 1",
        "UPDATE users SET token_version = token_version + 1, surviving_sid = 'another'",
    ] {
        for is_new in [true, false] {
            let (api, _, token) = native();
            if !is_new {
                api.send(&get(&token));
                api.platform.now.set(NOW + DAY);
            }
            let token = if is_new { token } else { api::token(&api, 1) };
            let (answer, deferred) = api.handle(&get(&token));
            assert_eq!((answer.status, deferred.is_empty()), (200, false));
            api.sql(interference);
            assert_eq!(written(&api, deferred), 0, "{interference}");
        }
    }
}

#[test]
fn a_session_that_is_ended_while_its_day_is_recorded_stays_ended() {
    let (api, mine, other) = native();
    api.send(&get(&other));
    api.platform.now.set(NOW + DAY);
    let other = api::token(&api, 1);
    let (_, deferred) = api.handle(&get(&other));
    assert_eq!(status(&api, Request::new("DELETE", "/api/user/sessions/sid").token(&mine)), 204);
    assert_eq!(written(&api, deferred), 0);
    assert_eq!(status(&api, get(&other)), 401);
}

#[test]
fn a_replica_that_lags_makes_no_session_good_again_and_writes_nothing_twice() {
    let (api, token, _) = native();
    let other = api::token(&api, 1);
    api.platform.replica.replace(Some(api.platform.db.copy()));
    api.send(&get(&other)); // of which the replica has no row
    let (answer, deferred) = api.handle(&get(&other));
    assert_eq!((answer.status, deferred.is_empty()), (200, false));
    assert_eq!(written(&api, deferred), 0);
    // It still takes the session for a good one.
    assert_eq!(status(&api, Request::new("DELETE", "/api/user/sessions/sid").token(&token)), 204);
    let (answer, deferred) = api.handle(&get(&other));
    assert_eq!((answer.status, written(&api, deferred)), (200, 0));
    // The list, and the end of a session, ask the primary.
    for call in [
        Request::get("/api/user/sessions"),
        Request::new("DELETE", &format!("/api/user/sessions/{}", sid(&token))),
    ] {
        assert_eq!(status(&api, call.token(&other)), 401);
    }
    let listed = api.send(&Request::get("/api/user/sessions").token(&token));
    assert_eq!(listed.body.matches(r#""current""#).count(), 1, "{}", listed.body);
}

#[test]
fn the_end_of_a_session_is_one_statement_that_checks_both() {
    for interference in [
        "UPDATE users SET is_active = 0",
        "UPDATE users SET token_version = token_version + 1",
        "DELETE FROM users",
    ] {
        let (api, _, mine) = native();
        let other = sid(&api.send(&api::login("race@x.io", "jakejake")).token());
        let call = Request::new("DELETE", &format!("/api/user/sessions/{other}")).token(&mine);
        api.platform.db.before.borrow_mut().push(("UPDATE sessions SET ended_at", interference));
        assert_eq!(status(&api, call), 401, "{interference}");
        let row = format!("SELECT ended_at FROM sessions WHERE sid = '{other}'");
        assert_eq!(api.sql(&row), None, "{interference}");
    }
    let (api, _, mine) = native();
    let other = sid(&api.send(&api::login("race@x.io", "jakejake")).token());
    let calls = api.platform.db.calls.get();
    let end = Request::new("DELETE", &format!("/api/user/sessions/{other}")).token(&mine);
    let (answer, _) = api.handle(&end);
    assert_eq!((answer.status, api.platform.db.calls.get() - calls), (204, 1));
}

#[test]
fn a_request_that_sets_a_new_password_records_its_session_too() {
    for is_new in [true, false] {
        let (api, ..) = native();
        if !is_new {
            api.send(&get(&api::token(&api, 1)));
            api.platform.now.set(NOW + DAY);
        }
        let change = Request::put(r#"{"user":{"password":"another password"}}"#).token(&api::token(&api, 1));
        let (answer, deferred) = api.handle(&change);
        assert_eq!((answer.status, written(&api, deferred)), (200, 1), "{is_new}");
        let row = "SELECT seen_at FROM sessions WHERE sid = 'sid' AND ended_at IS NULL";
        assert_eq!(api.sql(row), Some(api.now().to_string()), "{is_new}");
    }
}

/// Where two tokens of a session are in use, one with a newer proof.
#[test]
fn an_older_proof_takes_no_newer_one_back() {
    let (api, _, unproved) = native();
    let proof = Request::post("/api/user/reauthenticate", r#"{"user":{"password":"jakejake"}}"#);
    assert_eq!(status(&api, proof.token(&unproved)), 200);
    api.platform.now.set(NOW + DAY);
    api.send(&get(&api::token(&api, 1)));
    let row = "SELECT methods || auth_time || ' ' || seen_at FROM sessions WHERE sid = 'sid'";
    assert_eq!(api.sql(row), Some(format!(r#"["pwd"]{NOW} {}"#, NOW + DAY)));
}

#[test]
fn a_token_that_a_new_password_was_set_with_ends_no_other_session() {
    let (api, old, _) = native();
    assert_eq!(status(&api, Request::put(r#"{"user":{"password":"another password"}}"#).token(&old)), 200);
    let other = sid(&api.send(&api::login("race@x.io", "another password")).token());
    assert_eq!(status(&api, get(&old)), 200, "for some seconds");
    let end = |sid: &str| Request::new("DELETE", &format!("/api/user/sessions/{sid}")).token(&old);
    assert_eq!(status(&api, end(&other)), 401);
    assert!(open(&api).unwrap().contains(&other));
    assert_eq!(status(&api, end(&sid(&old))), 204, "as a logout");
}

#[test]
fn a_logout_remembers_the_session_from_then_on() {
    let (api, token, _) = native();
    api.platform.now.set(NOW + DAY - 1);
    assert_eq!(status(&api, Request::new("POST", "/api/users/logout").token(&token)), 204);
    let expiry = NOW + DAY - 1 + 60 * DAY;
    assert_eq!(api.sql("SELECT expires_at FROM sessions"), Some(expiry.to_string()));
}

#[test]
fn a_purge_in_small_steps_deletes_no_session_too_soon() {
    let (api, ..) = native();
    api.sql("DELETE FROM sessions");
    for (sid, expires_at, purge_at) in
        [("live", NOW + 5, 1), ("day", NOW - DAY + 1, 2), ("old", NOW - DAY, 3)]
    {
        api.sql(&format!(
            "INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
             VALUES (1, '{sid}', 0, '[]', 0, 5, 5, {expires_at}, {purge_at})"
        ));
    }
    let mut left = Vec::new();
    let purge = |sql| pollster::block_on(api.platform.first(sql, &[NOW.into(), 1.into()])).unwrap().is_some();
    while sessions::PURGE.map(purge).contains(&true) {
        left.push(open(&api).unwrap());
    }
    assert_eq!(left, ["day,live,old", "day,live"]);
}

/// The ended session is remembered until its tokens have expired, those too that were issued after its last record, and
/// a day longer.
#[test]
fn an_ended_session_is_remembered_for_as_long_as_its_last_token() {
    let (api, mine, other) = native();
    api.send(&get(&other));
    api.platform.now.set(NOW + DAY - 1);
    let last = api::token(&api, 1); // of the same session, a day after its record
    let last = api.send(&get(&last)).token();
    assert_eq!(status(&api, Request::new("DELETE", "/api/user/sessions/sid").token(&mine)), 204);
    let expiry = NOW + DAY - 1 + 60 * DAY;
    assert_eq!(api.sql("SELECT expires_at FROM sessions WHERE sid = 'sid'"), Some(expiry.to_string()));
    for now in [expiry - 1, expiry + DAY - 1] {
        api.platform.now.set(now);
        pollster::block_on(purge::run(&api.platform, EVENTS, now)).unwrap();
        assert_eq!(status(&api, get(&last)), 401);
        assert_eq!(api.sql("SELECT sid FROM sessions WHERE sid = 'sid'").as_deref(), Some("sid"));
    }
    pollster::block_on(purge::run(&api.platform, EVENTS, expiry + DAY)).unwrap();
    assert_eq!(api.sql("SELECT sid FROM sessions WHERE sid = 'sid'"), None);
}

/// A token that was issued while `TOKEN_TTL_DAYS` was higher, in the day after the last record, is remembered too.
#[test]
fn an_ended_session_is_remembered_whatever_the_validity_was_meanwhile() {
    let with_ttl = |days| api::django().into_iter().chain([("TOKEN_TTL_DAYS", days)]).collect();
    let mut api = Native::new(with_ttl("1"));
    let token = api::register(&api, "raised");
    api.config = host::config(&with_ttl("20"));
    let (answer, deferred) = api.handle(&get(&token));
    assert_eq!(written(&api, deferred), 1);
    let (again, deferred) = api.handle(&get(&answer.token()));
    assert!(deferred.is_empty());
    api.config = host::config(&with_ttl("1"));
    assert_eq!(status(&api, Request::new("POST", "/api/users/logout").token(&token)), 204);
    let now = NOW + 20 * DAY - 1;
    api.platform.now.set(now);
    pollster::block_on(purge::run(&api.platform, EVENTS, now)).unwrap();
    assert_eq!(status(&api, get(&again.token())), 401);
}

/// Where `SESSION_MAX_DAYS` makes a session active by its last proof only.
#[test]
fn the_record_of_a_proof_that_was_lost_is_made_up_for_by_the_next_request() {
    let api = Native::new(api::django().into_iter().chain([("SESSION_MAX_DAYS", "2")]).collect());
    let token = api::register(&api, "proof");
    let proof = Request::post("/api/user/reauthenticate", r#"{"user":{"password":"jakejake"}}"#);
    api.platform.now.set(NOW + 2 * DAY - 1);
    api.send(&get(&token));
    let (answer, _) = api.handle(&proof.token(&token));
    api.platform.now.set(NOW + 2 * DAY + 1);
    let mine = api.send(&api::login("proof@x.io", "jakejake")).token();
    assert_eq!(status(&api, get(&answer.token())), 200);
    let end = Request::new("DELETE", &format!("/api/user/sessions/{}", sid(&token)));
    assert_eq!(status(&api, end.token(&mine)), 204);
    assert_eq!(status(&api, get(&answer.token())), 401);
}

#[test]
fn a_session_that_is_used_is_not_purged_however_old_it_is() {
    let (api, mut token, _) = native();
    for days in 1..=200 {
        let now = NOW + days * DAY;
        api.platform.now.set(now);
        token = api.send(&get(&token)).token();
        pollster::block_on(purge::run(&api.platform, EVENTS, now)).unwrap();
    }
    assert_eq!(api.sql("SELECT created_at FROM sessions"), Some(NOW.to_string()));
    let idle = NOW + 200 * DAY + 61 * DAY;
    pollster::block_on(purge::run(&api.platform, EVENTS, idle - 1)).unwrap();
    assert_eq!(open(&api), Some(sid(&token)));
    pollster::block_on(purge::run(&api.platform, EVENTS, idle)).unwrap();
    assert_eq!(open(&api), None);
}

/// Between the expiry that was recorded and that of a token issued within a day of it, a session is still good: so it is
/// listed, and can be ended.
#[test]
fn a_session_is_listed_for_as_long_as_any_token_may_be_good() {
    let (api, mine, other) = native();
    api.send(&get(&other));
    api.platform.now.set(NOW + DAY - 1);
    let last = api.send(&get(&api::token(&api, 1))).token();
    let mine_now = api.send(&get(&mine)).token();
    api.platform.now.set(NOW + DAY - 2 + 60 * DAY);
    assert_eq!(api.handle(&get(&last)).0.status, 200, "and its record is lost");
    let listed = api.send(&Request::get("/api/user/sessions").token(&mine_now));
    assert!(listed.body.contains(r#""id":"sid""#), "{}", listed.body);
    assert_eq!(status(&api, Request::new("DELETE", "/api/user/sessions/sid").token(&mine_now)), 204);
    assert_eq!(status(&api, get(&last)), 401);
}

#[test]
fn a_refused_token_leaves_nothing_to_do() {
    let (api, token, _) = native();
    assert_eq!(status(&api, Request::new("POST", "/api/users/logout").token(&token)), 204);
    for call in [
        Request::get("/api/user"),
        Request::get("/api/user/sessions"),
        Request::put("{}"),
        Request::new("POST", "/api/users/logout"),
        Request::new("POST", "/api/users/logout?scope=others"),
        Request::new("DELETE", "/api/user/sessions/unknown"),
        Request::new("DELETE", "/api/user"),
    ] {
        let (answer, deferred) = api.handle(&call.clone().token(&token));
        assert_eq!((answer.status, deferred.is_empty()), (401, true), "{call:?}");
    }
}

#[test]
fn a_failed_record_is_logged_and_made_up_for() {
    let (api, _, unrecorded) = native();
    let (_, deferred) = api.handle(&get(&unrecorded));
    api.sql("ALTER TABLE sessions RENAME TO renamed");
    api.run(deferred);
    api.sql("ALTER TABLE renamed RENAME TO sessions");
    let log = api.log();
    let line = r#"{"level":"error","event":"internal_error","cause":"record of a session: no such table: "#;
    assert!(log.len() == 1 && log[0].starts_with(line), "{log:?}");
    api.send(&get(&unrecorded));
    assert!(open(&api).unwrap().contains("sid"));
}
