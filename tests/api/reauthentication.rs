//! Proofs of who uses a session, their age, and the requests that ask for a recent one.

use latchkey::auth::session::{Method, Proof, Session};
use latchkey::auth::token::{self, VerifiedToken};

use super::login_failures::{WRONG, from, is_throttled};
use super::tokens::signed;
use super::{Api, Request, SECRET, Start, Vars, django, id, keys, login, realworld, register};

const INVALID: &str = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
const OLD_PROOF: &str = r#"{"user":{"detail":"Reauthentication is required."}}"#;

fn read(api: &dyn Api, token: &str) -> VerifiedToken {
    token::verify(&keys(SECRET), token, api.now()).unwrap()
}

fn proof(api: &dyn Api, token: &str) -> Option<Proof> {
    read(api, token).session.proof
}

/// A token of this user whose session proved itself `age` seconds ago, or never.
fn mint(api: &dyn Api, name: &str, age: Option<i64>) -> String {
    let now = api.now();
    let proof = age.map(|age| Proof::of_password(now - age));
    let session = Session { sid: "proved".to_owned(), lifetime: 0, proof };
    token::issue(&keys(SECRET), id(api, name), 0, &session, now, 60).unwrap()
}

fn reauthenticate(token: &str, body: &str) -> Request {
    Request::post("/api/user/reauthenticate", body).token(token)
}

fn patch(token: &str, fields: &str) -> Request {
    Request::put(&format!(r#"{{"user":{fields}}}"#)).token(token)
}

fn with<'a>(mut vars: Vars<'a>, name: &'a str, value: &'a str) -> Vars<'a> {
    vars.insert(name, value);
    vars
}

