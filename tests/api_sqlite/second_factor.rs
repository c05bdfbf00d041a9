//! Second factors while the configuration changes, and what requests with them cost.

use std::collections::BTreeSet;
use std::rc::Rc;

use latchkey::auth::totp;
use latchkey::jobs::purge;
use latchkey::platform::SignatureAlgorithm;
use serde_json::json;

use super::api::authenticator::{Authenticator, BE, BS, UP};
use super::api::factor::{INVALID_CODE, INVALID_PASSKEY, ORIGIN, amr, factor, with_everything, without_mail};
use super::api::mailbox::Person;
use super::api::vectors::base64;
use super::api::{Api, Request, Vars};
use super::{EVENTS, NOW, Native, config};

/// The same database with other variables.
fn restarted(before: &Native, vars: &Vars<'_>) -> Rc<Native> {
    let mut after = Native::new(Vars::new());
    after.config = config(vars);
    after.platform.db = before.platform.db.copy();
    Rc::new(after)
}

#[test]
fn taking_a_variable_away_lets_nobody_in() {
    let mut vars = without_mail();
    let native = Rc::new(Native::new(vars.clone()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "variables-gone");
    let app = person.set_up_app();
    let passkey = person.add_passkey(SignatureAlgorithm::Es256);
    let unverified = Authenticator { flags: UP | BE | BS, ..passkey.clone() };
    let options = [person.options(), person.options(), person.options()];

    vars.remove("DATA_SECRET");
    let without_seeds = restarted(&native, &vars);
    person.api = without_seeds.clone();
    person.forget_steps();
    let step = factor(&person.login("jakejake"));
    assert_eq!(step["types"], json!(["totp", "recovery", "passkey"]));
    person.prove(&json!({ "secret": step["secret"], "code": app.code(&person, 0) })).is(400, INVALID_CODE);
    let answer = person.prove(&json!({ "secret": step["secret"], "passkey": unverified.get(&options[0]) }));
    assert_eq!(amr(&answer), json!(["pwd", "swk", "mfa"]));
    let answer = person.prove(&json!({ "passkey": passkey.get(&options[1]) }));
    assert_eq!(amr(&answer), json!(["swk", "user", "mfa"]));

    vars.remove("PASSKEY_RP_ID");
    person.api = restarted(&without_seeds, &vars);
    let step = factor(&person.login("jakejake"));
    assert_eq!(step["types"], json!(["totp", "recovery"]));
    let answer = person.prove(&json!({ "secret": step["secret"], "passkey": passkey.get(&options[2]) }));
    answer.is(400, INVALID_PASSKEY);
    // Where no passkey is accepted, one in a body is a field like any other.
    let required =
        r#"{"errors":{"email":["This field is required."],"password":["This field is required."]}}"#;
    person.prove(&json!({ "passkey": passkey.get(&options[2]) })).is(400, required);
    let answer = person.prove(&json!({ "secret": step["secret"], "code": app.recovery[0] }));
    assert_eq!(amr(&answer), json!(["pwd", "otp", "mfa"]));
}

#[test]
fn a_seed_is_sealed_again_when_it_is_used() {
    let mut vars = without_mail();
    let native = Rc::new(Native::new(vars.clone()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "seed-rotated");
    let app = person.set_up_app();
    let old = vars.insert("DATA_SECRET", "a new secret of the tests, of 32 bytes or more").unwrap();
    vars.insert("DATA_SECRET_PREVIOUS", old);
    let rotated = restarted(&native, &vars);
    person.api = rotated.clone();
    let log_in = |person: &Person| {
        person.forget_steps();
        let secret = factor(&person.login("jakejake"))["secret"].clone();
        person.prove(&json!({ "secret": secret, "code": app.code(person, 0) }))
    };
    let sealed = || rotated.sql("SELECT secret FROM credentials WHERE type = 'totp'");
    let before = sealed();
    assert_eq!(log_in(&person).status, 200);
    let after = sealed();
    assert_ne!(after, before);
    assert_eq!(log_in(&person).status, 200);
    assert_eq!(sealed(), after);
    vars.remove("DATA_SECRET_PREVIOUS");
    let without_previous = restarted(&rotated, &vars);
    person.api = without_previous.clone();
    assert_eq!(log_in(&person).status, 200);
    // A seal is good in its own place only.
    without_previous.sql("UPDATE credentials SET id = id + 1 WHERE type = 'totp'");
    log_in(&person).is(400, INVALID_CODE);
}

/// Calls of the database by a request, before its response.
fn cost(native: &Native, send: impl FnOnce() -> u16) -> (usize, u16) {
    let before = native.platform.db.calls.get();
    let status = send();
    // Without what is done after the response: the record of the session.
    (native.platform.db.calls.get() - before, status)
}

#[test]
fn a_second_step_and_a_passkey_take_two_calls_each() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-cost");
    let app = person.set_up_app();
    person.forget_steps();
    let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    let mut secret = json!(null);
    let cost_of_password = cost(&native, || {
        let answer = person.login("jakejake");
        secret = factor(&answer)["secret"].clone();
        answer.status
    });
    assert_eq!(cost_of_password, (2, 401));
    let code = app.code(&person, 0);
    // And one for the record of the session, after the response.
    assert_eq!(cost(&native, || person.prove(&json!({ "secret": secret, "code": code })).status), (3, 200));
    let proof = json!({ "passkey": passkey.get(&person.options()) });
    assert_eq!(cost(&native, || person.prove(&proof).status), (3, 200));
}

#[test]
fn a_right_password_alone_clears_no_failures_and_is_none() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-failures");
    let app = person.set_up_app();
    person.forget_steps();
    person.login("jakejakf");
    let failures = || native.sql("SELECT count(*) || ' ' || sum(count) FROM login_failures");
    let before = failures();
    assert_eq!(before.as_deref(), Some("2 2"));
    let secret = factor(&person.login("jakejake"))["secret"].clone();
    assert_eq!(failures(), before);
    // Of the renewal of a proof too, whose tries are recorded before they are made.
    let renewal = factor(&person.reauthenticate(&json!({ "password": "jakejake" })))["secret"].clone();
    let counted = native.sql("SELECT sum(count) FROM login_failures");
    assert_eq!(counted.as_deref(), Some("2"));
    let code = app.wrong_code(&person);
    person.prove(&json!({ "secret": secret, "code": code })).is(400, INVALID_CODE);
    let answer = person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let left = native.sql("SELECT ifnull(sum(count), 0) FROM login_failures");
    assert_eq!(left.as_deref(), Some("0"), "those of the login and of the factor are cleared together");
    let proof = json!({ "secret": renewal, "code": app.code(&person, 1) });
    assert_eq!(amr(&person.reauthenticate(&proof)), json!(["pwd", "otp", "mfa"]));
}

