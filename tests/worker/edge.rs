//! What only workerd can prove.

use std::thread;

use crate::RELEASE;
use crate::server::Server;
use crate::suite::{self, Api as _, Call, Vars, django};

#[test]
fn a_full_strength_hash_is_computed() {
    let api = Server::shared(RELEASE, Vars::from([("JWT_SECRET", suite::SECRET)]));
    suite::register(&api, "strong");
    let stored = api.sql("SELECT password FROM users WHERE username = 'strong'");
    assert!(stored.unwrap().starts_with("pbkdf2_sha512$220000$"));
    let login = r#"{"user":{"email":"strong@x.io","password":"jakejake"}}"#;
    let answer = api.send(&Call::post("/api/users/login", login));
    answer.is_user(200, r#""strong@x.io""#, r#""strong""#, "null", "null");
}
