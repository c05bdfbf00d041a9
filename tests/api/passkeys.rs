//! Passkeys: added, used once for each challenge, renamed and removed.

use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::Start;
use super::authenticator::{Authenticator, BE, BS, UP, UV};
use super::factor::{
    INVALID_PASSKEY, NOT_FOUND, ORIGIN, UNKNOWN_PASSKEY, amr, factor, json_of, without_mail,
};
use super::mailbox::Person;

fn person(start: Start, name: &str) -> Person {
    Person::register(&start(without_mail()), name)
}

pub fn a_passkey_of_every_algorithm_logs_in(start: Start) {
    for (at, algorithm) in SignatureAlgorithm::ALL.into_iter().enumerate() {
        let mut person = person(start, &format!("passkey-algorithm-{at}"));
        let options = person.credentials()["passkey"].clone();
        assert_eq!(options["rp"], json!({ "id": "example.com", "name": "Latchkey" }));
        assert_eq!(options["user"]["name"], json!(person.email));
        assert_eq!(options["user"]["displayName"], json!(person.name));
        assert_eq!(
            (&options["timeout"], &options["attestation"], &options["excludeCredentials"]),
            (&json!(300_000), &json!("none"), &json!([]))
        );
        let selection =
            json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "preferred" });
        assert_eq!(options["authenticatorSelection"], selection);
        let algorithms: Vec<_> =
            options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].clone()).collect();
        assert_eq!(json!(algorithms), json!([-8, -7, -257]));

        let mut passkey = Authenticator::new(algorithm, ORIGIN);
        passkey.counter = 1;
        let response = passkey.create(&options);
        let answer = person.add(&json!({ "type": "passkey", "name": " My phone ", "response": response }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        let credential = json_of(&answer)["credential"].clone();
        assert_eq!((&credential["type"], &credential["name"]), (&json!("passkey"), &json!("My phone")));
        assert_eq!(credential["used"], Value::Null);
        let listed = person.credentials();
        assert_eq!(listed["credentials"], json!([credential]));
        let excluded = listed["passkey"]["excludeCredentials"].clone();
        assert_eq!(
            excluded,
            json!([{ "type": "public-key", "id": response["id"], "transports": ["hybrid", "internal"] }])
        );
        assert_eq!(listed["passkey"]["user"]["id"], options["user"]["id"]);

        passkey.counter = 2;
        let answer = person.prove(&json!({ "passkey": passkey.get(&person.options()) }));
        assert_eq!(amr(&answer), json!(["swk", "user", "mfa"]));
        assert!(person.credentials()["credentials"][0]["used"].is_string());
        // Without verification of the user it is one factor, and nothing more is asked of who has no app.
        let (unverified, counter) = (UP | BE | BS, 3);
        let passkey = Authenticator { flags: unverified, counter, ..passkey };
        assert_eq!(amr(&person.prove(&json!({ "passkey": passkey.get(&person.options()) }))), json!(["swk"]));
        // The password still does.
        assert_eq!(amr(&person.login("jakejake")), json!(["pwd"]));
    }
}

pub fn a_challenge_is_answered_once(start: Start) {
    let mut person = person(start, "challenge-once");
    let options = person.credentials()["passkey"].clone();
    let [mut first, mut second] = [SignatureAlgorithm::EdDsa, SignatureAlgorithm::EdDsa]
        .map(|algorithm| Authenticator::new(algorithm, ORIGIN));
    let add = |person: &mut Person, passkey: &mut Authenticator| {
        let response = passkey.create(&options);
        person.add(&json!({ "type": "passkey", "name": "x", "response": response }))
    };
    assert_eq!(add(&mut person, &mut first).status, 201);
    let listed = person.credentials()["credentials"].clone();
    add(&mut person, &mut second).is(400, INVALID_PASSKEY);
    assert_eq!(person.credentials()["credentials"], listed);
    // A login likewise; and nothing of the refused one remains.
    let options = person.options();
    first.counter = 1;
    assert_eq!(person.prove(&json!({ "passkey": first.get(&options) })).status, 200);
    let stored =
        || person.api.sql("SELECT group_concat(counter || used_at) FROM credentials WHERE type = 'passkey'");
    let before = stored();
    first.counter = 2;
    person.prove(&json!({ "passkey": first.get(&options) })).is(400, INVALID_PASSKEY);
    assert_eq!(stored(), before);
    // The counter has to grow.
    for counter in [0, 1] {
        first.counter = counter;
        person.prove(&json!({ "passkey": first.get(&person.options()) })).is(400, INVALID_PASSKEY);
    }
    first.counter = 2;
    assert_eq!(person.prove(&json!({ "passkey": first.get(&person.options()) })).status, 200);
}

