//! Attacks on the Worker as it ships, and what they achieve. `npm run attack` runs these alone and shows
//! what came of them.

use crate::server::Server;
use crate::suite::throttle::{WRONG, from, is_throttled};
use crate::suite::{self, Answer, Api as _, Call, django};

/// The server, and the email of an account to attack, of which `bystander` is another.
fn attacked(name: &str) -> (Server, String, String) {
    let api = Server::shared(django());
    let [victim, bystander] = ["victim", "bystander"].map(|role| format!("{role}-{name}"));
    suite::register(&api, &victim);
    suite::register(&api, &bystander);
    (api, format!("{victim}@x.io"), format!("{bystander}@x.io"))
}

/// Counts the answers: failures, and the throttled. No other answer is given to a wrong password.
fn count(title: &str, answers: &[Answer], longest_wait: i64) -> [usize; 2] {
    let of = |status| answers.iter().filter(|answer| answer.status == status).cloned().collect::<Vec<_>>();
    let (failed, throttled) = (of(400), of(429));
    failed.iter().for_each(|answer| answer.is(400, WRONG));
    throttled.iter().for_each(|answer| is_throttled(answer, longest_wait));
    assert_eq!(failed.len() + throttled.len(), answers.len());
    println!("{title}: {} failed, {} were throttled", failed.len(), throttled.len());
    [failed.len(), throttled.len()]
}

/// Asserts the status of a login with the right password.
#[track_caller]
fn right(title: &str, api: &Server, address: &str, email: &str, status: u16) {
    let answer = api.send(&from(address, email, "jakejake"));
    println!("{title}: {}", answer.status);
    assert_eq!(answer.status, status, "{}", answer.body);
}

#[test]
fn two_hundred_passwords_at_once_from_one_address() {
    let (api, victim, bystander) = attacked("one");
    let guesses: Vec<_> =
        (0..200).map(|guess| from("192.0.2.1", &victim, &format!("password {guess}"))).collect();
    let answers = std::thread::scope(|scope| {
        let attack = scope.spawn(|| api.send_at_once(&guesses));
        right("another account, from the same address, meanwhile", &api, "192.0.2.1", &bystander, 200);
        right("another account, from elsewhere, meanwhile", &api, "192.0.2.2", &bystander, 200);
        attack.join().unwrap()
    });
    assert_eq!(count("200 wrong passwords at once from one address", &answers, 900), [10, 190]);
    let again = api.send_at_once(&guesses);
    assert_eq!(count("200 more", &again, 900), [0, 200]);
    right("the right password from that address, after", &api, "192.0.2.1", &victim, 429);
    right("the right password from the user's own address, after", &api, "192.0.2.2", &victim, 200);
}

#[test]
fn two_hundred_passwords_at_once_from_as_many_addresses() {
    let (api, victim, bystander) = attacked("many");
    let guesses: Vec<_> = (0..200)
        .map(|guess| from(&format!("198.51.100.{guess}"), &victim, &format!("password {guess}")))
        .collect();
    let answers = std::thread::scope(|scope| {
        let attack = scope.spawn(|| api.send_at_once(&guesses));
        right("another account, meanwhile", &api, "198.51.100.1", &bystander, 200);
        attack.join().unwrap()
    });
    assert_eq!(count("200 wrong passwords at once from 200 addresses", &answers, 3_600), [100, 100]);
    right("the right password, after, from anywhere", &api, "192.0.2.2", &victim, 429);
    right("another account, after", &api, "198.51.100.1", &bystander, 200);
    // An address of an attacker's that was not blocked by itself.
    let unknown: Vec<_> = (0..20).map(|_| from("198.51.100.1", "nobody-many@x.io", "password")).collect();
    let answers = api.send_at_once(&unknown);
    assert_eq!(count("20 passwords for an email that nobody has", &answers, 900), [10, 10]);
}

#[test]
fn two_hundred_passwords_one_after_the_other() {
    let (api, victim, _) = attacked("turn");
    let mut answers = Vec::new();
    for guess in 0..200 {
        answers.push(api.send(&from("192.0.2.1", &victim, &format!("password {guess}"))));
    }
    assert_eq!(count("200 wrong passwords in turn from one address", &answers, 900), [10, 190]);
    assert!(answers.iter().take(10).all(|answer| answer.status == 400));
}

#[test]
fn the_right_password_among_wrong_ones() {
    let (api, victim, _) = attacked("among");
    assert_eq!(api.send(&from("192.0.2.1", &victim, "password")).status, 400);
    // While an attack goes on from elsewhere, the user gets in.
    let guesses: Vec<_> = (0..50).map(|_| from("192.0.2.1", &victim, "password")).collect();
    let answers = std::thread::scope(|scope| {
        let attack = scope.spawn(|| api.send_at_once(&guesses));
        for _ in 0..5 {
            right("the right password from the user's own address, during", &api, "192.0.2.2", &victim, 200);
        }
        attack.join().unwrap()
    });
    assert_eq!(count("50 more wrong passwords at once from one address", &answers, 900), [9, 41]);
}

#[test]
fn sessions_that_end_while_their_requests_are_under_way() {
    let api = Server::shared(django());
    let token = suite::register(&api, "racer");
    let mut calls: Vec<_> =
        (0..40).map(|index| Call::put(&format!(r#"{{"user":{{"bio":"{index}"}}}}"#)).token(&token)).collect();
    calls.insert(20, Call::new("POST", "/api/users/logout").token(&token));
    let answers = api.send_at_once(&calls);
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    println!("40 updates and a logout at once: {} were in time, {} were refused", count(200), count(401));
    assert_eq!((count(204), count(200) + count(401)), (1, 40));
    assert_eq!(api.send(&Call::get("/api/user").token(&token)).status, 401);
    let bio = api.sql("SELECT bio FROM users WHERE username = 'racer'");
    for (call, answer) in calls.iter().zip(&answers) {
        let body = String::from_utf8_lossy(call.body.as_deref().unwrap_or_default());
        let is_stored = bio.as_ref().is_some_and(|bio| body.contains(&format!("\"{bio}\"")));
        assert!(!is_stored || answer.status == 200, "{body} was refused and stored");
    }
}
