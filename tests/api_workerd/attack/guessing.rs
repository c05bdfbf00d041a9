//! Guessing passwords.

use std::time::Instant;

use latchkey::account::password::{Password, to_nfc};
use latchkey::auth::password::Hasher;

use crate::api::login_failures::{WRONG, from, is_throttled};
use crate::api::{self, Api as _, Request, Response, django};
use crate::server::Server;

/// The server, and the email of an account to attack, of which `bystander` is another.
fn attacked(name: &str) -> (Server, String, String) {
    let api = Server::shared(django());
    let [victim, bystander] = ["victim", "bystander"].map(|role| format!("{role}-{name}"));
    api::register(&api, &victim);
    api::register(&api, &bystander);
    (api, format!("{victim}@x.io"), format!("{bystander}@x.io"))
}

/// Counts the answers: failures, and the throttled. No other answer is given to a wrong password.
fn count(title: &str, answers: &[Response], longest_wait: i64) -> [usize; 2] {
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
fn two_hundred_passwords_at_once_to_renew_the_proof_of_a_stolen_token() {
    let mut vars = django();
    vars.insert("REAUTHENTICATE_MINUTES", "10");
    let api = Server::shared(vars);
    let token = api::register(&api, "victim-proof");
    let guess = |address: &str, password: &str| {
        let body = format!(r#"{{"user":{{"password":"{password}"}}}}"#);
        let call = Request::post("/api/user/reauthenticate", &body);
        call.token(&token).header("CF-Connecting-IP", address)
    };
    let guesses: Vec<_> = (0..200).map(|index| guess("192.0.2.1", &format!("password {index}"))).collect();
    let answers = api.send_at_once(&guesses);
    let of = |status| answers.iter().filter(|answer| answer.status == status).collect::<Vec<_>>();
    let (failed, throttled) = (of(400), of(429));
    println!("200 wrong proofs at once: {} failed, {} were throttled", failed.len(), throttled.len());
    failed.iter().for_each(|answer| answer.is(400, r#"{"errors":{"password":["Invalid password."]}}"#));
    assert_eq!([failed.len(), throttled.len()], [10, 190]);
    // It is one counter with that of logins and of current passwords.
    let login = from("192.0.2.1", "victim-proof@x.io", "jakejake");
    is_throttled(&api.send(&login), 900);
    is_throttled(&api.send(&guess("192.0.2.1", "jakejake")), 900);
    let change = r#"{"user":{"email":"thief@x.io","current_password":"jakejake"}}"#;
    let change = Request::put(change).token(&token).header("CF-Connecting-IP", "192.0.2.1");
    is_throttled(&api.send(&change), 900);
    assert_eq!(api.send(&guess("192.0.2.2", "jakejake")).status, 200, "its user's own address");
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

/// Each login of an imported user costs more than one of today's, until the operator names it.
#[test]
fn the_time_of_a_failed_login() {
    let imported = "pbkdf2_sha256$100000";
    for costliest in ["", imported] {
        let mut vars = django();
        vars.extend([("PASSWORD_HASHER", "pbkdf2_sha512$20000"), ("COSTLIEST_HASH", costliest)]);
        let api = Server::shared(vars);
        for name in ["timed-new", "timed-imported"] {
            api::register(&api, name);
        }
        let hash = imported
            .parse::<Hasher>()
            .unwrap()
            .hash(&Password::new("jakejake".to_owned(), &to_nfc), getrandom::fill)
            .unwrap();
        let hash = hash.as_str();
        api.sql(&format!("UPDATE users SET password = '{hash}' WHERE username = 'timed-imported'"));
        let times = ["timed-new", "timed-imported", "timed-nobody"].map(|name| {
            let login = |index| from(&format!("192.0.2.{index}"), &format!("{name}@x.io"), "wrong password");
            let mut times: Vec<_> = (0..9)
                .map(|index| {
                    #[expect(clippy::disallowed_methods, reason = "this is not wasm")]
                    let start = Instant::now();
                    assert_eq!(api.send(&login(index)).status, 400);
                    start.elapsed().as_millis()
                })
                .collect();
            times.sort_unstable();
            format!("{name} {} ms", times[4])
        });
        // For people to read; tests/api_sqlite/concurrency.rs counts iterations.
        println!("a failed login with COSTLIEST_HASH = {costliest:?}: {}", times.join(", "));
    }
}

#[test]
fn guesses_while_the_database_takes_no_writes() {
    let api = Server::new(None, &django());
    api::register(&api, "victim");
    api.sql(
        "CREATE TRIGGER full BEFORE INSERT ON login_failures BEGIN SELECT raise(ABORT, 'database or disk is full'); END",
    );
    let guesses = (0..20).map(|guess| format!("password {guess}")).chain(["jakejake".to_owned()]);
    let try_to_log_in = |password: String| api.send(&from("192.0.2.1", "victim@x.io", &password)).status;
    let statuses: Vec<_> = guesses.map(try_to_log_in).collect();
    println!("20 wrong passwords, and the right one, in a database that is full: {statuses:?}");
    assert_eq!(statuses[0], 500);
    assert!(statuses[1..].iter().all(|status| *status == 429));
    let log = api.log();
    let lines =
        log.iter().filter(|line| line.contains("locks out that account and client IP for 60 seconds"));
    assert_eq!(lines.count(), 1, "{log:?}");
    right("the right password from elsewhere", &api, "192.0.2.2", "victim@x.io", 200);
}

#[test]
fn the_secret_of_the_original_server() {
    let mut vars = django();
    let public = "2^f+3@v7$v1f8yt0!s)3-1t$)tlp+xm17=*g))_xoi&&9m#2a&";
    vars.insert("JWT_SECRET", public);
    let api = Server::new(None, &vars);
    let answer = api.send(&Request::get("/api/user").token(&api::mint(public, 1, 0, api.now())));
    println!("a token signed with the public key of the original server: {}", answer.status);
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    assert!(
        api.log().iter().any(|line| line.contains("with which anyone can sign tokens")),
        "{:?}",
        api.log()
    );
    assert!(!api.log().iter().any(|line| line.contains(public)));
}