#[test]
fn a_seed_that_cannot_be_opened_counts_nothing() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "sealed-uncounted");
    let app = person.set_up_app();
    native.sql("UPDATE credentials SET secret = 'AAAA' WHERE type = 'totp'");
    let secret = factor(&person.login("jakejake"))["secret"].clone();
    person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) })).is(400, INVALID_CODE);
    let counted =
        "SELECT (SELECT sum(tries) FROM second_steps) || ' ' || (SELECT sum(count) FROM login_failures)";
    assert_eq!(native.sql(counted).as_deref(), Some("0 0"));
}

#[test]
fn a_wrong_password_costs_the_same_whoever_has_a_second_factor() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-known");
    Person::register(&api, "factor-none");
    person.set_up_app();
    person.add_passkey(SignatureAlgorithm::EdDsa);
    let mut answers = Vec::new();
    for email in ["factor-known@x.io", "factor-none@x.io", "factor-unknown@x.io"] {
        let before = native.platform.db.statements.borrow().len();
        let answer = person.prove(&json!({ "email": email, "password": "jakejakf" }));
        let statements =
            native.platform.db.statements.borrow().iter().skip(before).cloned().collect::<Vec<_>>();
        answers.push((statements, answer.status, answer.body));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[test]
fn no_statement_about_credentials_scans_a_table() {
    let native = Rc::new(Native::new(with_everything()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::verified(&api, "factor-plans");
    let app = person.set_up_app();
    person.forget_steps();
    person.add(&json!({ "type": "recovery" }));
    let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    let unverified = Authenticator { flags: UP | BE | BS, ..passkey.clone() };
    native.platform.db.statements.borrow_mut().clear();
    let steps: Vec<_> = (0..4).map(|_| factor(&person.login("jakejake"))["secret"].clone()).collect();
    person.prove(&json!({ "secret": steps[0], "code": app.wrong_code(&person) }));
    assert_eq!(person.prove(&json!({ "secret": steps[0], "code": app.code(&person, 0) })).status, 200);
    let used = person.prove(&json!({ "secret": steps[1], "passkey": unverified.get(&person.options()) }));
    assert_eq!(used.status, 200);
    person.prove(&json!({ "secret": steps[2], "code": app.recovery[0] }));
    assert_eq!(person.prove(&json!({ "passkey": passkey.get(&person.options()) })).status, 200);
    person.request("/api/users/sign-in");
    person.prove(&json!({ "secret": person.secret() }));
    let listed = person.credentials()["credentials"].clone();
    let id = listed.as_array().unwrap().iter().find(|one| one["type"] == "passkey").unwrap()["id"]
        .as_i64()
        .unwrap();
    person.add_passkey(SignatureAlgorithm::EdDsa);
    assert_eq!(person.change(id, &json!({ "name": "x" })).status, 200);
    assert_eq!(person.remove(id).status, 204);
    person.set_up_app();
    person.add(&json!({ "type": "recovery" }));
    person.with_token("DELETE", "/api/user", &json!(null)).is(204, "");
    pollster::block_on(purge::run(&native.platform, EVENTS, NOW)).unwrap();
    let statements: BTreeSet<_> = native.platform.db.statements.borrow().iter().cloned().collect();
    assert!(statements.len() > 40, "{}", statements.len());
    for statement in statements {
        // The tests' own, which look at what they set up, have no parameters.
        for step in native.platform.db.plan(&statement).iter().filter(|_| statement.contains("?1")) {
            let tables = [
                "users",
                "sessions",
                "login_failures",
                "secrets",
                "credentials",
                "second_steps",
                "used_challenges",
            ];
            let scans = tables
                .iter()
                .any(|table| step == &format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            assert!(!scans, "{step}: {statement}");
        }
    }
}

#[test]
fn a_stolen_database_tells_no_seed_and_no_code() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-stolen");
    let app = person.set_up_app();
    let step = factor(&person.login("jakejake"))["secret"].as_str().unwrap().to_owned();
    let stored = native.sql(
        "SELECT (SELECT group_concat(key || ' ' || ifnull(secret, '')) FROM credentials) || (SELECT group_concat(id || ' ' || token_hash) FROM second_steps)",
    );
    let stored = stored.unwrap();
    let token = step.split_once('.').unwrap().1;
    let hex: String = app.seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let forms = [base64(&app.seed), totp::base32(&app.seed), hex, token.to_owned()];
    let codes = app.recovery.iter().flat_map(|code| [code.clone(), code.replace('-', "")]);
    for secret in forms.into_iter().chain(codes) {
        assert!(!stored.to_lowercase().contains(&secret.to_lowercase()), "{secret}: {stored}");
    }
}

#[test]
fn a_session_that_has_ended_meanwhile_is_not_revived_by_a_passkey() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-revived");
    let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    let proof = json!({ "passkey": passkey.get(&person.options()) });
    let ended = "UPDATE users SET token_version = token_version + 1, surviving_sid = 'another'";
    native.platform.db.before.borrow_mut().push(("SELECT passkey_id", ended));
    person.reauthenticate(&proof).is(400, INVALID_PASSKEY);
    assert_eq!(person.send(&Request::get("/api/user").token(&person.token)).status, 401);
}

#[test]
fn a_login_whose_first_proof_ends_meanwhile_is_refused_as_a_wrong_one() {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-meanwhile");
    person.set_up_app();
    let ended = "UPDATE users SET token_version = token_version + 1";
    native.platform.db.before.borrow_mut().push(("INSERT INTO second_steps", ended));
    let wrong = r#"{"errors":{"error":["A user with this email and password was not found."]}}"#;
    person.login("jakejake").is(400, wrong);
}

#[test]
fn what_is_no_proof_is_counted_as_none() {
    let native = Rc::new(Native::new(with_everything()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::verified(&api, "factor-malformed");
    person.set_up_app();
    let secret = factor(&person.reauthenticate(&json!({ "password": "jakejake" })))["secret"].clone();
    for proof in [
        json!({ "passkey": null }),
        json!({ "passkey": {} }),
        json!({ "secret": secret }),
        json!({ "secret": null }),
    ] {
        for _ in 0..12 {
            assert_eq!(person.reauthenticate(&proof).status, 400, "{proof}");
        }
    }
    // A passkey that is refused for the state of the account spends no challenge.
    person.api.sql("UPDATE users SET email_verified = 0");
    let response =
        Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN).create(&person.credentials()["passkey"]);
    person.add(&json!({ "type": "passkey", "name": "x", "response": response }));
    assert_eq!(native.sql("SELECT count(*) FROM used_challenges").as_deref(), Some("0"));
}

#[test]
fn passkeys_work_on_the_workers_own_pages_if_they_are_under_the_relying_party() {
    let mut vars = without_mail();
    vars.insert("ALLOWED_ORIGINS", "");
    let native = Rc::new(Native::new(vars));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, "factor-own-origin");
    for (host, is_https, origin, is_right) in [
        ("accounts.example.com", true, "https://accounts.example.com", true),
        ("example.com", true, "https://example.com", true),
        ("accounts.example.com:8443", true, "https://accounts.example.com:8443", true),
        ("accounts.example.com", false, "http://accounts.example.com", false),
        ("accounts.example.com", true, "http://accounts.example.com", false),
        ("accounts.example.com", true, "https://other.example.com", false),
        ("accounts.example.com", true, "https://accounts.example.com:8443", false),
        ("evilexample.com", true, "https://evilexample.com", false),
        ("example.com.evil.io", true, "https://example.com.evil.io", false),
        ("localhost:8787", false, "http://localhost:8787", false), // of another relying party
    ] {
        let options = person.credentials()["passkey"].clone();
        let response = Authenticator::new(SignatureAlgorithm::EdDsa, origin).create(&options);
        let body = json!({ "credential": { "type": "passkey", "name": "x", "response": response } });
        let call = Request::post("/api/user/credentials", &body.to_string()).token(&person.token);
        let answer = native.send(&Request { is_https, ..call.header("Host", host) });
        assert_eq!(answer.status, if is_right { 201 } else { 400 }, "{host} {origin}: {}", answer.body);
    }
}
