//! Ends of secrets and sessions: the table of the contract.

use std::rc::Rc;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::factor::with_everything;
use super::mailbox::Person;
use super::vectors::base64;
use super::{Api, Request, Response, Start};

/// What an event ends: this session, others, a reset, a sign-in and a second step, a verification.
type Ends = [bool; 5];

struct Case {
    name: &'static str,
    /// `true` if the account has a verified address before, and one that waits.
    is_verified: bool,
    event: fn(&mut Person),
    ends: Ends,
}

fn logout(person: &mut Person, scope: &str) {
    let path = format!("/api/users/logout?scope={scope}");
    person.with_token("POST", &path, &json!(null)).is(204, "");
}

const CASES: [Case; 18] = [
    Case { name: "nothing", is_verified: true, event: |_| {}, ends: [false, false, false, false, false] },
    Case {
        name: "nothing-new",
        is_verified: false,
        event: |_| {},
        ends: [false, false, false, false, false],
    },
    Case {
        name: "password-proved",
        is_verified: true,
        event: |person| {
            person.patch(&json!({"password": "another one", "current_password": "jakejake"}));
        },
        ends: [false, true, true, true, false],
    },
    Case {
        name: "password-by-token",
        is_verified: true,
        event: |person| {
            person.patch(&json!({"password": "another one"}));
        },
        ends: [false, true, false, true, false],
    },
    Case {
        name: "reset",
        is_verified: true,
        event: |person| {
            person.request_reset();
            person.reset(&person.secret(), "another one").is(204, "");
        },
        ends: [true, true, true, true, true],
    },
    Case {
        name: "first-reset",
        is_verified: false,
        event: |person| {
            person.request_reset();
            person.reset(&person.secret(), "another one").is(204, "");
        },
        ends: [true, true, true, true, true],
    },
    Case {
        name: "app-confirmed",
        is_verified: true,
        event: |person| drop(person.set_up_app()),
        ends: [false, true, false, true, false],
    },
    Case {
        name: "first-sign-in",
        is_verified: false,
        event: |person| {
            person.request("/api/users/sign-in");
            assert_eq!(person.sign_in(&person.secret()).status, 200);
        },
        ends: [true, true, true, true, true],
    },
    Case {
        name: "first-verification",
        is_verified: false,
        event: |person| {
            person.forget_minute();
            person.with_token("POST", "/api/user/email-verification", &json!(null));
            let secret = person.secret();
            person.verify(&secret);
        },
        ends: [false, false, false, false, true],
    },
    Case {
        name: "another-waits",
        is_verified: true,
        event: |person| {
            let email = format!("{}-another@x.io", person.name);
            assert_eq!(person.patch(&json!({ "email": email })).status, 200);
        },
        ends: [false, false, false, false, true],
    },
    Case {
        name: "waiting-cancelled",
        is_verified: true,
        event: |person| {
            let email = person.email.clone();
            assert_eq!(person.patch(&json!({ "email": email })).status, 200);
        },
        ends: [false, false, false, false, true],
    },
    Case {
        name: "replaced-and-back",
        is_verified: false,
        event: |person| {
            for email in [format!("{}-away@x.io", person.name), person.email.clone()] {
                assert_eq!(person.patch(&json!({ "email": email })).status, 200);
            }
        },
        ends: [false, false, true, true, true],
    },
    Case {
        name: "waiting-takes-effect",
        is_verified: true,
        event: |person| {
            person.forget_minute();
            person.with_token("POST", "/api/user/email-verification", &json!(null));
            let secret = person.secret_at(&waiting(person));
            person.verify(&secret);
        },
        ends: [false, true, true, true, true],
    },
    Case {
        name: "unverified-replaced",
        is_verified: false,
        event: |person| {
            let email = format!("{}-replaced@x.io", person.name);
            person.patch(&json!({ "email": email }));
        },
        ends: [false, false, true, true, true],
    },
    Case {
        name: "logout",
        is_verified: true,
        event: |person| logout(person, "local"),
        ends: [true, false, false, false, false],
    },
    Case {
        name: "others",
        is_verified: true,
        event: |person| logout(person, "others"),
        ends: [false, true, false, true, false],
    },
    Case {
        name: "all",
        is_verified: true,
        event: |person| logout(person, "all"),
        ends: [true, true, true, true, false],
    },
    Case {
        name: "deactivated",
        is_verified: true,
        event: |person| {
            person.with_token("DELETE", "/api/user", &json!(null)).is(204, "");
            // Even if that is taken back.
            person.api.sql(&format!("UPDATE users SET is_active = 1 WHERE username = '{}'", person.name));
        },
        ends: [true, true, true, true, true],
    },
];

