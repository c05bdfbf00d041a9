//! Many logins at once, and how much work each is: the database lets others in before every statement,
//! so of requests that start together all read before one writes.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use futures_util::future::join_all;
use latchkey::account::password::{Password, to_nfc};
use latchkey::auth::lockout::Lockout;
use latchkey::auth::password::{Hasher, iterations_computed};
use latchkey::auth::secret::Secret;

use super::api::login_failures::from;
use super::api::{self, Api as _, Request, Response};
use super::{NOW, Native};

fn native() -> Native {
    let api = Native::new(api::django());
    for name in ["known", "gone", "other"] {
        api::register(&api, name);
    }
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
    api
}

/// Sends requests at once. Gives how many were answered with each of these statuses, and the hashes that it took, which
/// have one iteration each.
fn burst(api: &Native, calls: &[Request], statuses: [u16; 3]) -> ([usize; 3], u64) {
    let before = iterations_computed()[0];
    let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
    let count = |status| answers.iter().filter(|(answer, _)| answer.status == status).count();
    (statuses.map(count), iterations_computed()[0] - before)
}

#[test]
fn exactly_ten_failures_are_answered_however_many_come_at_once() {
    for email in ["known@x.io", "gone@x.io", "unknown@x.io"] {
        let api = native();
        let wrong = vec![from("192.0.2.1", email, "wrong password"); 200];
        // Nothing is on record: all are tried, and ten are told.
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 10, 190], 200));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 0, 200], 0));
    }
}

#[test]
fn with_a_failure_on_record_no_more_are_tried_than_may_fail() {
    for email in ["known@x.io", "gone@x.io", "unknown@x.io"] {
        let api = native();
        let wrong = vec![from("192.0.2.1", email, "wrong password"); 200];
        assert_eq!(burst(&api, &wrong[..1], [200, 400, 429]), ([0, 1, 0], 1));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 9, 191], 9));
    }
}

#[test]
fn exactly_a_hundred_failures_are_answered_from_any_number_of_addresses() {
    for email in ["known@x.io", "unknown@x.io"] {
        let api = native();
        let wrong: Vec<_> =
            (0..=255).map(|host| from(&format!("192.0.2.{host}"), email, "wrong password")).collect();
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 100, 156], 256));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 0, 256], 0));
        let other = from("192.0.2.1", "other@x.io", "jakejake");
        assert_eq!(burst(&api, &[other], [200, 400, 429]), ([1, 0, 0], 1));

        let api = native();
        assert_eq!(burst(&api, &wrong[..1], [200, 400, 429]), ([0, 1, 0], 1));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 99, 157], 99));
    }
}

#[test]
fn the_right_password_of_a_deactivated_account_takes_no_place_from_others() {
    let api = native();
    let (right, wrong) = ("jakejake", "wrong password");
    let calls: Vec<_> =
        (0..60).map(|index| from("192.0.2.1", "gone@x.io", [right, wrong][index % 2])).collect();
    burst(&api, &calls[1..2], [400, 429, 500]);
    let answers = |calls: &[Request]| -> Vec<Response> {
        let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
        answers.into_iter().map(|(answer, _)| answer).collect()
    };
    let failures =
        |answers: &[Response]| answers.iter().filter(|answer| answer.body.contains("not found")).count();
    let failed = 1 + failures(&answers(&calls));
    let after: Vec<_> = (0..10).map(|_| api.send(&calls[1])).collect();
    assert_eq!(failed + failures(&after), 10);
    assert_eq!(after[9].status, 429);
}

#[test]
fn a_burst_is_forgotten_after_as_many_days_as_guesses_were_tried() {
    let api = native();
    let days = |expected: i64| {
        let expiry = api.sql("SELECT expires_at FROM login_failures WHERE client_ip = ''").unwrap();
        assert_eq!(expiry.parse::<i64>().unwrap(), NOW + expected * 86_400);
    };
    let wrong = vec![from("192.0.2.1", "known@x.io", "wrong password"); 50];
    burst(&api, &wrong, [200, 400, 429]);
    days(50);
    // What is refused untried makes no difference, and no later failure makes it shorter.
    burst(&api, &wrong, [200, 400, 429]);
    days(50);
    burst(&api, &[from("192.0.2.2", "known@x.io", "wrong password")], [200, 400, 429]);
    days(50);
}

