//! Authenticator apps and recovery codes: set up, listed, replaced and removed.

use serde_json::{Value, json};

use super::factor::{
    INVALID_CODE, NOT_FOUND, OLD_PROOF, amr, claims, factor, json_of, with_everything, without_mail,
};
use super::mailbox::Person;
use super::{Request, Start, django, with_mail};

fn person(start: Start, name: &str) -> Person {
    Person::register(&start(without_mail()), name)
}

pub fn an_app_is_set_up(start: Start) {
    let mut person = person(start, "app-set-up");
    let before = person.credentials();
    assert_eq!(before["credentials"], json!([]));
    assert_eq!(before["proof"], json!(true));

    let answer = person.add(&json!({ "type": "totp" }));
    assert_eq!(answer.status, 201);
    let credential = json_of(&answer)["credential"].clone();
    let (id, secret) = (credential["id"].as_i64().unwrap(), credential["secret"].as_str().unwrap());
    assert!(secret.len() == 32 && !secret.contains('='), "{secret}");
    let uri = format!("otpauth://totp/Latchkey:app-set-up%40x.io?secret={secret}&issuer=Latchkey");
    answer.is(
        201,
        &format!(r#"{{"credential":{{"id":{id},"type":"totp","secret":"{secret}","uri":"{uri}"}}}}"#),
    );
    // Until it is confirmed nothing is on.
    assert_eq!(person.credentials()["credentials"], json!([]));
    assert_eq!(amr(&person.login("jakejake")), json!(["pwd"]));

    let app = person.add_app(); // in place of the one that waits
    assert_ne!(app.id, id);
    person.change(id, &json!({ "code": "123456" })).is(404, NOT_FOUND);
    person.change(app.id, &json!({ "code": app.wrong_code(&person) })).is(400, INVALID_CODE);
    person.change(app.id, &json!({})).is(400, r#"{"errors":{"code":["This field is required."]}}"#);
    person
        .change(app.id, &json!({ "code": "" }))
        .is(400, r#"{"errors":{"code":["This field may not be blank."]}}"#);

    let (other, old) = (person.login("jakejake").token(), person.token.clone());
    let spaced = format!(" {} {} ", &app.code(&person, 0)[..3], &app.code(&person, 0)[3..]);
    let answer = person.change(app.id, &json!({ "code": spaced }));
    let body = json_of(&answer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["credential", "recovery", "user"]);
    let codes: Vec<String> = serde_json::from_value(body["recovery"].clone()).unwrap();
    assert_eq!(codes.len(), 8);
    assert!(codes.iter().all(|code| code.len() == 29), "{codes:?}");
    let credential = &body["credential"];
    assert_eq!(
        (&credential["id"], &credential["type"], &credential["name"]),
        (&json!(app.id), &json!("totp"), &Value::Null)
    );
    assert!(credential["used"].is_string() && credential["created"].is_string());
    // This session goes on, with both factors; older tokens of it and every other session have ended.
    assert_eq!(amr(&answer), json!(["pwd", "mfa"]));
    assert_eq!(claims(&answer.token())["auth_time"], claims(&old)["auth_time"]);
    for token in [&other, &old] {
        assert_eq!(person.send(&Request::get("/api/user").token(token)).status, 401);
    }
    assert_eq!(person.send(&Request::get("/api/user").token(&person.token)).status, 200);
    // The code that confirmed it is used.
    let step = factor(&person.login("jakejake"));
    assert_eq!(step["types"], json!(["totp", "recovery"]));
    let proof = json!({ "secret": step["secret"], "code": app.code(&person, 0) });
    person.prove(&proof).is(400, INVALID_CODE);
    // Confirmed is confirmed.
    person.change(app.id, &json!({ "code": app.code(&person, 1) })).is(404, NOT_FOUND);

    let listed = person.credentials()["credentials"].clone();
    let types: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(types.iter().filter(|of_type| **of_type == "recovery").count(), 8);
    assert_eq!(types.len(), 9);
    let text = listed.to_string();
    assert!(!text.contains(secret) && !text.contains(&codes[0]), "{text}");
}

pub fn a_new_app_replaces_the_old_one_and_its_codes(start: Start) {
    let mut person = person(start, "app-replaced");
    let old = person.set_up_app();
    let new = person.set_up_app();
    assert_ne!(old.seed, new.seed);
    person.forget_steps();
    for (code, is_right) in [
        (old.code(&person, 0), false),
        (old.recovery[0].clone(), false),
        (new.code(&person, 0), true),
        (new.recovery[0].clone(), true),
    ] {
        let secret = factor(&person.login("jakejake"))["secret"].clone();
        let answer = person.prove(&json!({ "secret": secret, "code": code }));
        assert_eq!(answer.status, if is_right { 200 } else { 400 }, "{code}: {}", answer.body);
    }
    assert_eq!(person.credentials()["credentials"].as_array().unwrap().len(), 9);
}

pub fn an_app_that_waits_ends_with_the_sessions(start: Start) {
    let mut person = person(start, "app-waits");
    let app = person.add_app();
    let code = app.code(&person, 0);
    let answer = person.patch(&json!({ "password": "another one" }));
    assert_eq!(answer.status, 200);
    person.change(app.id, &json!({ "code": code })).is(404, NOT_FOUND);
    assert_eq!(amr(&person.login("another one")), json!(["pwd"]));
}

pub fn recovery_codes_are_replaced(start: Start) {
    let mut person = person(start, "codes-replaced");
    let no_app = r#"{"errors":{"type":["\"recovery\" is not a valid choice."]}}"#;
    person.add(&json!({ "type": "recovery" })).is(400, no_app);
    person.add_app();
    person.add(&json!({ "type": "recovery" })).is(400, no_app);
    let app = person.set_up_app();
    let answer = person.add(&json!({ "type": "recovery" }));
    assert_eq!(answer.status, 201, "{}", answer.body);
    let body = json_of(&answer);
    let codes: Vec<String> = serde_json::from_value(body["recovery"].clone()).unwrap();
    assert_eq!((codes.len(), body.as_object().unwrap().len()), (8, 1));
    let try_code = |person: &Person, code: &str| {
        let secret = factor(&person.login("jakejake"))["secret"].clone();
        person.prove(&json!({ "secret": secret, "code": code }))
    };
    try_code(&person, &app.recovery[0]).is(400, INVALID_CODE);
    // In whatever case and groups it is typed, once.
    assert_eq!(
        amr(&try_code(&person, &codes[0].to_lowercase().replace('-', " "))),
        json!(["pwd", "otp", "mfa"])
    );
    try_code(&person, &codes[0]).is(400, INVALID_CODE);
    let listed = person.credentials()["credentials"].clone();
    let spent =
        listed.as_array().unwrap().iter().filter(|one| one["type"] == "recovery" && one["used"].is_string());
    assert_eq!(spent.count(), 1);
}

pub fn an_app_is_removed_with_its_codes(start: Start) {
    let mut person = person(start, "app-removed");
    let app = person.set_up_app();
    person.remove(app.id).is(204, "");
    person.remove(app.id).is(404, NOT_FOUND);
    assert_eq!(person.credentials()["credentials"], json!([]));
    assert_eq!(amr(&person.login("jakejake")), json!(["pwd"]));
    // One that waits can be dropped.
    let app = person.add_app();
    person.remove(app.id).is(204, "");
    person.change(app.id, &json!({ "code": app.code(&person, 0) })).is(404, NOT_FOUND);
}

pub fn a_credential_of_another_user_is_not_found(start: Start) {
    let api = start(without_mail());
    let mut owner = Person::register(&api, "credential-owner");
    let mut thief = Person::register(&api, "credential-thief");
    let app = owner.set_up_app();
    let waiting = owner.add_app();
    let passkey = owner.add_passkey(latchkey::platform::SignatureAlgorithm::Es256);
    let listed = owner.credentials()["credentials"].clone();
    let mut ids: Vec<i64> =
        listed.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 10);
    ids.push(waiting.id);
    for id in ids {
        thief.change(id, &json!({ "code": waiting.code(&owner, 0), "name": "Mine" })).is(404, NOT_FOUND);
        thief.remove(id).is(404, NOT_FOUND);
    }
    assert_eq!(owner.credentials()["credentials"], listed);
    assert_eq!(
        amr(&owner.prove(&json!({ "passkey": passkey.get(&owner.options()) }))),
        json!(["swk", "user", "mfa"])
    );
    assert!(app.id > 0);
    let token = thief.token.clone();
    for id in ["0", "01", "-1", "1.0", "1e3", "x", "%31", "9007199254740992", "99999999999999999999", "+1"] {
        let path = format!("/api/user/credentials/{id}");
        for method in ["PATCH", "DELETE"] {
            let call = Request::new(method, &path).json(r#"{"credential":{"name":"x"}}"#).token(&token);
            thief.send(&call).is(404, NOT_FOUND);
        }
    }
}

pub fn a_stolen_token_changes_no_credentials(start: Start) {
    let api = start(without_mail());
    let mut person = Person::register(&api, "stolen-token");
    let minted = super::mint(super::SECRET, super::id(&*api, "stolen-token"), 0, api.now());
    let own = std::mem::replace(&mut person.token, minted); // which proved nothing
    for credential in [json!({ "type": "totp" }), json!({ "type": "recovery" })] {
        person.add(&credential).is(403, OLD_PROOF);
    }
    let response = json!({ "type": "passkey", "name": "x", "response": {} });
    person.add(&response).is(403, OLD_PROOF);
    person.change(7, &json!({ "code": "123456" })).is(403, OLD_PROOF);
    person.remove(7).is(403, OLD_PROOF);
    let listed = person.credentials();
    assert_eq!((&listed["proof"], &listed["passkey"]), (&json!(false), &Value::Null));
    // Of a user with a second factor a proof without it is none.
    person.token = own;
    let app = person.set_up_app();
    let with_both = person.token.clone();
    let (id, now) = (super::id(&*api, "stolen-token"), api.now());
    let password_alone = latchkey::auth::session::Session {
        sid: "one-factor".to_owned(),
        lifetime: 0,
        proof: Some(latchkey::auth::session::Proof::of_password(now)),
    };
    let version: i64 =
        api.sql(&format!("SELECT token_version FROM users WHERE id = {id}")).unwrap().parse().unwrap();
    let keys = super::keys(super::SECRET);
    person.token = latchkey::auth::token::issue(&keys, id, version, &password_alone, now, 60).unwrap();
    person.remove(app.id).is(403, OLD_PROOF);
    person.add(&json!({ "type": "totp" })).is(403, OLD_PROOF);
    person.patch(&json!({ "password": "another one" })).is(403, OLD_PROOF);
    person.patch(&json!({ "email": "stolen@x.io" })).is(403, OLD_PROOF);
    // The password is checked, and does not count.
    person.patch(&json!({ "password": "another one", "current_password": "jakejake" })).is(403, OLD_PROOF);
    person.with_token("DELETE", "/api/user", &Value::Null).is(403, OLD_PROOF);
    let body = json!({ "user": { "current_password": "jakejake" } });
    person.with_token("DELETE", "/api/user", &body).is(403, OLD_PROOF);
    assert_eq!(person.patch(&json!({ "bio": "not sensitive" })).status, 200);
    person.token = with_both;
    let wrong = json!({ "password": "another one", "current_password": "jakejakf" });
    person.patch(&wrong).is(400, r#"{"errors":{"current_password":["Invalid password."]}}"#);
    assert_eq!(person.patch(&json!({ "password": "another one" })).status, 200);
    person.with_token("DELETE", "/api/user", &Value::Null).is(204, "");
}

pub fn what_is_no_credential_gets_an_error(start: Start) {
    let mut person = person(start, "no-credential");
    let required = |field: &str| format!(r#"{{"errors":{{"{field}":["This field is required."]}}}}"#);
    for body in [json!({}), json!({ "user": {} }), Value::Null] {
        person.with_token("POST", "/api/user/credentials", &body).is(400, &required("credential"));
        person.with_token("PATCH", "/api/user/credentials/7", &body).is(400, &required("credential"));
    }
    for (credential, error) in [
        (json!({}), required("type")),
        (json!({ "type": "x" }), r#"{"errors":{"type":["\"x\" is not a valid choice."]}}"#.to_owned()),
        (json!({ "type": null }), r#"{"errors":{"type":["This field may not be null."]}}"#.to_owned()),
        (json!({ "type": ["totp"] }), r#"{"errors":{"type":["Not a valid string."]}}"#.to_owned()),
        (json!({ "type": "passkey", "name": "x" }), required("response")),
        (json!({ "type": "passkey", "response": {} }), required("name")),
        (
            json!({ "type": "passkey", "name": "x".repeat(65), "response": {} }),
            r#"{"errors":{"name":["Ensure this field has no more than 64 characters."]}}"#.to_owned(),
        ),
        (
            json!({ "type": "passkey", "name": "x", "response": null }),
            r#"{"errors":{"response":["This field may not be null."]}}"#.to_owned(),
        ),
        (
            json!({ "type": "passkey", "name": "x", "response": "y" }),
            r#"{"errors":{"passkey":["Invalid passkey."]}}"#.to_owned(),
        ),
    ] {
        person.add(&credential).is(400, &error);
    }
    assert_eq!(person.send(&Request::get("/api/user/credentials")).status, 401);
}

pub fn what_is_off_is_not_there(start: Start) {
    let api = start(django());
    let mut person = Person::register(&api, "credentials-off");
    for method in ["GET", "POST", "DELETE", "OPTIONS"] {
        person.with_token(method, "/api/user/credentials", &Value::Null).is(404, NOT_FOUND);
    }
    person.remove(7).is(404, NOT_FOUND);
    let methods = r#"{"methods":{"password":true,"reset":false,"sign_in":false,"passkey":null}}"#;
    person.send(&Request::get("/api/users/methods")).is(200, methods);
    // With mail alone there is the email to be seen, and nothing to be added.
    let api = start(with_mail());
    let mut person = Person::verified(&api, "credentials-mail-only");
    assert_eq!(person.credentials()["credentials"], json!([]));
    for of_type in ["totp", "recovery", "passkey"] {
        let error = format!(r#"{{"errors":{{"type":["\"{of_type}\" is not a valid choice."]}}}}"#);
        person.add(&json!({ "type": of_type })).is(400, &error);
    }
    // Without a relying party there are no passkeys.
    let mut vars = without_mail();
    vars.remove("PASSKEY_RP_ID");
    let mut person = Person::register(&start(vars), "passkeys-off");
    let error = r#"{"errors":{"type":["\"passkey\" is not a valid choice."]}}"#;
    person.add(&json!({ "type": "passkey", "name": "x", "response": {} })).is(400, error);
    assert_eq!(person.credentials()["passkey"], Value::Null);
    person.set_up_app();
}

pub fn with_mail_credentials_need_a_verified_address(start: Start) {
    let api = start(with_everything());
    let mut person = Person::register(&api, "unverified-credentials");
    let unverified = r#"{"user":{"detail":"Verify your email first."}}"#;
    person.add(&json!({ "type": "totp" })).is(403, unverified);
    let options = person.credentials()["passkey"].clone();
    let mut authenticator = super::authenticator::Authenticator::new(
        latchkey::platform::SignatureAlgorithm::EdDsa,
        super::factor::ORIGIN,
    );
    let response = authenticator.create(&options);
    person.add(&json!({ "type": "passkey", "name": "x", "response": response })).is(403, unverified);
    let secret = person.secret();
    person.verify(&secret);
    person.set_up_app();
}
