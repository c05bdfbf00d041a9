//! Sign-in by mail.

use latchkey::auth::session::Method;
use latchkey::auth::token;
use serde_json::json;

use super::mailbox::{INVALID_SECRET, Person, by_code, is_user};
use super::{Request, SECRET, Start, keys, with_mail};

const SIGN_IN: &str = "/api/users/sign-in";

fn methods(person: &Person, token: &str) -> Vec<Method> {
    token::verify(&keys(SECRET), token, person.api.now()).unwrap().session.proof.unwrap().methods
}

pub fn a_mailed_secret_logs_in_once(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "sign-in");
    for is_code in [false, true] {
        let mail = person.request(SIGN_IN);
        let secret = if is_code { by_code(&mail, &person.code()) } else { person.secret() };
        let answer = person.sign_in(&secret);
        is_user(&answer, "sign-in@x.io", "sign-in", "null");
        assert_eq!(methods(&person, &answer.token()), [Method::Email]);
        person.sign_in(&secret).is(400, INVALID_SECRET);
    }
    // Nothing else has changed.
    assert_eq!(person.with_token("GET", "/api/user", &json!(null)).status, 200);
    assert_eq!(person.login("jakejake").status, 200);
    let list = person.with_token("GET", "/api/user/sessions", &json!(null));
    assert!(list.body.contains(r#""methods":["email"]"#), "{}", list.body);
}

/// A stranger registered the address, and loses everything to its owner.
pub fn whoever_proves_a_mailbox_first_owns_the_account(start: Start) {
    let api = start(with_mail());
    for way in ["sign-in", "reset"] {
        let name = format!("squatted-{way}");
        let mut stranger = Person::register(&api, &name);
        stranger.patch(&json!({"bio": "squatter"}));
        stranger.request(SIGN_IN);
        let (earlier, code) = (stranger.secret(), stranger.request_reset());
        let earlier_reset = stranger.secret();
        let token = if way == "reset" {
            stranger.request_reset();
            stranger.reset(&stranger.secret(), "the owner's own").is(204, "");
            stranger.login("the owner's own").token()
        } else {
            stranger.request(SIGN_IN);
            stranger.sign_in(&stranger.secret()).token()
        };
        assert_eq!(stranger.with_token("GET", "/api/user", &json!(null)).status, 401, "{way}");
        assert_eq!(stranger.login("jakejake").status, 400, "{way}");
        stranger.sign_in(&earlier).is(400, INVALID_SECRET);
        stranger.reset(&earlier_reset, "a new password").is(400, INVALID_SECRET);
        drop(code);
        assert_eq!(stranger.send(&Request::get("/api/user").token(&token)).status, 200, "{way}");
        stranger.token = token;
        assert_eq!(stranger.state(), json!({"address": stranger.email, "verified": true, "pending": null}));
    }
}

pub fn staff_keep_their_password_and_credentials(start: Start) {
    let api = start(with_mail());
    for flag in ["is_staff", "is_superuser"] {
        let name = format!("staff-{}", flag.replace('_', "-"));
        let person = Person::register(&api, &name);
        api.sql(&format!("UPDATE users SET {flag} = 1 WHERE username = '{name}'"));
        api.sql(&format!(
            "INSERT INTO credentials (id, user_id, type, key, created_at) \
             SELECT 2000000 + id, id, 'recovery', '{name}', 5 FROM users WHERE username = '{name}'"
        ));
        person.request(SIGN_IN);
        assert_eq!(person.sign_in(&person.secret()).status, 200);
        let kept = api.sql(&format!("SELECT count(*) FROM credentials WHERE key = '{name}'"));
        assert_eq!(kept.as_deref(), Some("1"), "credentials stay");
        assert_eq!(person.login("jakejake").status, 200, "{flag}");
        assert_eq!(person.send(&Request::get("/api/user").token(&person.token)).status, 401, "sessions end");
    }
}

pub fn a_body_has_one_proof(start: Start) {
    let api = start(with_mail());
    let person = Person::verified(&api, "one-proof");
    person.request(SIGN_IN);
    let secret = person.secret();
    let login = |user: serde_json::Value| person.post("/api/users/login", &json!({ "user": user }));
    let wrong = r#"{"errors":{"error":["A user with this email and password was not found."]}}"#;
    login(json!({"email": person.email, "password": "wrong", "secret": secret})).is(400, wrong);
    let required = |field: &str| format!(r#"{{"errors":{{"{field}":["This field is required."]}}}}"#);
    login(json!({"email": person.email, "secret": secret})).is(400, &required("password"));
    login(json!({"password": "jakejake", "secret": secret})).is(400, &required("email"));
    login(json!({"secret": null})).is(400, r#"{"errors":{"secret":["This field may not be null."]}}"#);
    login(json!({"secret": " "})).is(400, r#"{"errors":{"secret":["This field may not be blank."]}}"#);
    assert_eq!(login(json!({"secret": secret})).status, 200);
}

pub fn a_mailed_secret_renews_the_proof_of_a_session(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "renewed");
    let other = Person::verified(&api, "renewed-other");
    other.request(SIGN_IN);
    let path = "/api/user/reauthenticate";
    let body = |secret: &str| json!({ "user": { "secret": secret } });
    // Another user's is unknown.
    person.with_token("POST", path, &body(&other.secret())).is(400, INVALID_SECRET);
    assert_eq!(other.sign_in(&other.secret()).status, 200);
    person.request(SIGN_IN);
    let secret = person.secret();
    let answer = person.with_token("POST", path, &body(&secret));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(methods(&person, &person.token), [Method::Email]);
    person.with_token("POST", path, &body(&secret)).is(400, INVALID_SECRET);

    // A stranger's session is not kept by the owner's secret.
    let mut unverified = Person::register(&api, "renewed-unverified");
    unverified.request(SIGN_IN);
    let secret = unverified.secret();
    unverified.with_token("POST", path, &body(&secret)).is(400, INVALID_SECRET);
    assert_eq!(unverified.sign_in(&secret).status, 200);
}

pub fn wrong_secrets_of_a_session_are_counted(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "renewed-wrong");
    person.request(SIGN_IN);
    let body = json!({ "user": { "secret": "x.12345678" } });
    for _ in 0..10 {
        person.with_token("POST", "/api/user/reauthenticate", &body).is(400, INVALID_SECRET);
    }
    assert_eq!(person.with_token("POST", "/api/user/reauthenticate", &body).status, 429);
    let right = json!({ "user": { "password": "jakejake" } });
    assert_eq!(person.with_token("POST", "/api/user/reauthenticate", &right).status, 429);
    // A login is another matter.
    assert_eq!(person.sign_in(&person.secret()).status, 200);
}
