//! Second steps: every way in asks for the second factor, within limits, once.

use latchkey::api::proof::Kind;
use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::authenticator::{BE, BS, UP};
use super::factor::{App, INVALID_CODE, amr, factor, with_everything, without_mail};
use super::mailbox::{INVALID_SECRET, Person};
use super::{Request, Response, Start};

/// What a user has beside the password, and how the passkey is used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    Nothing,
    App,
    /// An app whose seed can't be opened.
    SealedApp,
    AppAndPasskeyUnverified,
    AppAndPasskeyVerified,
    PasskeyUnverified,
    PasskeyVerified,
}

const ALL: [Has; 7] = [
    Has::Nothing,
    Has::App,
    Has::SealedApp,
    Has::AppAndPasskeyUnverified,
    Has::AppAndPasskeyVerified,
    Has::PasskeyUnverified,
    Has::PasskeyVerified,
];

impl Has {
    fn app(self) -> bool {
        !matches!(self, Self::Nothing | Self::PasskeyUnverified | Self::PasskeyVerified)
    }

    fn passkey(self) -> bool {
        !matches!(self, Self::Nothing | Self::App | Self::SealedApp)
    }

    fn is_verified(self) -> bool {
        matches!(self, Self::AppAndPasskeyVerified | Self::PasskeyVerified)
    }
}

/// Result of a proof: a session with these methods, a demand for a factor of these types, or the error of a field.
#[derive(Debug, PartialEq)]
enum Outcome {
    Session(Value),
    Factor(Value),
    Refused(String),
}

fn outcome(answer: &Response) -> Outcome {
    match answer.status {
        200 => Outcome::Session(amr(answer)),
        401 => Outcome::Factor(factor(answer)["types"].clone()),
        _ => Outcome::Refused(answer.body.clone()),
    }
}

/// What each proof is worth. The compiler asks for a row of every kind.
fn expected(kind: Kind, has: Has) -> Outcome {
    let session = |methods: &[&str]| Outcome::Session(json!(methods));
    let types = |types: &[&str]| Outcome::Factor(json!(types));
    let all = match has {
        Has::AppAndPasskeyUnverified | Has::AppAndPasskeyVerified => types(&["totp", "recovery", "passkey"]),
        _ => types(&["totp", "recovery"]),
    };
    match (kind, has) {
        (Kind::Password, _) if has.app() => all,
        (Kind::Password, _) => session(&["pwd"]),
        (Kind::MailedSecret, _) if has.app() => all,
        (Kind::MailedSecret, _) => session(&["email"]),
        (Kind::Passkey, _) if !has.passkey() => Outcome::Refused(super::factor::UNKNOWN_PASSKEY.to_owned()),
        (Kind::Passkey, Has::AppAndPasskeyUnverified) => types(&["totp", "recovery"]),
        (Kind::Passkey, Has::PasskeyUnverified) => session(&["swk"]),
        (Kind::Passkey, _) => session(&["swk", "user", "mfa"]),
        (Kind::SecondStep, Has::SealedApp) => Outcome::Refused(INVALID_CODE.to_owned()),
        (Kind::SecondStep, _) if has.app() => session(&["pwd", "otp", "mfa"]),
        (Kind::SecondStep, _) => Outcome::Refused(INVALID_SECRET.to_owned()),
    }
}