fn waiting(person: &Person) -> String {
    format!("{}-waiting@x.io", person.name)
}

/// A person with two sessions and a secret of each kind; then the event.
fn after(api: &Rc<dyn Api>, case: &Case, suffix: &str) -> (Person, [String; 4]) {
    let name = format!("ends-{}-{suffix}", case.name);
    let mut person =
        if case.is_verified { Person::verified(api, &name) } else { Person::register(api, &name) };
    let mut verification = person.secret();
    if case.is_verified {
        let waiting = waiting(&person);
        person.patch(&json!({ "email": waiting }));
        verification = person.secret_at(&waiting);
    }
    let other = person.login("jakejake").token();
    person.request_reset();
    let reset = person.secret();
    person.request("/api/users/sign-in");
    let sign_in = person.secret();
    open_step(&person);
    (case.event)(&mut person);
    (person, [other, reset, sign_in, verification])
}

const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The recovery code of a person.
fn recovery_code(person: &Person) -> String {
    let letters: String = person.name.chars().filter(char::is_ascii_alphabetic).collect();
    format!("{:A<25}", letters.to_ascii_uppercase())
}

/// Gives a person a recovery code, and a second step that is open.
fn open_step(person: &Person) {
    let hash = |text: &str| base64(Sha256::digest(text));
    let (code, token, now) = (hash(&recovery_code(person)), hash(TOKEN), person.api.now());
    let of_user = format!("FROM users WHERE username = '{}'", person.name);
    person.api.sql(&format!(
        "INSERT INTO credentials (id, user_id, type, key, created_at) SELECT 1000000 + id, id, 'recovery', '{code}', 5 {of_user}"
    ));
    person.api.sql(&format!(
        "INSERT INTO second_steps (id, user_id, token_hash, methods, token_version, reset_version, expires_at) \
         SELECT id || '~step', id, '{token}', '[\"pwd\"]', token_version, reset_version, {now} + 600 {of_user}"
    ));
}

/// Finishes the second step that was opened.
fn finish_step(person: &Person) -> Response {
    let id = super::id(&*person.api, &person.name);
    person.prove(&json!({ "secret": format!("{id}~step.{TOKEN}"), "code": recovery_code(person) }))
}

pub fn what_ends_what(start: Start) {
    let api = start(with_everything());
    for case in &CASES {
        let (mut person, [other, reset, sign_in, _]) = after(&api, case, "a");
        let is_refused = |token: &str| person.send(&Request::get("/api/user").token(token)).status == 401;
        let mut ends = [is_refused(&person.token), is_refused(&other), false, false, false];
        let refused = |status: u16| match status {
            200 | 204 => false,
            400 => true,
            other => panic!("{} {other}", case.name),
        };
        // Each is tried on an account of its own, since one ends another.
        ends[3] = refused(person.sign_in(&sign_in).status);
        let (other_person, [_, reset_b, ..]) = after(&api, case, "b");
        ends[2] = refused(other_person.reset(&reset_b, "yet another one").status);
        let (mut third, [.., verification]) = after(&api, case, "c");
        if third.send(&Request::get("/api/user").token(&third.token)).status == 401 {
            let password = if case.name.ends_with("reset") { "another one" } else { "jakejake" };
            third.token = match case.name {
                "first-sign-in" => {
                    third.request("/api/users/sign-in");
                    third.sign_in(&third.secret()).token()
                }
                _ => third.login(password).token(),
            };
        }
        ends[4] = refused(third.try_to_verify(&verification).status);
        assert_eq!(ends, case.ends, "{}", case.name);
        let (fourth, _) = after(&api, case, "d");
        if case.name == "app-confirmed" {
            continue; // which replaces the code, and whose sign-in tells the same
        }
        let codes =
            format!("SELECT count(*) FROM credentials WHERE user_id = {}", super::id(&*api, &fourth.name));
        let is_taken_over = ["first-sign-in", "first-reset"].contains(&case.name);
        assert_eq!(api.sql(&codes).as_deref(), Some(if is_taken_over { "0" } else { "1" }), "{}", case.name);
        assert_eq!(refused(finish_step(&fourth).status), case.ends[3], "{}", case.name);
        drop((reset, person.token.clear()));
    }
}