pub fn what_no_right_browser_sends_is_refused(start: Start) {
    let mut person = person(start, "passkey-wrong");
    let passkey = person.add_passkey(SignatureAlgorithm::Es256);
    let right = |change: &dyn Fn(&mut Authenticator)| {
        let mut passkey = passkey.clone();
        change(&mut passkey);
        passkey
    };
    let wrong: [(&str, Authenticator); 12] = [
        ("origin", right(&|passkey| passkey.origin = "https://evil.example.com".to_owned())),
        ("http", right(&|passkey| passkey.origin = "http://app.example.com".to_owned())),
        ("port", right(&|passkey| passkey.origin = "https://app.example.com:8443".to_owned())),
        ("relying party", right(&|passkey| passkey.rp_id = Some("example.org".to_owned()))),
        ("type", right(&|passkey| passkey.client_data["type"] = json!("webauthn.create"))),
        ("cross-origin", right(&|passkey| passkey.client_data["crossOrigin"] = json!(true))),
        ("top origin", right(&|passkey| passkey.client_data["topOrigin"] = json!(ORIGIN))),
        ("challenge", right(&|passkey| passkey.client_data["challenge"] = json!("AAAA"))),
        ("no user", right(&|passkey| passkey.flags = UV | BE | BS)),
        ("backup eligibility", right(&|passkey| passkey.flags = UP | UV)),
        ("user handle", right(&|passkey| passkey.user_handle = Some("AAAA".to_owned()))),
        ("no user handle", right(&|passkey| passkey.user_handle = None)),
    ];
    for (name, passkey) in wrong {
        let answer = person.prove(&json!({ "passkey": passkey.get(&person.options()) }));
        assert_eq!((answer.status, &*answer.body), (400, INVALID_PASSKEY), "{name}");
    }
    let other = Authenticator {
        id: passkey.id.clone(),
        user_handle: passkey.user_handle.clone(),
        ..Authenticator::new(SignatureAlgorithm::Es256, ORIGIN)
    };
    person.prove(&json!({ "passkey": other.get(&person.options()) })).is(400, INVALID_PASSKEY);
    let unknown = Authenticator {
        user_handle: passkey.user_handle.clone(),
        ..Authenticator::new(SignatureAlgorithm::Es256, ORIGIN)
    };
    person.prove(&json!({ "passkey": unknown.get(&person.options()) })).is(400, UNKNOWN_PASSKEY);
    for shape in [json!({}), json!("x"), json!([]), json!(7), json!({ "id": "x", "response": null })] {
        person.prove(&json!({ "passkey": shape })).is(400, INVALID_PASSKEY);
    }
    // A challenge of the other ceremony.
    let mut options = person.options();
    options["challenge"] = person.credentials()["passkey"]["challenge"].clone();
    person.prove(&json!({ "passkey": passkey.get(&options) })).is(400, INVALID_PASSKEY);
    assert_eq!(person.prove(&json!({ "passkey": passkey.get(&person.options()) })).status, 200);
}

pub fn a_passkey_is_of_one_user(start: Start) {
    let api = start(without_mail());
    let mut person = Person::register(&api, "passkey-owner");
    let mut other = Person::register(&api, "passkey-thief");
    let mut passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    // Registered again, by whoever.
    let handle = passkey.user_handle.clone();
    let mut options = other.credentials()["passkey"].clone();
    let response = passkey.create(&options);
    other.add(&json!({ "type": "passkey", "name": "x", "response": response })).is(400, INVALID_PASSKEY);
    options = person.credentials()["passkey"].clone();
    options["excludeCredentials"] = json!([]);
    let response = passkey.create(&options);
    person.add(&json!({ "type": "passkey", "name": "x", "response": response })).is(400, INVALID_PASSKEY);
    passkey.user_handle = handle;
    // A challenge for another user's registration.
    let mut new = Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN);
    let response = new.create(&person.credentials()["passkey"]);
    other.add(&json!({ "type": "passkey", "name": "x", "response": response })).is(400, INVALID_PASSKEY);
    // At the renewal of a proof it has to be the caller's.
    let proof = json!({ "passkey": passkey.get(&other.options()) });
    other.reauthenticate(&proof).is(400, INVALID_PASSKEY);
    assert_eq!(amr(&person.reauthenticate(&proof)), json!(["swk", "user", "mfa"]));
    // Wrong ones are counted as wrong passwords are.
    for _ in 0..9 {
        let proof = json!({ "passkey": passkey.get(&other.options()) });
        other.reauthenticate(&proof).is(400, INVALID_PASSKEY);
    }
    assert_eq!(other.reauthenticate(&json!({ "password": "jakejake" })).status, 429);
}

