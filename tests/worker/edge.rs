//! What only workerd can prove; the rest of the suite proves there how D1 decodes numbers, NULL and
//! broken constraints, and how answers without a body arrive.

use crate::server::Server;
use crate::suite::{self, Api as _, Call, Vars, django};

#[test]
fn a_full_strength_hash_is_computed() {
    let api = Server::shared(Vars::from([("JWT_SECRET", suite::SECRET)]));
    suite::register(&api, "strong");
    let stored = api.sql("SELECT password FROM users WHERE username = 'strong'");
    assert!(stored.unwrap().starts_with("pbkdf2_sha512$220000$"));
    let login = r#"{"user":{"email":"strong@x.io","password":"jakejake"}}"#;
    let answer = api.send(&Call::post("/api/users/login", login));
    answer.is_user(200, r#""strong@x.io""#, r#""strong""#, "null", "null");
}

#[test]
fn a_panic_is_told_once_and_does_not_poison_the_next_request() {
    let api = Server::new(Some("tests/worker/panic.mjs"), &django());
    let token = suite::register(&api, "panic");
    let outdated = include_str!("../fixtures/passwords.jsonl").lines().nth(1).unwrap();
    let (password, hash): (String, String) = serde_json::from_str(outdated).unwrap();
    api.sql(&format!("UPDATE users SET password = '{hash}'"));
    let login = format!(r#"{{"user":{{"email":"panic@x.io","password":"{password}"}}}}"#);
    let login = Call::post("/api/users/login", &login);

    let broken = api.send_unchecked(&login.clone().header("X-Break", "yes"));
    assert_eq!(broken.status, 500);
    let panics: Vec<_> = api.log().into_iter().filter(|line| line.contains("boom")).collect();
    assert_eq!(panics.len(), 1, "{panics:?}");
    assert!(panics[0].starts_with("panicked at "), "{panics:?}");

    let read = api.send(&Call::get("/api/user").token(&token));
    read.is_user(200, r#""panic@x.io""#, r#""panic""#, "null", "null");
    assert_eq!(api.send(&login).status, 200);
}

#[test]
fn a_missing_binding_is_a_fault_that_names_it() {
    let api = Server::new(Some("tests/worker/unbound.mjs"), &django());
    let answer = api.send(&Call::get("/api/user").token(&suite::token(&api, 1)));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    assert!(log.iter().any(|line| line.contains("there is no D1 binding DB in wrangler.toml")), "{log:?}");
}

#[test]
fn few_iterations_are_warned_of_once() {
    let api = Server::shared(django());
    for _ in 0..2 {
        api.send(&Call::get("/api/user"));
    }
    let log = api.log();
    let warnings = log.iter().filter(|line| line.contains("weak_configuration"));
    assert_eq!(warnings.count(), 1, "{log:?}");
}
