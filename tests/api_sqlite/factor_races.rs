//! Second factors and passkeys at once: the database lets others in before every statement, so of requests that start
//! together all read before one writes.

use std::rc::Rc;

use futures_util::future::join_all;
use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::Native;
use super::api::authenticator::Authenticator;
use super::api::factor::{App, ORIGIN, factor, without_mail};
use super::api::mailbox::Person;
use super::api::{Api, Request};

/// Someone with an authenticator app.
fn someone(name: &str) -> (Rc<Native>, Person, App) {
    let native = Rc::new(Native::new(without_mail()));
    let api: Rc<dyn Api> = native.clone();
    let mut person = Person::register(&api, name);
    let app = person.set_up_app();
    person.forget_steps();
    (native, person, app)
}

/// A login of this person by a proof.
fn login(person: &Person, proof: &Value) -> Request {
    let body = json!({ "user": proof }).to_string();
    Request::post("/api/users/login", &body).header("CF-Connecting-IP", &person.ip)
}

/// Sends requests at once, and gives how many were answered with each of these statuses.
fn burst(native: &Native, calls: &[Request], statuses: [u16; 3]) -> [usize; 3] {
    let answers = pollster::block_on(join_all(calls.iter().map(|call| native.answer(call))));
    statuses.map(|status| answers.iter().filter(|(answer, _)| answer.status == status).count())
}

fn open(person: &Person) -> Value {
    factor(&person.login("jakejake"))["secret"].clone()
}

#[test]
fn of_right_codes_at_once_one_begins_a_session() {
    let (native, person, app) = someone("right-at-once");
    for code in [app.code(&person, 0), app.recovery[0].clone()] {
        // Five tries of one step, and one of each of fifteen.
        let one = open(&person);
        let secrets: Vec<_> =
            std::iter::repeat_with(|| one.clone()).take(5).chain((0..15).map(|_| open(&person))).collect();
        let proof = |secret: &Value| login(&person, &json!({ "secret": secret, "code": code }));
        let calls: Vec<_> = secrets.iter().map(proof).collect();
        assert_eq!(burst(&native, &calls, [200, 401, 500]), [1, 0, 0], "{code}");
        native.sql("DELETE FROM login_failures");
        native.sql("DELETE FROM second_steps");
    }
}

#[test]
fn of_wrong_codes_at_once_as_many_are_answered_as_the_limits_say() {
    let (native, person, app) = someone("wrong-at-once");
    let one = open(&person);
    let wrong = login(&person, &json!({ "secret": one, "code": app.wrong_code(&person) }));
    assert_eq!(burst(&native, &vec![wrong; 32], [200, 400, 429]), [0, 32, 0]);
    assert_eq!(native.sql("SELECT tries FROM second_steps").as_deref(), Some("5"));
    assert_eq!(native.sql("SELECT max(count) FROM login_failures").as_deref(), Some("5"));
    native.sql("DELETE FROM login_failures");
    let secrets: Vec<_> = (0..32).map(|_| open(&person)).collect();
    let wrong = |secret| login(&person, &json!({ "secret": secret, "code": app.wrong_code(&person) }));
    let calls: Vec<_> = secrets.iter().map(wrong).collect();
    assert_eq!(burst(&native, &calls, [200, 400, 429]), [0, 10, 22]);
    assert_eq!(native.sql("SELECT max(count) FROM login_failures").as_deref(), Some("10"));
}

#[test]
fn of_answers_to_a_challenge_at_once_one_counts() {
    let (native, mut person, _) = someone("challenge-at-once");
    let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    let proof = login(&person, &json!({ "passkey": passkey.get(&person.options()) }));
    assert_eq!(burst(&native, &vec![proof; 20], [200, 400, 429]), [1, 19, 0]);
    let options = person.credentials()["passkey"].clone();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let response = Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN).create(&options);
            let body = json!({ "credential": { "type": "passkey", "name": "x", "response": response } });
            Request::post("/api/user/credentials", &body.to_string()).token(&person.token)
        })
        .collect();
    assert_eq!(burst(&native, &calls, [201, 400, 429]), [1, 19, 0]);
}

#[test]
fn of_passkeys_at_once_ten_are_kept() {
    let (native, mut person, _) = someone("passkeys-at-once");
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let options = person.credentials()["passkey"].clone();
            let response = Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN).create(&options);
            let body = json!({ "credential": { "type": "passkey", "name": "x", "response": response } });
            Request::post("/api/user/credentials", &body.to_string()).token(&person.token)
        })
        .collect();
    assert_eq!(burst(&native, &calls, [201, 400, 429]), [10, 2, 0]);
}

#[test]
fn of_removals_of_the_last_ways_in_at_once_one_stays() {
    let (native, mut person, _) = someone("removals-at-once");
    person.add_passkey(SignatureAlgorithm::EdDsa);
    person.add_passkey(SignatureAlgorithm::EdDsa);
    native.sql("UPDATE users SET password = '!'");
    let listed = person.credentials()["credentials"].clone();
    let passkeys = listed.as_array().unwrap().iter().filter(|one| one["type"] == "passkey");
    let calls: Vec<_> = passkeys
        .map(|one| {
            Request::new("DELETE", &format!("/api/user/credentials/{}", one["id"])).token(&person.token)
        })
        .collect();
    assert_eq!(burst(&native, &calls, [204, 400, 404]), [1, 1, 0]);
}

#[test]
fn of_confirmations_at_once_one_counts() {
    let (native, mut person, _) = someone("confirmed-at-once");
    let app = person.add_app();
    let body = json!({ "credential": { "code": app.code(&person, 0) } }).to_string();
    let call =
        Request::new("PATCH", &format!("/api/user/credentials/{}", app.id)).json(&body).token(&person.token);
    // The others' token is one from before.
    assert_eq!(burst(&native, &vec![call; 20], [200, 401, 404]), [1, 19, 0]);
    let counted = "SELECT sum(type = 'totp') || ' ' || sum(type = 'recovery') FROM credentials";
    assert_eq!(native.sql(counted).as_deref(), Some("1 8"));
}