pub fn a_passkey_is_renamed_and_removed(start: Start) {
    let mut person = person(start, "passkey-removed");
    let passkey = person.add_passkey(SignatureAlgorithm::Es256);
    let id = person.credentials()["credentials"][0]["id"].as_i64().unwrap();
    let required = r#"{"errors":{"name":["This field is required."]}}"#;
    person.change(id, &json!({ "code": "123456" })).is(400, required);
    person
        .change(id, &json!({ "name": " " }))
        .is(400, r#"{"errors":{"name":["This field may not be blank."]}}"#);
    let answer = person.change(id, &json!({ "name": "Key \"1\"" }));
    assert_eq!((answer.status, &json_of(&answer)["credential"]["name"]), (200, &json!("Key \"1\"")));
    assert_eq!(json_of(&answer).as_object().unwrap().len(), 1);
    person.remove(id).is(204, "");
    person.change(id, &json!({ "name": "x" })).is(404, NOT_FOUND);
    person.prove(&json!({ "passkey": passkey.get(&person.options()) })).is(400, UNKNOWN_PASSKEY);
}

pub fn there_are_ten_passkeys_at_most(start: Start) {
    let mut person = person(start, "passkeys-ten");
    for _ in 0..10 {
        person.add_passkey(SignatureAlgorithm::EdDsa);
    }
    let response =
        Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN).create(&person.credentials()["passkey"]);
    let too_many = r#"{"errors":{"credential":["There are too many."]}}"#;
    person.add(&json!({ "type": "passkey", "name": "x", "response": response })).is(400, too_many);
}

pub fn the_last_way_in_stays(start: Start) {
    let mut person = person(start, "last-way-in");
    person.add_passkey(SignatureAlgorithm::EdDsa);
    person.add_passkey(SignatureAlgorithm::EdDsa);
    let listed = person.credentials()["credentials"].clone();
    let ids: Vec<i64> = listed.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
    person.api.sql("UPDATE users SET password = '!' WHERE username = 'last-way-in'");
    person.remove(ids[0]).is(204, "");
    let last = r#"{"errors":{"credential":["The last way in can't be removed."]}}"#;
    person.remove(ids[1]).is(400, last);
    // An app is no way in.
    let app = person.set_up_app();
    person.remove(ids[1]).is(400, last);
    person.remove(app.id).is(204, "");
    person.api.sql("UPDATE users SET password = 'pbkdf2_sha256$1$x$y' WHERE username = 'last-way-in'");
    person.remove(ids[1]).is(204, "");
}

pub fn a_passkey_is_a_second_factor_after_another_proof(start: Start) {
    let mut person = person(start, "passkey-second");
    let app = person.set_up_app();
    let passkey = person.add_passkey(SignatureAlgorithm::Es256);
    let unverified = Authenticator { flags: UP | BE | BS, ..passkey.clone() };
    let step = factor(&person.login("jakejake"));
    assert_eq!(step["types"], json!(["totp", "recovery", "passkey"]));
    let secret = &step["secret"];
    // Another user's passkey, and one that nobody has.
    let mut other = Person::register(&person.api, "passkey-second-other");
    let foreign = other.add_passkey(SignatureAlgorithm::Es256);
    let proof = |passkey: &Authenticator, person: &Person| json!({ "secret": secret, "passkey": passkey.get(&person.options()) });
    person.prove(&proof(&foreign, &person)).is(400, INVALID_PASSKEY);
    let unknown = Authenticator::new(SignatureAlgorithm::Es256, ORIGIN);
    person.prove(&proof(&unknown, &person)).is(400, UNKNOWN_PASSKEY);
    let wrong = Authenticator { origin: "https://evil.example.com".to_owned(), ..passkey.clone() };
    person.prove(&proof(&wrong, &person)).is(400, INVALID_PASSKEY);
    assert_eq!(amr(&person.prove(&proof(&unverified, &person))), json!(["pwd", "swk", "mfa"]));
    // After a passkey without verification of the user, none is a second factor.
    let step = factor(&person.prove(&json!({ "passkey": unverified.get(&person.options()) })));
    assert_eq!(step["types"], json!(["totp", "recovery"]));
    for again in [&unverified, &passkey] {
        let proof = json!({ "secret": step["secret"], "passkey": again.get(&person.options()) });
        person.prove(&proof).is(400, INVALID_PASSKEY);
    }
    person.forget_steps();
    let proof = json!({ "secret": step["secret"], "code": app.code(&person, 0) });
    assert_eq!(amr(&person.prove(&proof)), json!(["swk", "otp", "mfa"]));
    // A key that never leaves its device.
    let mut person = Person::register(&person.api, "passkey-device");
    let mut passkey = Authenticator::new(SignatureAlgorithm::Es256, ORIGIN);
    passkey.flags = UP | UV;
    let response = passkey.create(&person.credentials()["passkey"]);
    assert_eq!(person.add(&json!({ "type": "passkey", "name": "Key", "response": response })).status, 201);
    assert_eq!(
        amr(&person.prove(&json!({ "passkey": passkey.get(&person.options()) }))),
        json!(["hwk", "user", "mfa"])
    );
}

pub fn a_deactivated_user_is_told_so_by_the_right_passkey_alone(start: Start) {
    let mut person = person(start, "passkey-deactivated");
    let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
    person.api.sql("UPDATE users SET is_active = 0 WHERE username = 'passkey-deactivated'");
    let wrong = Authenticator { origin: "https://evil.example.com".to_owned(), ..passkey.clone() };
    person.prove(&json!({ "passkey": wrong.get(&person.options()) })).is(400, INVALID_PASSKEY);
    let deactivated = r#"{"errors":{"error":["This user has been deactivated."]}}"#;
    person.prove(&json!({ "passkey": passkey.get(&person.options()) })).is(400, deactivated);
}