/// The price of counting first: with one place left, of right passwords at once one gets in, and the
/// others are told to come back in a moment.
#[test]
fn with_one_place_left_right_passwords_at_once_are_let_in_one_by_one() {
    let api = native();
    for _ in 0..9 {
        api.send(&from("192.0.2.1", "known@x.io", "wrong password"));
    }
    let right = vec![from("192.0.2.1", "known@x.io", "jakejake"); 5];
    assert_eq!(burst(&api, &right, [200, 400, 429]).0, [1, 0, 4]);
    assert_eq!(burst(&api, &right, [200, 400, 429]).0, [5, 0, 0]);
}

#[test]
fn no_more_guesses_of_the_current_password_are_tried_at_once_than_may_fail() {
    let api = Native::new(api::django());
    let mut token = api::register(&api, "burst");
    let guess = |token: &str, password: &str| {
        let body = format!(r#"{{"user":{{"username":"proven","current_password":"{password}"}}}}"#);
        Request::put(&body).token(token).header("CF-Connecting-IP", "192.0.2.1")
    };
    // From the second round on, failures of the user are on record, and none of the email.
    for round in 0..3 {
        api.platform.now.set(NOW + round * 901);
        let email = format!(r#"{{"user":{{"email":"burst{round}@x.io"}}}}"#);
        token = api.send(&Request::put(&email).token(&token)).token();
        let iterations = iterations_computed()[0];
        let mut calls = vec![guess(&token, "wrong password"); 19];
        calls.push(guess(&token, "jakejake"));
        let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
        let statuses: Vec<_> = answers.iter().map(|(answer, _)| answer.status).collect();
        assert_eq!(statuses, [vec![400; 10], vec![429; 10]].concat());
        let computed = iterations_computed()[0] - iterations;
        assert_eq!(computed, 10);
    }
    // Those of another user are not theirs.
    let other = api::register(&api, "other");
    assert_eq!(api.send(&guess(&other, "jakejake")).status, 200);
}

#[test]
fn a_guess_of_the_current_password_is_counted_though_its_client_leaves() {
    for polls in 1.. {
        let api = Native::new(api::django());
        let token = api::register(&api, "leaves");
        let guess =
            Request::put(r#"{"user":{"username":"x","current_password":"wrong password"}}"#).token(&token);
        let iterations = iterations_computed();
        let is_answered = {
            let mut answer = pin!(api.answer(&guess));
            (0..polls).any(|_| answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready())
        };
        if iterations_computed() != iterations {
            let user = Lockout::new(&Secret::new(api::SECRET.to_owned()).unwrap(), 10, 100).user(1);
            let counts =
                format!("SELECT count(*) FROM login_failures WHERE account = '{user}' AND count = 1");
            assert_eq!(api.sql(&counts).as_deref(), Some("2"), "left after {polls} polls");
        }
        if is_answered {
            return;
        }
    }
}

/// Everything that one who sends a login can tell of it, and its cost: iterations, statements and rows written.
fn observed(api: &Native, call: &Request) -> (Response, [u64; 2], usize, u64) {
    let (statements, written) =
        (|| api.platform.db.statements.borrow().len(), || api.platform.db.rows_written());
    let (iterations, ran, wrote) = (iterations_computed(), statements(), written());
    let mut answer = api.send(call);
    // It is another after each write; so what tells is how many rows were written.
    answer.headers.remove("x-d1-bookmark").unwrap();
    let after = iterations_computed();
    let computed = [after[0] - iterations[0], after[1] - iterations[1]];
    (answer, computed, statements() - ran, written() - wrote)
}

#[test]
fn a_failed_login_is_the_same_work_and_answer_whoever_it_names() {
    // Each form of a password costs a hash.
    let passwords = [("wrong password", 1), ("wro\u{301}ng password", 2)];
    for (vars, (password, forms)) in [api::django(), api::realworld()]
        .into_iter()
        .flat_map(|vars| passwords.map(|each| (vars.clone(), each)))
    {
        // By default for users whose hash is cheaper than today's; for all, once the costliest is named.
        for costliest in ["", "pbkdf2_sha256$30", "pbkdf2_sha256$30, pbkdf2_sha512$20"] {
            let mut vars = vars.clone();
            vars.insert("COSTLIEST_HASH", costliest);
            vars.insert("PASSWORD_HASHER", "pbkdf2_sha512$3");
            let api = Native::new(vars);
            let mut emails = vec!["unknown@x.io", "gone@x.io", "broken@x.io", "cheaper@x.io"];
            for name in ["known", "gone", "broken", "cheaper", "imported", "dear"] {
                api::register(&api, name);
            }
            api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
            api.sql("UPDATE users SET password = '!' WHERE username = 'broken'");
            for (name, hasher) in [
                ("cheaper", "pbkdf2_sha512$1"),
                ("imported", "pbkdf2_sha256$30"),
                ("dear", "pbkdf2_sha512$20"),
            ] {
                let hash = hasher
                    .parse::<Hasher>()
                    .unwrap()
                    .hash(&Password::new("jakejake".to_owned(), &to_nfc), getrandom::fill)
                    .unwrap();
                let hash = hash.as_str();
                api.sql(&format!("UPDATE users SET password = '{hash}' WHERE username = '{name}'"));
                if costliest.contains(hasher) {
                    emails.push(if name == "dear" { "dear@x.io" } else { "imported@x.io" });
                }
            }
            let cost = match costliest {
                "" => [0, 3],
                "pbkdf2_sha256$30" => [30, 3],
                _ => [30, 20],
            };
            let cost = cost.map(|iterations| iterations * forms);
            // The first, those with failures on record, and those that are throttled.
            for attempt in 0..12 {
                let observe = |email: &str| observed(&api, &from("192.0.2.1", email, password));
                let known = observe("known@x.io");
                assert_eq!(known.1, if attempt < 10 { cost } else { [0, 0] });
                for email in &emails {
                    assert_eq!(observe(email), known, "{email}, attempt {attempt}, {costliest:?}");
                }
            }
            // A success costs what it has to.
            let [before, after] = [(), ()].map(|()| {
                assert_eq!(api.send(&from("192.0.2.9", "cheaper@x.io", "jakejake")).status, 200);
                iterations_computed()
            });
            assert_eq!([after[0] - before[0], after[1] - before[1]], [0, 3]);
        }
    }
}

#[test]
fn a_day_has_only_so_many_registrations_of_an_address_and_of_a_network() {
    let mut vars = api::django();
    vars.insert("REGISTRATIONS_PER_ADDRESS", "3");
    let api = Native::new(vars);
    let mut next = 0;
    let mut register = |address: &str| {
        next += 1;
        let user =
            format!(r#"{{"user":{{"username":"n{next}","email":"n{next}@x.io","password":"jakejake"}}}}"#);
        Request::post("/api/users", &user).header("CF-Connecting-IP", address)
    };
    // However many come at once.
    let calls: Vec<_> = (0..20).map(|_| register("192.0.2.1")).collect();
    assert_eq!(burst(&api, &calls, [201, 429, 500]).0, [3, 17, 0]);
    let throttled = api.send(&register("192.0.2.1"));
    let wait = (86_400 - NOW % 86_400).to_string();
    assert_eq!(throttled.header("retry-after"), Some(wait.as_str()));
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    throttled.is(429, &format!(r#"{{"user":{{"detail":"{detail}"}}}}"#));
    // A network has four times as many, from whatever addresses.
    let calls: Vec<_> = (2..40).map(|host| register(&format!("192.0.2.{host}"))).collect();
    assert_eq!(burst(&api, &calls, [201, 429, 500]).0, [9, 29, 0]);
    let calls: Vec<_> = (0..40).map(|subnet| register(&format!("2001:db8:0:{subnet:x}::1"))).collect();
    assert_eq!(burst(&api, &calls, [201, 429, 500]).0, [12, 28, 0]);
    assert_eq!(api.send(&register("198.51.100.1")).status, 201);
    assert_eq!(api.sql("SELECT count(*) FROM users").as_deref(), Some("25"));
    // What fails is not counted, and the next day counts by itself.
    let taken =
        Request::post("/api/users", r#"{"user":{"username":"n1","email":"x@x.io","password":"jakejake"}}"#)
            .header("CF-Connecting-IP", "203.0.113.1");
    for _ in 0..10 {
        assert_eq!(api.send(&taken).status, 400);
    }
    let calls: Vec<_> = (0..5).map(|_| register("203.0.113.1")).collect();
    assert_eq!(burst(&api, &calls, [201, 429, 500]).0, [3, 2, 0]);
    api.platform.now.set(NOW + 86_400);
    assert_eq!(api.send(&register("192.0.2.1")).status, 201);
    // No address is stored in the clear.
    let networks = api.sql("SELECT group_concat(network) FROM registrations").unwrap();
    assert!(networks.split(',').all(|network| network.len() == 22), "{networks}");
}

#[test]
fn no_limit_of_registrations_counts_none() {
    let mut vars = api::django();
    vars.insert("REGISTRATIONS_PER_ADDRESS", "0");
    let api = Native::new(vars);
    for index in 0..20 {
        api::register(&api, &format!("free{index}"));
    }
    assert_eq!(api.sql("SELECT count(*) FROM registrations").as_deref(), Some("0"));
}
