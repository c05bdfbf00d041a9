//! The `Authorization` header and the token in it.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use latchkey::auth::token::verify;

use super::{Api, Request, Response, SECRET, Start, django, id, keys, realworld, register, token};

const MISSING: &str = r#"{"user":{"detail":"Authentication credentials were not provided."}}"#;
const INVALID: &str = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
const NOBODY: &str = r#"{"user":{"detail":"No user matching this token was found."}}"#;

fn get(api: &dyn Api, authorization: &str) -> Response {
    api.send(&Request::get("/api/user").header("Authorization", authorization))
}

/// A token with these claims, as PyJWT would make it.
pub fn signed(claims: &str) -> String {
    use jwt_compact::Algorithm as _;
    use jwt_compact::alg::{Hs256, Hs256Key};

    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let data = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"HS256"}"#), encode(claims));
    let signature = Hs256.sign(&Hs256Key::new(SECRET), data.as_bytes());
    let signature = jwt_compact::AlgorithmSignature::as_bytes(&signature).into_owned();
    format!("{data}.{}", Base64UrlUnpadded::encode_string(&signature))
}

pub fn the_header_carries_the_token(start: Start) {
    let api = start(django());
    let token = register(&*api, "header");
    for scheme in ["Token", "token", "TOKEN", "Bearer", "bearer"] {
        let answer = get(&*api, &format!("{scheme} {token}"));
        assert_eq!(answer.status, 200, "{scheme}");
    }
    for header in [
        "Token",
        "Bearer",
        &token,
        &format!("Token {token} x"),
        &format!("Token {token}, Token {token}"),
        &format!("Basic {token}"),
        &format!("Token{token}"),
        "",
    ] {
        get(&*api, header).is(401, MISSING);
    }
    api.send(&Request::get("/api/user")).is(401, MISSING);

    let api = start(realworld());
    get(&*api, "Token").is(401, r#"{"errors":{"token":["is missing"]}}"#);
    get(&*api, "Token x").is(401, r#"{"errors":{"token":["is invalid"]}}"#);
}

pub fn a_token_of_another_library_needs_only_id_and_exp(start: Start) {
    let api = start(django());
    register(&*api, "pyjwt");
    let (id, exp) = (id(&*api, "pyjwt"), api.now() + 60);
    for claims in [
        format!(r#"{{"id":{id},"exp":{exp}}}"#),
        format!(r#"{{"id": {id}, "exp": {exp}.5}}"#),
        format!(r#"{{"exp":{exp},"id":{id},"username":"x","iat":"whenever"}}"#),
    ] {
        let answer = get(&*api, &format!("Token {}", signed(&claims)));
        answer.is_user(200, r#""pyjwt@x.io""#, r#""pyjwt""#, "null", "null");
    }
}

pub fn a_token_that_is_not_good_is_refused(start: Start) {
    let api = start(django());
    register(&*api, "refused");
    let (id, now) = (id(&*api, "refused"), api.now());
    let exp = now + 60;
    for claims in [
        format!(r#"{{"id":{id}}}"#),
        format!(r#"{{"id":{id},"exp":{now}}}"#),
        format!(r#"{{"id":{id},"exp":-1}}"#),
        format!(r#"{{"id":{id},"exp":{exp},"nbf":{exp}}}"#),
        format!(r#"{{"id":"{id}","exp":{exp}}}"#),
        format!(r#"{{"id":{id}.0,"exp":{exp}}}"#),
        format!(r#"{{"exp":{exp}}}"#),
        "[]".to_owned(),
        "x".to_owned(),
    ] {
        get(&*api, &format!("Token {}", signed(&claims))).is(401, INVALID);
    }
    for id in ["0", "-1", "987654321", "9007199254740993", "123456789012345678901234567890"] {
        let claims = format!(r#"{{"id":{id},"exp":{exp}}}"#);
        get(&*api, &format!("Token {}", signed(&claims))).is(401, NOBODY);
    }
    let good = token(&*api, id);
    for token in
        ["x", "a.b.c", "..", &good[1..], &good[..good.len() - 1], &format!("{good}x"), &"x".repeat(10_000)]
    {
        get(&*api, &format!("Token {token}")).is(401, INVALID);
    }
}

pub fn a_session_keeps_its_name(start: Start) {
    let api = start(django());
    let sid = |token: &str| verify(&keys(SECRET), token, api.now()).unwrap().session.sid;
    let registered = register(&*api, "session");
    let call =
        Request::post("/api/users/login", r#"{"user":{"email":"session@x.io","password":"jakejake"}}"#);
    let logged_in = api.send(&call).token();
    assert_ne!(sid(&registered), sid(&logged_in));
    for token in [&registered, &logged_in] {
        let read = api.send(&Request::get("/api/user").token(token)).token();
        assert_eq!(sid(&read), sid(token));
        let updated = api.send(&Request::put(r#"{"user":{"bio":"b"}}"#).token(&read)).token();
        assert_eq!(sid(&updated), sid(token));
    }
    let foreign = signed(&format!(r#"{{"id":{},"exp":{}}}"#, id(&*api, "session"), api.now() + 60));
    let fresh = api.send(&Request::get("/api/user").token(&foreign)).token();
    assert_eq!(sid(&fresh), sid(&foreign));
}

pub fn tokens_live_as_long_as_configured(start: Start) {
    for (vars, days) in [(django(), 60), (realworld(), 1)] {
        let api = start(vars);
        let token = register(&*api, "ttl");
        let payload = token.split('.').nth(1).unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap();
        let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert_eq!(expires - issued, days * 86_400);
        assert!((api.now() - issued).abs() <= 60, "issued at {issued}");
        assert_eq!(claims["id"], id(&*api, "ttl"));
    }
}
