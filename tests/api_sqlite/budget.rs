//! What only the host can see: how many statements a request costs, and what happens between two.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use latchkey::account::password::{Password, to_nfc};
use latchkey::auth::password::Hasher;
use latchkey::jobs::purge;

use super::api::{self, Api as _, Request};
use super::{EVENTS, NOW, Native};

fn native() -> Native {
    Native::new(api::django())
}

/// Number of calls of the database by a request, and its status.
fn cost(api: &Native, call: &Request) -> (usize, u16) {
    let count = || api.platform.db.calls.get();
    let before = count();
    let (answer, _) = api.handle(call);
    (count() - before, answer.status)
}

fn login(password: &str) -> Request {
    let body = format!(r#"{{"user":{{"email":"cost@x.io","password":"{password}"}}}}"#);
    Request::post("/api/users/login", &body)
}

#[test]
fn a_request_runs_as_few_statements_as_its_work_allows() {
    let api = native();
    let user = r#"{"user":{"username":"cost","email":"cost@x.io","password":"jakejake"}}"#;
    assert_eq!(cost(&api, &Request::post("/api/users", user)), (1, 201));
    assert_eq!(cost(&api, &login("jakejake")), (1, 200));
    // A failure is counted, and forgotten by a success; what is throttled is only read.
    assert_eq!(cost(&api, &login("jakejakf")), (2, 400));
    assert_eq!(cost(&api, &login("jakejakf")), (2, 400));
    assert_eq!(cost(&api, &login("jakejake")), (3, 200));
    assert_eq!(cost(&api, &login("jakejake")), (1, 200));
    for _ in 0..10 {
        assert_eq!(cost(&api, &login("jakejakf")), (2, 400));
    }
    assert_eq!(cost(&api, &login("jakejake")), (1, 429));
    // Once failures are forgotten, a success writes nothing again.
    api.platform.now.set(NOW + 10 * 86_400);
    assert_eq!(cost(&api, &login("jakejake")), (1, 200));
    api.platform.now.set(NOW);
    let token = api::token(&api, 1);
    assert_eq!(cost(&api, &Request::get("/api/user").token(&token)), (1, 200));
    assert_eq!(cost(&api, &Request::put("{}").token(&token)), (1, 200));
    assert_eq!(cost(&api, &Request::put(r#"{"user":{"bio":"x"}}"#).token(&token)), (2, 200));
    // What is taken is looked up before a hash is computed for nothing.
    let token = api::register(&api, "change");
    let change = |user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(&token);
    assert_eq!(cost(&api, &change(r#"{"email":"change2@x.io"}"#)), (2, 200));
    assert_eq!(cost(&api, &change(r#"{"email":"cost@x.io"}"#)), (3, 400));
    let iterations = latchkey::auth::password::iterations_computed();
    assert_eq!(cost(&api, &change(r#"{"email":"cost@x.io","password":"jakejake"}"#)), (2, 400));
    assert_eq!(cost(&api, &change(r#"{"email":"cost@x.io","password":"short"}"#)), (1, 400));
    assert_eq!(latchkey::auth::password::iterations_computed(), iterations);
    let proven = r#"{"email":"change3@x.io","password":"jakejake","current_password":"jakejake"}"#;
    assert_eq!(cost(&api, &change(proven)), (6, 200));
    let token = api::register(&api, "proven");
    // With failures of the email on record: they are counted and forgotten as those of the user are.
    let change = |user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(&token);
    assert_eq!(api.send(&change(r#"{"username":"x","current_password":"wrong password"}"#)).status, 400);
    assert_eq!(cost(&api, &change(&proven.replace("change3", "change4"))), (8, 200));
    let token = api::token(&api, 1);
    for scope in ["local", "others", "all"] {
        let token = api::register(&api, scope);
        let logout = Request::new("POST", &format!("/api/users/logout?scope={scope}"));
        assert_eq!(cost(&api, &logout.token(&token)), (1, 204));
    }
    // Whom a copy of the database refuses, the primary is asked about.
    assert_eq!(cost(&api, &Request::new("DELETE", "/api/user").token(&token)), (1, 204));
    assert_eq!(cost(&api, &Request::get("/api/user").token(&token)), (2, 401));
    assert_eq!(cost(&api, &Request::put("{}").token(&token)), (1, 401));

    // What is refused without the database does not ask it.
    for (call, status) in [
        (Request::get("/api/user"), 401),
        (Request::get("/api/user").token("x"), 401),
        (Request::get("/api/user").token(&api::token(&api, i64::MAX)), 401),
        (Request::new("POST", "/api/users/logout"), 401),
        (Request::new("DELETE", "/api/user").token("x"), 401),
        (Request::get("/api/users/methods"), 200),
        (Request::get("/api/nothing"), 404),
        (Request::get("/api/users"), 405),
        (Request::new("OPTIONS", "/api/user"), 204),
        (Request::post("/api/users/login", "{}"), 400),
        (Request::post("/api/users", "["), 400),
        (Request::post("/api/users", "{}"), 400),
    ] {
        assert_eq!(cost(&api, &call), (0, status), "{call:?}");
    }
}

/// A hash of other parameters than today's.
fn outdated_hash(password: &str) -> String {
    let hasher = Hasher::from_str("pbkdf2_sha256$2").unwrap();
    let hash = hasher.hash(&Password::new(password.to_owned(), &to_nfc), getrandom::fill).unwrap();
    hash.as_str().to_owned()
}

#[test]
fn a_login_writes_nothing_before_its_answer() {
    let api = native();
    api::register(&api, "cost");
    let stored = || api.sql("SELECT password FROM users");
    let (_, upgrade) = api.handle(&login("jakejake"));
    assert!(upgrade.rehash.is_none());
    let outdated = outdated_hash("jakejake");
    api.sql(&format!("UPDATE users SET password = '{outdated}'"));
    for (password, upgrades) in [("jakejakf", false), ("jakejake", true)] {
        let (_, upgrade) = api.handle(&login(password));
        assert_eq!(upgrade.rehash.is_some(), upgrades);
        assert_eq!(stored().as_ref(), Some(&outdated));
    }
    api.sql("UPDATE users SET is_active = 0");
    let (_, upgrade) = api.handle(&login("jakejake"));
    assert!(upgrade.rehash.is_none());
}

#[test]
fn an_upgrade_never_undoes_a_new_password() {
    let api = native();
    api::register(&api, "cost");
    api.sql(&format!("UPDATE users SET password = '{}'", outdated_hash("jakejake")));
    let (_, upgrade) = api.handle(&login("jakejake"));
    let changed = outdated_hash("another password");
    api.sql(&format!("UPDATE users SET password = '{changed}'"));
    api.run(upgrade);
    assert_eq!(api.sql("SELECT password FROM users"), Some(changed));
}

/// What may happen to a session while its request is under way, and what the request is then answered.
const INTERFERENCES: [(&str, &str); 5] = [
    ("UPDATE users SET is_active = 0", "This user has been deactivated."),
    ("DELETE FROM users", "No user matching this token was found."),
    ("UPDATE users SET token_version = token_version + 1", "Invalid authentication. Could not decode token."),
    (
        "UPDATE users SET token_version = token_version + 1, surviving_sid = 'x'",
        "Invalid authentication. Could not decode token.",
    ),
    (
        "INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, ended_at, purge_at) \
         SELECT id, 'sid', 0, '[]', 0, 5, 5, 2000000000, 5, 2000000000 FROM users",
        "Invalid authentication. Could not decode token.",
    ),
];

#[test]
fn a_session_that_ends_while_its_request_is_under_way_changes_nothing() {
    for (interference, detail) in INTERFERENCES {
        for (before, call) in [
            ("UPDATE", Request::put(r#"{"user":{"bio":"x"}}"#)),
            ("UPDATE", Request::put(r#"{"user":{"password":"another password"}}"#)),
            ("INSERT", Request::new("POST", "/api/users/logout")),
            ("UPDATE", Request::new("POST", "/api/users/logout?scope=others")),
            ("UPDATE", Request::new("POST", "/api/users/logout?scope=all")),
            ("UPDATE", Request::new("DELETE", "/api/user")),
        ] {
            let api = native();
            api::register(&api, "race");
            let token = api::token(&api, 1);
            let before_it = |interference| api.platform.db.before.borrow_mut().push((before, interference));
            before_it(interference);
            let row = "SELECT quote(password) || quote(bio) FROM users";
            let unchanged = api.sql(row);
            let answer = api.send(&call.token(&token));
            answer.is(401, &format!(r#"{{"user":{{"detail":"{detail}"}}}}"#));
            let row = api.sql(row);
            assert!(row == unchanged || row.is_none(), "{row:?}");
            let ended = "SELECT (SELECT count(ended_at) FROM sessions) + (SELECT ifnull(max(token_version), 0) FROM users)";
            assert!(api.sql(ended).unwrap().parse::<i64>().unwrap() <= 1, "{interference}");
        }
    }
}

#[test]
fn a_session_that_lives_on_completes_what_is_under_way() {
    let api = native();
    let token = api::register(&api, "race");
    // It ends the others in another tab.
    let others =
        "UPDATE users SET token_version = 1, surviving_sid = (SELECT sid FROM own), surviving_version = 0";
    let kept = latchkey::auth::token::verify(&api::keys(api::SECRET), &token, NOW).unwrap().session.sid;
    api.platform.db.exec(&format!("CREATE TABLE own AS SELECT '{kept}' AS sid"));
    api.platform.db.before.borrow_mut().push(("UPDATE", others));
    let answer = api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token));
    answer.is_user(200, r#""race@x.io""#, r#""race""#, "\"x\"", "null");
    assert_eq!(api.send(&Request::get("/api/user").token(&answer.token())).status, 200);
}

/// The answer goes by the state of the token's session at its end, not when it was read.
#[test]
fn an_update_is_answered_with_the_same_token_if_a_new_password_was_set_with_it_meanwhile() {
    let api = native();
    let token = api::register(&api, "race");
    let kept = latchkey::auth::token::verify(&api::keys(api::SECRET), &token, NOW).unwrap().session.sid;
    api.platform.db.exec(&format!("CREATE TABLE own AS SELECT '{kept}' AS sid, {NOW} AS iat"));
    let changed = "UPDATE users SET token_version = 1, surviving_sid = (SELECT sid FROM own), surviving_version = 1, \
                   grace_version = 0, grace_iat = (SELECT iat FROM own), grace_until = iat + 10 FROM own";
    api.platform.db.before.borrow_mut().push(("UPDATE", changed));
    let answer = api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token));
    assert_eq!((answer.status, answer.token()), (200, token));
}

#[test]
fn the_current_password_is_that_of_the_user_whatever_happens_meanwhile() {
    let wrong = r#"{"errors":{"current_password":["Invalid password."]}}"#;
    let gone = r#"{"user":{"detail":"This user has been deactivated."}}"#;
    // Another user takes the email that the password is looked up by; the user is deactivated.
    let swapped = "UPDATE users SET email = CASE id WHEN 1 THEN 'moved@x.io' ELSE 'race@x.io' END";
    for (interference, status, body) in
        [(swapped, 400, wrong), ("UPDATE users SET is_active = 0 WHERE id = 1", 401, gone)]
    {
        let api = native();
        let token = api::register(&api, "race");
        api::register(&api, "other");
        api.platform.db.before.borrow_mut().push(("SELECT locked_until, ", interference));
        let proven = r#"{"user":{"username":"x","current_password":"jakejake"}}"#;
        api.send(&Request::put(proven).token(&token)).is(status, body);
    }
}

#[test]
fn a_new_password_in_another_tab_refuses_what_is_under_way_with_an_older_token() {
    let api = native();
    let token = api::register(&api, "race");
    let kept = latchkey::auth::token::verify(&api::keys(api::SECRET), &token, NOW).unwrap().session.sid;
    api.platform.db.exec(&format!("CREATE TABLE own AS SELECT '{kept}' AS sid"));
    let changed = "UPDATE users SET token_version = 1, surviving_sid = (SELECT sid FROM own), surviving_version = 1, \
                   grace_version = 0, grace_iat = 5, grace_until = 99999999999";
    for body in [r#"{"bio":"x"}"#, r#"{"password":"another password"}"#] {
        api.sql("UPDATE users SET token_version = 0, surviving_sid = NULL");
        api.platform.db.before.borrow_mut().push(("UPDATE", changed));
        let answer = api.send(&Request::put(&format!(r#"{{"user":{body}}}"#)).token(&token));
        answer.is(401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#);
    }
}

#[test]
fn a_value_that_is_free_again_at_a_second_look_is_still_reported() {
    let api = native();
    api::register(&api, "other");
    let token = api::register(&api, "own");
    let user = r#"{"user":{"username":"new","email":"other@x.io","password":"jakejake"}}"#;
    let change = r#"{"user":{"username":"new","email":"other@x.io"}}"#;
    for call in [Request::put(change).token(&token), Request::post("/api/users", user)] {
        let freed = "UPDATE users SET email = 'freed@x.io' WHERE username = 'other'";
        api.platform.db.before.borrow_mut().push(("SELECT EXISTS", freed));
        api.send(&call).is(400, r#"{"errors":{"email":["user with this email already exists."]}}"#);
        api.sql("UPDATE users SET email = 'other@x.io' WHERE username = 'other'");
    }
}

#[test]
fn a_fault_is_logged_once_and_not_told() {
    let api = native();
    let token = api::register(&api, "fault");
    api.sql("ALTER TABLE users RENAME TO others");
    let answer = api.send(&Request::get("/api/user").token(&token));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    assert_eq!(log.len(), 1, "{log:?}");
    let line = r#"{"level":"error","event":"internal_error","cause":"database: no such table: users"#;
    assert!(log[0].starts_with(line), "{log:?}");
}

#[test]
fn answers_over_https_ask_for_it_from_then_on() {
    let api = native();
    for path in ["/api/user", "/api/nothing"] {
        for (is_https, header) in [(true, Some("max-age=63072000")), (false, None)] {
            let answer = api.send(&Request { is_https, ..Request::get(path) });
            assert_eq!(answer.header("strict-transport-security"), header, "{path}");
        }
    }
}

#[test]
fn requests_to_a_domain_leave_no_hints() {
    let api = native();
    for (host, is_local) in [
        ("localhost", true),
        ("127.0.0.1:8787", true),
        ("[::1]:8787", true),
        ("[::1]", true),
        ("api.example.com", false),
        ("localhost.example.com", false),
        ("api.localhost:443", false),
        ("[::2]:8787", false),
        ("", false),
    ] {
        let before = api.log().len();
        let call =
            |call: Request| api.send(&call.header("Host", host).header("Origin", "https://evil.example"));
        call(Request::get("/api/user"));
        call(Request::new("OPTIONS", "/api/user").header("Access-Control-Request-Headers", "x"));
        call(Request::post("/api/users", r#"{"email":"x"}"#));
        assert_eq!(api.log().len() - before, if is_local { 4 } else { 0 }, "{host}");
    }
    let own =
        Request::get("/api/user").header("Host", "localhost:8787").header("Origin", "http://localhost:8787");
    let before = api.log().len();
    api.send(&own); // as the account page of a browser without Sec-Fetch-Site
    assert_eq!(api.log().len(), before);
}

#[test]
fn times_are_those_of_the_platform() {
    let api = native();
    let token = api::register(&api, "times");
    let times = "SELECT created_at || ' ' || updated_at || ' ' || typeof(created_at) FROM users";
    assert_eq!(api.sql(times), Some(format!("{NOW} {NOW} integer")));
    api.sql("UPDATE users SET created_at = 5, updated_at = 6");
    api.send(&Request::put(r#"{"user":{"username":"times","email":"times@x.io"}}"#).token(&token));
    assert_eq!(api.sql(times), Some("5 6 integer".to_owned()), "what the user has already is no change");
    api.send(&Request::put(r#"{"user":{"username":"times2"}}"#).token(&token));
    assert_eq!(api.sql(times), Some(format!("5 {NOW} integer")));
}

#[test]
fn no_statement_scans_the_table() {
    let api = native();
    let token = api::register(&api, "plan");
    api.sql(&format!("UPDATE users SET password = '{}'", outdated_hash("jakejake")));
    let change = r#"{"user":{"email":"e@x.io","username":"u","password":"password","bio":"b","image":"i"}}"#;
    let taken = r#"{"user":{"username":"u","email":"e@x.io","password":"jakejake"}}"#;
    for call in [
        Request::get("/api/user").token(&token),
        Request::post("/api/users/login", r#"{"user":{"email":"plan@x.io","password":"jakejake"}}"#),
        Request::put(change).token(&token),
        Request::post("/api/users", taken),
        api::login("e@x.io", "jakejakf"),
        api::login("e@x.io", "jakejakf"),
        api::login("e@x.io", "password"),
        Request::new("POST", "/api/users/logout?scope=others").token(&token),
        Request::new("POST", "/api/users/logout?scope=all").token(&token),
        Request::new("POST", "/api/users/logout").token(&api::register(&api, "plan3")),
        Request::get("/api/user/sessions").token(&api::register(&api, "plan4")),
        Request::new("DELETE", "/api/user/sessions/other").token(&api::register(&api, "plan5")),
        Request::new("DELETE", "/api/user").token(&api::register(&api, "plan2")),
    ] {
        api.send(&call);
    }
    api.sql("UPDATE users SET is_active = 0");
    for password in ["jakejakf", "password"] {
        api.send(&api::login("e@x.io", password));
    }
    pollster::block_on(purge::run(&api.platform, EVENTS, NOW)).unwrap();
    let statements: BTreeSet<_> = api.platform.db.statements.borrow().iter().cloned().collect();
    assert_eq!(statements.len(), 26, "{statements:#?}");
    for statement in statements {
        for step in api.platform.db.plan(&statement) {
            let scans = ["users", "sessions", "login_failures", "registrations"]
                .iter()
                .any(|table| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            assert!(!scans, "{step}: {statement}");
        }
    }
}