pub fn every_proof_is_asked_for_the_factor_that_its_user_has(start: Start) {
    let api = start(with_everything());
    for (at, has) in ALL.into_iter().enumerate() {
        let mut person = Person::verified(&api, &format!("proof-table-{at}"));
        let app = has.app().then(|| person.set_up_app());
        let passkey = person.add_passkey(SignatureAlgorithm::EdDsa);
        let passkey = if has.is_verified() {
            passkey
        } else {
            super::authenticator::Authenticator { flags: UP | BE | BS, ..passkey }
        };
        if !has.passkey() {
            person.of_own("DELETE FROM credentials WHERE type = 'passkey'");
        }
        if has == Has::SealedApp {
            person.of_own("UPDATE credentials SET secret = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' WHERE type = 'totp'");
        }
        for kind in Kind::ALL {
            for is_login in [true, false] {
                person.forget_steps();
                person.of_own("DELETE FROM second_steps WHERE true");
                let proof = match kind {
                    Kind::Password if is_login => json!({ "email": person.email, "password": "jakejake" }),
                    Kind::Password => json!({ "password": "jakejake" }),
                    Kind::MailedSecret => {
                        person.request("/api/users/sign-in");
                        json!({ "secret": person.secret() })
                    }
                    Kind::Passkey => json!({ "passkey": passkey.get(&person.options()) }),
                    Kind::SecondStep => {
                        let answer = if is_login {
                            person.login("jakejake")
                        } else {
                            person.reauthenticate(&json!({ "password": "jakejake" }))
                        };
                        let secret = match &app {
                            Some(_) => factor(&answer)["secret"].clone(),
                            None => {
                                json!("1~AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
                            }
                        };
                        let code = app.as_ref().map_or("123456".to_owned(), |app| app.code(&person, 0));
                        json!({ "secret": secret, "code": code })
                    }
                };
                let answer = if is_login { person.prove(&proof) } else { person.reauthenticate(&proof) };
                let context = format!("{kind:?} {has:?} {is_login}: {}", answer.body);
                assert_eq!(outcome(&answer), expected(kind, has), "{context}");
            }
        }
    }
}

/// Opens a step of a login by the password, and gives its secret.
fn open(person: &Person) -> Value {
    factor(&person.login("jakejake"))["secret"].clone()
}

fn with_app(start: Start, name: &str) -> (Person, App) {
    let mut person = Person::register(&start(without_mail()), name);
    let app = person.set_up_app();
    (person, app)
}

pub fn a_step_ends_with_what_its_first_proof_stands_on(start: Start) {
    let (mut person, app) = with_app(start, "step-ends");
    let finish = |person: &Person, secret: &Value| {
        person.forget_steps();
        person.prove(&json!({ "secret": secret, "code": app.code(person, 0) }))
    };
    type Event = fn(&mut Person);
    let events: [(&str, Event); 5] = [
        ("a new password", |person| {
            assert_eq!(person.patch(&json!({ "password": "jakejake" })).status, 200);
        }),
        ("others", |person| {
            person.with_token("POST", "/api/users/logout?scope=others", &Value::Null).is(204, "");
        }),
        ("another email", |person| {
            assert_eq!(person.patch(&json!({ "email": "step-ended@x.io" })).status, 200);
            person.email = "step-ended@x.io".to_owned();
        }),
        ("all", |person| {
            person.with_token("POST", "/api/users/logout?scope=all", &Value::Null).is(204, "");
        }),
        ("deactivation", |person| {
            person.api.sql("UPDATE users SET is_active = 0 WHERE username = 'step-ends'");
        }),
    ];
    for (name, event) in events {
        let secret = open(&person);
        event(&mut person);
        finish(&person, &secret).is(400, INVALID_SECRET);
        if name == "deactivation" {
            continue;
        }
        let secret = open(&person);
        let answer = finish(&person, &secret);
        assert_eq!(amr(&answer), json!(["pwd", "otp", "mfa"]), "{name}");
        person.token = answer.token();
    }
    // A deactivated user is told so before a factor is asked for.
    person.login("jakejake").is(400, r#"{"errors":{"error":["This user has been deactivated."]}}"#);
}

pub fn a_step_is_good_for_ten_minutes_and_one_use(start: Start) {
    let (person, app) = with_app(start, "step-once");
    let secret = open(&person);
    person.of_own("UPDATE second_steps SET expires_at = expires_at - 601 WHERE true");
    person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) })).is(400, INVALID_SECRET);
    let secret = open(&person);
    person.of_own("UPDATE second_steps SET expires_at = expires_at - 595 WHERE true");
    assert_eq!(person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) })).status, 200);
    person.prove(&json!({ "secret": secret, "code": app.code(&person, 1) })).is(400, INVALID_SECRET);
    person.prove(&json!({ "secret": secret, "code": app.recovery[0] })).is(400, INVALID_SECRET);
}

pub fn a_code_is_accepted_once_and_never_an_older_one(start: Start) {
    let (person, app) = with_app(start, "code-once");
    let try_step = |step| person.prove(&json!({ "secret": open(&person), "code": app.code(&person, step) }));
    try_step(-1).is(400, INVALID_CODE); // confirmed it
    assert_eq!(try_step(1).status, 200);
    for step in [1, 0, -1] {
        try_step(step).is(400, INVALID_CODE);
    }
    try_step(3).is(400, INVALID_CODE);
}

