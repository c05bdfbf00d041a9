//! The list of common passwords, where it can't be read.

use super::Native;
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
