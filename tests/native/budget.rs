//! What only the host can see: how many statements a request costs, and what happens between two.

use std::str::FromStr as _;

use latchkey::password::Hasher;

use super::suite::{self, Api as _, Call};
use super::{NOW, Native};

fn native() -> Native {
    Native::new(suite::django())
}

/// The number of statements that a request runs, and its status.
fn cost(api: &Native, call: &Call) -> (usize, u16) {
    let count = || api.platform.db.statements.borrow().len();
    let before = count();
    let (answer, _) = api.handle(call);
    (count() - before, answer.status)
}

fn login(password: &str) -> Call {
    let body = format!(r#"{{"user":{{"email":"cost@x.io","password":"{password}"}}}}"#);
    Call::post("/api/users/login", &body)
}

#[test]
fn a_request_runs_as_few_statements_as_its_work_allows() {
    let api = native();
    let user = r#"{"user":{"username":"cost","email":"cost@x.io","password":"jakejake"}}"#;
    assert_eq!(cost(&api, &Call::post("/api/users", user)), (1, 201));
    assert_eq!(cost(&api, &login("jakejake")), (1, 200));
    assert_eq!(cost(&api, &login("jakejakf")), (1, 400));
    let token = suite::token(&api, 1);
    assert_eq!(cost(&api, &Call::get("/api/user").token(&token)), (1, 200));
    assert_eq!(cost(&api, &Call::put("{}").token(&token)), (1, 200));
    assert_eq!(cost(&api, &Call::put(r#"{"user":{"bio":"x"}}"#).token(&token)), (2, 200));

    // What is refused without the database does not ask it.
    for (call, status) in [
        (Call::get("/api/user"), 401),
        (Call::get("/api/user").token("x"), 401),
        (Call::get("/api/user").token(&suite::token(&api, i64::MAX)), 401),
        (Call::get("/api/nothing"), 404),
        (Call::get("/api/users"), 405),
        (Call::new("OPTIONS", "/api/user"), 204),
        (Call::post("/api/users/login", "{}"), 400),
        (Call::post("/api/users", "["), 400),
        (Call::post("/api/users", "{}"), 400),
    ] {
        assert_eq!(cost(&api, &call), (0, status), "{call:?}");
    }
}

/// A hash of other parameters than today's.
fn outdated_hash(password: &str) -> String {
    let hasher = Hasher::from_str("pbkdf2_sha256$2").unwrap();
    hasher.hash(password, getrandom::fill).unwrap()
}

#[test]
fn a_login_writes_nothing_before_its_answer() {
    let api = native();
    suite::register(&api, "cost");
    let stored = || api.sql("SELECT password FROM users");
    let (_, upgrade) = api.handle(&login("jakejake"));
    assert!(upgrade.is_none());
    let outdated = outdated_hash("jakejake");
    api.sql(&format!("UPDATE users SET password = '{outdated}'"));
    for (password, upgrades) in [("jakejakf", false), ("jakejake", true)] {
        let (_, upgrade) = api.handle(&login(password));
        assert_eq!(upgrade.is_some(), upgrades);
        assert_eq!(stored().as_ref(), Some(&outdated));
    }
    api.sql("UPDATE users SET is_active = 0");
    let (_, upgrade) = api.handle(&login("jakejake"));
    assert!(upgrade.is_none());
}

#[test]
fn an_upgrade_never_undoes_a_new_password() {
    let api = native();
    suite::register(&api, "cost");
    api.sql(&format!("UPDATE users SET password = '{}'", outdated_hash("jakejake")));
    let (_, upgrade) = api.handle(&login("jakejake"));
    let changed = outdated_hash("another password");
    api.sql(&format!("UPDATE users SET password = '{changed}'"));
    pollster::block_on(upgrade.unwrap().run(&api.platform));
    assert_eq!(api.sql("SELECT password FROM users"), Some(changed));
}

#[test]
fn an_update_holds_only_if_the_account_is_still_there_and_active() {
    let body = |detail: &str| format!(r#"{{"user":{{"detail":"{detail}"}}}}"#);
    for (interference, detail) in [
        ("UPDATE users SET is_active = 0", "This user has been deactivated."),
        ("DELETE FROM users", "No user matching this token was found."),
    ] {
        let api = native();
        let token = suite::register(&api, "race");
        api.platform.db.before.replace(Some(("UPDATE", interference)));
        let answer = api.send(&Call::put(r#"{"user":{"bio":"x"}}"#).token(&token));
        answer.is(401, &body(detail));
        assert_eq!(api.sql("SELECT bio FROM users"), None);
    }
}

#[test]
fn a_value_that_is_free_again_at_a_second_look_is_still_reported() {
    let api = native();
    suite::register(&api, "other");
    let token = suite::register(&api, "own");
    let user = r#"{"user":{"username":"new","email":"other@x.io","password":"jakejake"}}"#;
    for call in [Call::put(user).token(&token), Call::post("/api/users", user)] {
        let freed = "UPDATE users SET email = 'freed@x.io' WHERE username = 'other'";
        api.platform.db.before.replace(Some(("SELECT EXISTS", freed)));
        api.send(&call).is(400, r#"{"errors":{"email":["user with this email already exists."]}}"#);
        api.sql("UPDATE users SET email = 'other@x.io' WHERE username = 'other'");
    }
}

#[test]
fn a_fault_is_logged_once_and_not_told() {
    let api = native();
    let token = suite::register(&api, "fault");
    api.sql("ALTER TABLE users RENAME TO others");
    let answer = api.send(&Call::get("/api/user").token(&token));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    assert_eq!(log.len(), 1, "{log:?}");
    let line = r#"{"level":"error","event":"fault","cause":"database: no such table: users"#;
    assert!(log[0].starts_with(line), "{log:?}");
}

#[test]
fn times_are_those_of_the_platform() {
    let api = native();
    let token = suite::register(&api, "times");
    let times = "SELECT created_at || ' ' || updated_at || ' ' || typeof(created_at) FROM users";
    assert_eq!(api.sql(times), Some(format!("{NOW} {NOW} integer")));
    api.sql("UPDATE users SET created_at = 5, updated_at = 6");
    api.send(&Call::put(r#"{"user":{"username":"times"}}"#).token(&token));
    assert_eq!(api.sql(times), Some(format!("5 {NOW} integer")));
}

#[test]
fn no_statement_scans_the_table() {
    let api = native();
    let token = suite::register(&api, "plan");
    api.sql(&format!("UPDATE users SET password = '{}'", outdated_hash("jakejake")));
    for call in [
        Call::get("/api/user").token(&token),
        Call::post("/api/users/login", r#"{"user":{"email":"plan@x.io","password":"jakejake"}}"#),
        Call::put(
            r#"{"user":{"email":"e@x.io","username":"u","password":"password","bio":"b","image":"i"}}"#,
        )
        .token(&token),
        Call::post("/api/users", r#"{"user":{"username":"u","email":"e@x.io","password":"jakejake"}}"#),
    ] {
        api.send(&call);
    }
    let statements = api.platform.db.statements.borrow().clone();
    assert_eq!(statements.len(), 8, "{statements:?}");
    for statement in statements {
        for step in api.platform.db.plan(&statement) {
            assert!(!step.contains("SCAN users"), "{step}: {statement}");
        }
    }
}