pub fn a_step_of_one_use_finishes_nothing_else(start: Start) {
    let api = start(without_mail());
    let mut person = Person::register(&api, "step-use");
    let app = person.set_up_app();
    let mut other = Person::register(&api, "step-other");
    other.set_up_app();
    person.forget_steps();
    let code = app.code(&person, 0);
    let login = open(&person);
    let renewal = factor(&person.reauthenticate(&json!({ "password": "jakejake" })))["secret"].clone();
    let of_other = open(&other);
    person.reauthenticate(&json!({ "secret": login, "code": code })).is(400, INVALID_SECRET);
    person.prove(&json!({ "secret": renewal, "code": code })).is(400, INVALID_SECRET);
    person.prove(&json!({ "secret": of_other, "code": code })).is(400, INVALID_CODE);
    other.reauthenticate(&json!({ "secret": renewal, "code": code })).is(400, INVALID_SECRET);
    // Another session of the same user neither.
    let first = std::mem::take(&mut person.token);
    let answer = person.prove(&json!({ "secret": login, "code": code }));
    person.token = answer.token();
    person
        .reauthenticate(&json!({ "secret": renewal, "code": app.code(&person, 1) }))
        .is(400, INVALID_SECRET);
    person.token = first;
    let answer = person.reauthenticate(&json!({ "secret": renewal, "code": app.code(&person, 1) }));
    assert_eq!(amr(&answer), json!(["pwd", "otp", "mfa"]));
    // It is no token, and no mailed secret.
    let secret = open(&person);
    let call = Request::get("/api/user").token(secret.as_str().unwrap());
    assert_eq!(person.send(&call).status, 401);
    let reset = json!({ "user": { "secret": secret, "password": "another one" } });
    let call = Request::new("PUT", "/api/users/password-reset").json(&reset.to_string());
    assert_eq!(person.send(&call).status, 404);
    assert_eq!(person.prove(&json!({ "secret": secret })).status, 400);
}

pub fn a_factor_secret_alone_asks_for_the_code(start: Start) {
    let api = start(with_everything());
    let mut person = Person::verified(&api, "step-alone");
    person.set_up_app();
    let required = r#"{"errors":{"code":["This field is required."]}}"#;
    person.prove(&json!({ "secret": open(&person) })).is(400, required);
    // With an email or a password it is a proof by the password.
    let body = json!({ "secret": open(&person), "code": "123456", "email": person.email });
    person.prove(&body).is(400, r#"{"errors":{"password":["This field is required."]}}"#);
}

pub fn wrong_codes_are_counted_over_all_steps_of_a_user(start: Start) {
    let (person, app) = with_app(start, "factor-limit");
    let wrong = app.wrong_code(&person);
    let mut answered = 0;
    // Five of a step, ten of a user from one client IP.
    for (tries, of_step) in [(6, 5), (6, 5)] {
        let secret = open(&person);
        for at in 0..tries {
            let answer = person.prove(&json!({ "secret": secret, "code": wrong }));
            if at < of_step {
                answer.is(400, INVALID_CODE);
                answered += 1;
            } else {
                answer.is(400, INVALID_SECRET);
            }
        }
    }
    assert_eq!(answered, 10);
    let secret = open(&person);
    let answer = person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) }));
    assert_eq!(answer.status, 429, "{}", answer.body);
    let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((890..=900).contains(&wait), "{wait}");
    // From elsewhere it goes on, and a right code clears what it has to.
    let elsewhere = Person { ip: "192.0.2.77".to_owned(), ..person.clone() };
    let answer = elsewhere.prove(&json!({ "secret": secret, "code": app.code(&person, 0) }));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

pub fn a_seed_that_cannot_be_opened_accepts_no_code(start: Start) {
    let (person, app) = with_app(start, "sealed-seed");
    // Sealed for another user, or under another key.
    person.of_own("UPDATE credentials SET secret = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' WHERE type = 'totp'");
    let secret = open(&person);
    for _ in 0..12 {
        person.prove(&json!({ "secret": secret, "code": app.code(&person, 0) })).is(400, INVALID_CODE); // counted nowhere
    }
    assert!(person.api.log().iter().any(|line| line.contains("sealed_seed")), "{:?}", person.api.log());
    assert_eq!(
        amr(&person.prove(&json!({ "secret": secret, "code": app.recovery[1] }))),
        json!(["pwd", "otp", "mfa"])
    );
}

pub fn a_password_reset_leaves_the_second_factor(start: Start) {
    let mut person = Person::verified(&start(with_everything()), "factor-reset");
    let app = person.set_up_app();
    person.forget_steps();
    person.request_reset();
    let secret = person.secret();
    person.reset(&secret, "another one").is(204, "");
    let step = factor(&person.login("another one"));
    assert_eq!(step["types"], json!(["totp", "recovery"]));
    let answer = person.prove(&json!({ "secret": step["secret"], "code": app.code(&person, 0) }));
    assert_eq!(amr(&answer), json!(["pwd", "otp", "mfa"]));
}
