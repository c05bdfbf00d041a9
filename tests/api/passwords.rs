//! Rules of new passwords that a deployment can tighten.

use latchkey::account::password::{Password, PasswordHash};
use latchkey::auth::password::{Hasher, Verdict};

use super::{Api, Request, Start, Vars, django, login, realworld, register};

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

/// One text as two keyboards type it; the first is in NFC.
const FORMS: [&str; 2] = ["caf\u{e9} au lait", "cafe\u{301} au lait"];

/// Tells whether the stored hash is of just this text.
fn is_stored(api: &dyn Api, name: &str, text: &str) -> bool {
    let hash = api.sql(&format!("SELECT password FROM users WHERE username = '{name}'")).unwrap();
    let hasher: Hasher = "pbkdf2_sha256$1".parse().unwrap();
    let verdict =
        hasher.verify(&Password::new(text.to_owned(), &str::to_owned), Some(&PasswordHash::new(hash)));
    verdict != Verdict::Mismatch
}

pub fn a_password_is_one_whatever_keyboard_it_comes_from(start: Start) {
    let api = start(strict(django()));
    for (name, password) in [("nfc", FORMS[0]), ("nfd", FORMS[1])] {
        let email = format!("{name}@x.io");
        let mut token = api.send(&registration(name, &email, password)).token();
        assert!(is_stored(&*api, name, FORMS[0]) && !is_stored(&*api, name, FORMS[1]));
        for form in FORMS {
            let json = |user: serde_json::Value| serde_json::json!({ "user": user }).to_string();
            assert_eq!(api.send(&login(&email, form)).status, 200);
            let proof = json(serde_json::json!({ "password": form }));
            assert_eq!(
                api.send(&Request::post("/api/user/reauthenticate", &proof).token(&token)).status,
                200
            );
            let change = json(serde_json::json!({ "password": form, "current_password": form }));
            let changed = api.send(&Request::put(&change).token(&token));
            assert_eq!(changed.status, 200, "{}", changed.body);
            token = changed.token();
            assert!(is_stored(&*api, name, FORMS[0]) && !is_stored(&*api, name, FORMS[1]));
            let wrong = login(&email, &form.replace("lait", "thé"));
            api.send(&wrong).is(400, super::login_failures::WRONG);
        }
        let proof = serde_json::json!({ "user": { "current_password": FORMS[1] } }).to_string();
        let closed = api.send(&Request::new("DELETE", "/api/user").json(&proof).token(&token));
        assert_eq!(closed.status, 204, "{}", closed.body);
    }
    // Lengths are those in NFC.
    let short = r#"{"errors":{"password":["Ensure this field has at least 10 characters."]}}"#;
    let long = r#"{"errors":{"password":["Ensure this field has no more than 128 characters."]}}"#;
    let repeated = |count| registration("repeated", "repeated@x.io", &"e\u{301}".repeat(count));
    api.send(&repeated(9)).is(400, short);
    api.send(&repeated(129)).is(400, long);
    assert_eq!(api.send(&repeated(128)).status, 201);
    api.send(&login("repeated@x.io", &"e\u{301}".repeat(129))).is(400, long);
    assert_eq!(api.send(&login("repeated@x.io", &"e\u{301}".repeat(128))).status, 200);
}

/// Django hashes what was typed. Once the user logs in here, any form will do.
pub fn a_hash_of_django_is_of_the_form_that_was_typed(start: Start) {
    let api = start(django());
    register(&*api, "decomposed");
    let of_django = include_str!("../fixtures/passwords.jsonl").lines().rev().nth(1).unwrap();
    let (password, hash): (String, String) = serde_json::from_str(of_django).unwrap();
    assert!(password == FORMS[1] && hash.starts_with("pbkdf2_sha256$1$"), "nothing but its form is outdated");
    api.sql(&format!("UPDATE users SET password = '{hash}' WHERE username = 'decomposed'"));
    let [nfc, typed] = FORMS.map(|form| login("decomposed@x.io", form));
    api.send(&nfc).is(400, super::login_failures::WRONG);
    assert_eq!(api.send(&typed).status, 200);
    // The rehash may come after the response.
    assert!((0..1_000).any(|_| is_stored(&*api, "decomposed", FORMS[0])));
    for call in [nfc, typed] {
        assert_eq!(api.send(&call).status, 200);
    }
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
        (registration("guess1", "guess2@x.io", "my own LatchKey"), similar("name")),
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
        (patch(r#""password":"a latchkey""#), similar("name")),
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

    let mut named = strict(realworld());
    named.insert("APP_NAME", "Caf\u{e9} Eins");
    let api = start(named);
    for (password, message) in [
        ("my cafe\u{301} EINS", "is too similar to the name"),
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

fn register_strict(api: &dyn Api, name: &str) {
    let answer = api.send(&registration(name, &format!("{name}@x.io"), "a good passphrase"));
    assert_eq!(answer.status, 201, "{}", answer.body);
}

pub fn the_openapi_document_has_the_rules_of_the_deployment(start: Start) {
    for (vars, min_length, blocklist) in
        [(django(), 8, "off"), (strict(django()), 10, "refuse"), (strict(realworld()), 10, "refuse")]
    {
        let answer = start(vars).send(&Request::get("/api/openapi.json"));
        let document: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        for schema in ["NewUser", "UserPatch"] {
            let rules = &document["components"]["schemas"][schema]["properties"]["password"];
            assert_eq!(rules["minLength"], min_length, "{schema}");
            assert_eq!(rules["x-blocklist"], blocklist, "{schema}");
        }
        let login = &document["components"]["schemas"]["Credentials"]["properties"]["password"];
        assert_eq!((&login["minLength"], &login["x-blocklist"]), (&1.into(), &serde_json::Value::Null));
    }
}

pub fn no_client_gets_the_common_passwords(start: Start) {
    let api = start(django());
    for path in ["/api/common_passwords.txt", "/api/common_passwords.txt/"] {
        api.send(&Request::get(path)).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    }
}
