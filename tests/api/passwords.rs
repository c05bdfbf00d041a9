//! Rules of new passwords that a deployment can tighten.

use super::{Request, Start, Vars, django, login, realworld};

fn strict(mut vars: Vars<'static>) -> Vars<'static> {
    vars.extend([("PASSWORD_MIN_LENGTH", "10"), ("PASSWORD_BLOCKLIST", "refuse")]);
    vars
}

fn registration(name: &str, email: &str, password: &str) -> Request {
    let user = serde_json::json!({ "username": name, "email": email, "password": password });
    Request::post("/api/users", &serde_json::json!({ "user": user }).to_string())
}

pub fn a_password_has_as_many_characters_as_asked_for(start: Start) {
    let short = r#"{"errors":{"password":["Ensure this field has at least 10 characters."]}}"#;
    let api = start(strict(django()));
    api.send(&registration("length", "length@x.io", "ninechars")).is(400, short);
    let answer = api.send(&registration("length", "length@x.io", "tenletters"));
    assert_eq!(answer.status, 201, "{}", answer.body);
    let patch = |password: &str| {
        let user = serde_json::json!({ "user": { "password": password } });
        Request::put(&user.to_string()).token(&answer.token())
    };
    api.send(&patch("ninechars")).is(400, short);
    // Code points count; and passwords from before the rule still log in.
    api.send(&patch("\u{1f511}\u{1f511}\u{1f511}")).is(400, short);
    assert_eq!(api.send(&patch(&"\u{1f511}".repeat(10))).status, 200);
    // "short", as Django would have stored it.
    let hash = "pbkdf2_sha256$1$salt$qaKoebO8+gJEbCTLxDlgzjZXbQ5r48I+HPilsoo0DfA=";
    api.sql(&format!("UPDATE users SET password = '{hash}' WHERE username = 'length'"));
    let token = api.send(&login("length@x.io", "short")).token();
    let proof = Request::post("/api/user/reauthenticate", r#"{"user":{"password":"short"}}"#).token(&token);
    assert_eq!(api.send(&proof).status, 200);
    let change = r#"{"user":{"email":"length2@x.io","current_password":"short"}}"#;
    assert_eq!(api.send(&Request::put(change).token(&token)).status, 200);
}

pub fn a_password_that_is_easily_guessed_is_refused_where_that_is_on(start: Start) {
    let similar = |field: &str| {
        format!(r#"{{"errors":{{"password":["The password is too similar to the {field}."]}}}}"#)
    };
    let common = r#"{"errors":{"password":["This password is too common."]}}"#.to_owned();
    let api = start(strict(django()));
    register_strict(&*api, "guessed");
    let token = api.send(&login("guessed@x.io", "a good passphrase")).token();
    let patch = |fields: &str| Request::put(&format!(r#"{{"user":{{{fields}}}}}"#)).token(&token);
    for (call, body) in [
        (registration("guess1", "guess2@x.io", "XGUESS2xxx"), similar("email")),
        (registration("guess1", "guess2@x.io", "xguess1xxx"), similar("username")),
        // The email is named first, and what is similar is not looked up.
        (registration("1234", "123456@x.io", "1234567890"), similar("email")),
        (registration("guess1", "guess2@x.io", "1234567890"), common.clone()),
        (registration("guess1", "guess2@x.io", "  BasketBall \n"), common.clone()),
        // Beside what else is wrong, and beside what is taken.
        (
            registration("", "guess2@x.io", "1234567890"),
            r#"{"errors":{"username":["This field may not be blank."],"password":["This password is too common."]}}"#
                .to_owned(),
        ),
        (
            registration("guessed", "guess2@x.io", "1234567890"),
            r#"{"errors":{"username":["user with this username already exists."],"password":["This password is too common."]}}"#
                .to_owned(),
        ),
        // Compared with what the user will be called.
        (patch(r#""password":"my guessed name""#), similar("email")),
        (patch(r#""password":"my new name ok","username":"new name""#), similar("username")),
        (patch(r#""password":"my brandnew mail","email":"brandnew@x.io""#), similar("email")),
        (patch(r#""password":"1234567890","current_password":"wrong password""#), common.clone()),
    ] {
        api.send(&call).is(400, &body);
    }
    assert_eq!(
        api.send(&patch(r#""password":"my guessed name","username":"x","email":"xy@x.io""#)).status,
        200
    );
    assert_eq!(
        api.send(&registration("gue", "sse@x.io", "guesse, and more")).status,
        201,
        "short names are no parts"
    );

    let api = start(strict(realworld()));
    for (password, message) in [
        ("xguess1xxx", "is too similar to the username"),
        ("xguess2xxx", "is too similar to the email"),
        ("1234567890", "is too common"),
    ] {
        api.send(&registration("guess1", "guess2@x.io", password))
            .is(422, &format!(r#"{{"errors":{{"password":["{message}"]}}}}"#));
    }

    let api = start(django());
    for (name, password) in [("unguarded1", "unguarded1"), ("unguarded2", "password")] {
        let answer = api.send(&registration(name, &format!("{name}@x.io"), password));
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

fn register_strict(api: &dyn super::Api, name: &str) {
    let answer = api.send(&registration(name, &format!("{name}@x.io"), "a good passphrase"));
    assert_eq!(answer.status, 201, "{}", answer.body);
}

pub fn no_client_gets_the_common_passwords(start: Start) {
    let api = start(django());
    for path in ["/api/common_passwords.txt", "/api/common_passwords.txt/"] {
        api.send(&Request::get(path)).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    }
}
