//! The list of common passwords, where it can't be read; the look-up of breached ones, beside the hash.

use latchkey::auth::password::iterations_computed;

use super::Native;
use super::api::range_server::URL;
use super::api::{self, Api as _, Request};

#[test]
fn without_the_list_no_new_password_is_taken() {
    let mut vars = api::django();
    vars.insert("PASSWORD_BLOCKLIST", "refuse");
    let api = Native::new(vars);
    let jak = r#"{"user":{"username":"jak","email":"jak@x.io","password":"correct horse"}}"#;
    let token = api.send(&Request::post("/api/users", jak)).token();
    api.platform.has_assets.set(false);
    let user = r#"{"user":{"username":"anna","email":"anna@x.io","password":"a good passphrase"}}"#;
    let patch = Request::put(r#"{"user":{"password":"a good passphrase"}}"#).token(&token);
    for call in [Request::post("/api/users", user), patch] {
        api.send(&call).is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    }
    let logged = r#"{"level":"error","event":"internal_error","cause":"there is no asset /api/common_passwords.txt","request":null}"#;
    assert_eq!(api.log(), [logged, logged]);
    assert_eq!(api.sql("SELECT count(*) FROM users").unwrap(), "1");
    assert_eq!(api.send(&api::login("jak@x.io", "correct horse")).status, 200, "the old one is as it was");
    // A user who keeps the password needs no list.
    assert_eq!(api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token)).status, 200);
}

#[test]
fn a_password_is_looked_up_while_its_hash_is_computed() {
    let mut vars = api::django();
    vars.extend([
        ("PASSWORD_BLOCKLIST", "refuse"),
        ("BREACHED_PASSWORDS", "on"),
        ("BREACHED_PASSWORDS_URL", &URL),
    ]);
    let api = Native::new(vars);
    let user = r#"{"user":{"username":"beside","email":"beside@x.io","password":"a good passphrase"}}"#;
    let [before, _] = iterations_computed();
    let token = api.send(&Request::post("/api/users", user)).token();
    let change = Request::put(r#"{"user":{"password":"a good passphrase"}}"#).token(&token);
    assert_eq!(api.send(&change).status, 200);
    // A hash has one iteration here.
    let computed: Vec<_> = api.platform.computed.borrow().iter().map(|[sha256, _]| sha256 - before).collect();
    assert_eq!(computed, [0, 1, 1, 2]);
}