pub fn a_session_carries_its_last_proof(start: Start) {
    let api = start(django());
    let registered = register(&*api, "proof-claims");
    let begun = api.send(&login("proof-claims@x.io", "jakejake")).token();
    for token in [&registered, &begun] {
        let proof = proof(&*api, token).unwrap();
        assert_eq!(proof.methods, [Method::Password]);
        assert!((api.now() - 60..=api.now()).contains(&proof.at), "{proof:?}");
    }
    let old = mint(&*api, "proof-claims", Some(5_000));
    let fresh = api.send(&Request::get("/api/user").token(&old)).token();
    assert_eq!(proof(&*api, &fresh), proof(&*api, &old));
    let changed = api.send(&patch(&fresh, r#"{"bio":"x"}"#)).token();
    assert_eq!(proof(&*api, &changed), proof(&*api, &old), "a change that needs no proof renews none");

    // Tokens of other libraries: without a time nothing is proved, whatever else they mean by the claims.
    let id = id(&*api, "proof-claims");
    for (claims, expected) in [
        (r#""x":1"#, None),
        (r#""amr":["pwd"]"#, None),
        (r#""auth_time":"1","amr":["pwd"]"#, None),
        (r#""auth_time":-1"#, None),
        (r#""auth_time":1.5"#, None),
        (r#""auth_time":7"#, None),
        (r#""auth_time":7,"amr":{"pwd":1}"#, None),
        (r#""auth_time":7,"amr":[]"#, Some(Proof { at: 7, methods: Vec::new() })),
        (r#""auth_time":7,"amr":["face","pwd"]"#, Some(Proof::of_password(7))),
    ] {
        let foreign = signed(&format!(r#"{{"id":{id},"exp":9000000000,{claims}}}"#));
        let fresh = api.send(&Request::get("/api/user").token(&foreign)).token();
        assert_eq!(proof(&*api, &fresh), expected, "{claims}");
    }
}

pub fn a_password_renews_the_proof(start: Start) {
    for vars in [django(), realworld()] {
        let api = start(vars);
        register(&*api, "renew");
        let old = mint(&*api, "renew", Some(5_000));
        // An email beside the password is not read, nor is another field.
        for body in [
            r#"{"user":{"password":"jakejake"}}"#,
            r#"{"user":{"password":" jakejake ","email":"other@x.io","x":[]},"y":1}"#,
        ] {
            let answer = api.send(&reauthenticate(&old, body));
            let token = answer.token();
            let user = r#"{"user":{"email":"renew@x.io","username":"renew","bio":null,"image":null,"token":"#;
            answer.is(200, &format!(r#"{user}"{token}"}}}}"#));
            let renewed = read(&*api, &token);
            assert_eq!(renewed.session.sid, "proved", "the session goes on");
            let proof = renewed.session.proof.unwrap();
            assert!((api.now() - 60..=api.now()).contains(&proof.at), "{proof:?}");
            assert_eq!(api.send(&Request::get("/api/user").token(&token)).status, 200);
        }
        assert_eq!(api.send(&Request::get("/api/user").token(&old)).status, 200, "it refuses no token");
    }
}

pub fn a_wrong_password_renews_nothing_and_is_counted(start: Start) {
    let api = start(django());
    let token = register(&*api, "renew-wrong");
    let other = r#"{"user":{"username":"renew-other","email":"renew-other@x.io","password":"of another"}}"#;
    assert_eq!(api.send(&Request::post("/api/users", other)).status, 201);
    let of_other = r#"{"user":{"password":"of another","email":"renew-other@x.io"}}"#;
    api.send(&reauthenticate(&token, of_other).header("CF-Connecting-IP", "192.0.2.59"))
        .is(400, r#"{"errors":{"password":["Invalid password."]}}"#);
    for (body, errors) in [
        ("", r#"{"user":["This field is required."]}"#),
        ("{}", r#"{"user":["This field is required."]}"#),
        (r#"{"password":"jakejake"}"#, r#"{"user":["This field is required."]}"#),
        (r#"{"user":{}}"#, r#"{"password":["This field is required."]}"#),
        (r#"{"user":{"password":null}}"#, r#"{"password":["This field may not be null."]}"#),
        (r#"{"user":{"password":" "}}"#, r#"{"password":["This field may not be blank."]}"#),
        (r#"{"user":{"password":[]}}"#, r#"{"password":["Not a valid string."]}"#),
        (r#"{"user":null}"#, r#"{"error":["No data provided"]}"#),
    ] {
        api.send(&reauthenticate(&token, body)).is(400, &format!(r#"{{"errors":{errors}}}"#));
    }
    for token in ["", "x"] {
        let answer = api.send(&reauthenticate(token, r#"{"user":{"password":"jakejake"}}"#));
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    let guess = |ip: &str, password: &str| {
        let body = format!(r#"{{"user":{{"password":"{password}"}}}}"#);
        api.send(&reauthenticate(&token, &body).header("CF-Connecting-IP", ip))
    };
    for _ in 0..10 {
        guess("192.0.2.60", "wrong password").is(400, r#"{"errors":{"password":["Invalid password."]}}"#);
    }
    is_throttled(&guess("192.0.2.60", "jakejake"), 900);
    assert_eq!(guess("192.0.2.61", "jakejake").status, 200);
    // They are failures of logins, and failures of logins are theirs.
    is_throttled(&api.send(&from("192.0.2.60", "renew-wrong@x.io", "jakejake")), 900);
    for _ in 0..10 {
        api.send(&from("192.0.2.62", "renew-wrong@x.io", "wrong password")).is(400, WRONG);
    }
    is_throttled(&guess("192.0.2.62", "jakejake"), 900);

    let api = start(realworld());
    let token = register(&*api, "renew-wrong");
    api.send(&reauthenticate(&token, r#"{"user":{"password":"wrong password"}}"#))
        .is(422, r#"{"errors":{"password":["is invalid"]}}"#);
    api.send(&reauthenticate(&token, "")).is(422, r#"{"errors":{"user":["can't be blank"]}}"#);
}

pub fn sensitive_requests_ask_for_a_recent_proof(start: Start) {
    let api = start(with(django(), "REAUTHENTICATE_MINUTES", "10"));
    register(&*api, "sensitive");
    register(&*api, "sensitive-taken");
    let new_email = r#"{"email":"sensitive2@x.io"}"#;
    let new_password = r#"{"password":"jakejake2"}"#;
    let delete = |token: &str, body: &str| Request::new("DELETE", "/api/user").token(token).json(body);
    // An hour ahead, or in milliseconds: no time of a proof.
    for age in [None, Some(5_000), Some(-3_600), Some(-1_800_000_000_000)] {
        let old = mint(&*api, "sensitive", age);
        for change in [
            new_email,
            new_password,
            r#"{"bio":"x","email":"sensitive2@x.io"}"#,
            // Neither uniqueness nor the password in force is told.
            r#"{"email":"sensitive-taken@x.io"}"#,
            r#"{"password":"jakejake"}"#,
        ] {
            api.send(&patch(&old, change)).is(403, OLD_PROOF);
        }
        for body in ["", "{}", r#"{"user":{}}"#] {
            api.send(&delete(&old, body)).is(403, OLD_PROOF);
        }
        // The fields come first, and the token before them.
        api.send(&patch(&old, r#"{"email":"x"}"#))
            .is(400, r#"{"errors":{"email":["Enter a valid email address."]}}"#);
        api.send(&patch("x", new_email)).is(401, INVALID);
        api.send(&delete("x", "")).is(401, INVALID);
        // What it does not protect.
        for change in [
            r#"{"email":"sensitive@x.io"}"#,
            r#"{"username":"sensitive-2"}"#,
            r#"{"username":"sensitive"}"#,
            r#"{"bio":"y"}"#,
            r#"{"image":null}"#,
        ] {
            assert_eq!(api.send(&patch(&old, change)).status, 200, "{change}");
        }
        // The password in force is a proof, and nothing else is.
        api.send(&patch(&old, r#"{"email":"sensitive2@x.io","current_password":"wrong password"}"#))
            .is(400, r#"{"errors":{"current_password":["Invalid password."]}}"#);
        let proved = api.send(&patch(&old, r#"{"email":"sensitive2@x.io","current_password":"jakejake"}"#));
        assert_eq!(proved.status, 200, "{}", proved.body);
        // That was a proof, which the session carries on.
        assert_eq!(api.send(&patch(&proved.token(), r#"{"email":"sensitive@x.io"}"#)).status, 200);
    }
    assert_eq!(api.sql("SELECT count(*) FROM users WHERE email = 'sensitive2@x.io'").unwrap(), "0");
    let old = mint(&*api, "sensitive", Some(5_000));
    let renewed = api.send(&reauthenticate(&old, r#"{"user":{"password":"jakejake"}}"#)).token();
    let changed = api.send(&patch(&renewed, new_email));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let recent = mint(&*api, "sensitive", Some(500));
    let changed = api.send(&patch(&recent, new_password));
    assert_eq!(changed.status, 200, "{}", changed.body);
    api.send(&delete(&changed.token(), "")).is(204, "");

    let api = start(with(realworld(), "REAUTHENTICATE_MINUTES", "10"));
    register(&*api, "sensitive");
    let old = mint(&*api, "sensitive", Some(5_000));
    let old_proof = r#"{"errors":{"session":["must be reauthenticated"]}}"#;
    api.send(&patch(&old, new_password)).is(403, old_proof);
    api.send(&delete(&old, "")).is(403, old_proof);
    api.send(&delete(&old, r#"{"user":{"current_password":"jakejake"}}"#)).is(204, "");
    api.send(&delete(&old, "")).is(403, r#"{"errors":{"account":["is deactivated"]}}"#);
}

pub fn nothing_is_asked_where_no_limit_is_set(start: Start) {
    let api = start(django());
    register(&*api, "unasked");
    for (age, change) in
        [(None, r#"{"email":"unasked2@x.io"}"#), (Some(1_000_000_000), r#"{"email":"unasked3@x.io"}"#)]
    {
        assert_eq!(api.send(&patch(&mint(&*api, "unasked", age), change)).status, 200);
    }
    api.send(&Request::new("DELETE", "/api/user").token(&mint(&*api, "unasked", None))).is(204, "");
}

pub fn a_session_ends_by_its_age(start: Start) {
    let api = start(with(django(), "SESSION_MAX_DAYS", "2"));
    let new = register(&*api, "aged");
    for (token, is_good) in [
        (new.clone(), true),
        (mint(&*api, "aged", Some(100_000)), true),
        (mint(&*api, "aged", Some(2 * 86_400 + 60)), false),
        (mint(&*api, "aged", None), false),
    ] {
        let answer = api.send(&Request::get("/api/user").token(&token));
        if !is_good {
            answer.is(401, INVALID);
            api.send(&reauthenticate(&token, r#"{"user":{"password":"jakejake"}}"#)).is(401, INVALID);
            api.send(&Request::new("POST", "/api/users/logout").token(&token)).is(401, INVALID);
            continue;
        }
        // No fresh token outlives the session.
        let end = proof(&*api, &token).unwrap().at + 2 * 86_400;
        let fresh = answer.token();
        assert!(token::verify(&keys(SECRET), &fresh, end - 1).is_ok());
        assert!(token::verify(&keys(SECRET), &fresh, end).is_err());
    }
}
