//! How many logins may fail. Each test has accounts, or addresses, of its own.

use super::{Api, Request, Response, Start, django, login, realworld, register};

pub const WRONG: &str = r#"{"errors":{"error":["A user with this email and password was not found."]}}"#;

/// A login from an address.
pub fn from(address: &str, email: &str, password: &str) -> Request {
    login(email, password).header("CF-Connecting-IP", address)
}

/// Asserts that an answer says to wait up to this many seconds, in its body as in its header.
#[track_caller]
pub fn is_throttled(answer: &Response, most: i64) {
    let seconds = answer.header("retry-after").expect(&answer.body);
    let message = format!("Request was throttled. Expected available in {seconds} seconds.");
    answer.is(429, &format!(r#"{{"user":{{"detail":"{message}"}}}}"#));
    let seconds: i64 = seconds.parse().unwrap();
    assert!((most - 60..=most).contains(&seconds), "{seconds}");
}

fn fail(api: &dyn Api, times: usize, address: &str, email: &str) {
    for _ in 0..times {
        api.send(&from(address, email, "wrong password")).is(400, WRONG);
    }
}

pub fn ten_failures_of_an_account_and_address_are_answered(start: Start) {
    let api = start(django());
    register(&*api, "ten");
    // The case of an email, and the last 64 bits of an IPv6 address, open no second counter.
    for (index, email) in ["ten@x.io", "TEN@x.io", "tEn@X.IO"].into_iter().cycle().take(10).enumerate() {
        api.send(&from(&format!("2001:db8:0:a::{index:x}"), email, "wrong password")).is(400, WRONG);
    }
    for password in ["wrong password", "jakejake"] {
        is_throttled(&api.send(&from("2001:db8:0:a:ffff::", "ten@x.io", password)), 900);
    }
    // Nobody else is, nor is this user anywhere else.
    assert_eq!(api.send(&from("2001:db8:0:b::1", "ten@x.io", "jakejake")).status, 200);
    register(&*api, "ten2");
    assert_eq!(api.send(&from("2001:db8:0:a::1", "ten2@x.io", "jakejake")).status, 200);
    // What is wrong with the fields comes first.
    let answer = api.send(&from("2001:db8:0:a::1", "ten@x.io", ""));
    answer.is(400, r#"{"errors":{"password":["This field may not be blank."]}}"#);

    let api = start(realworld());
    register(&*api, "ten");
    for _ in 0..10 {
        let answer = api.send(&from("192.0.2.1", "ten@x.io", "wrong password"));
        answer.is(401, r#"{"errors":{"credentials":["invalid"]}}"#);
    }
    let answer = api.send(&from("192.0.2.1", "ten@x.io", "jakejake"));
    let seconds = answer.header("retry-after").unwrap();
    answer.is(429, &format!(r#"{{"errors":{{"requests":["are throttled; retry in {seconds} seconds"]}}}}"#));
}

pub fn an_unknown_email_is_throttled_like_a_known_one(start: Start) {
    let api = start(django());
    fail(&*api, 10, "192.0.2.2", "nobody@x.io");
    is_throttled(&api.send(&from("192.0.2.2", "NOBODY@x.io", "wrong password")), 900);
    fail(&*api, 1, "192.0.2.2", "nobody2@x.io");
}

pub fn a_success_clears_the_failures(start: Start) {
    let api = start(django());
    register(&*api, "clears");
    for _ in 0..3 {
        fail(&*api, 9, "192.0.2.3", "clears@x.io");
        assert_eq!(api.send(&from("192.0.2.3", "Clears@x.io", "jakejake")).status, 200);
    }
    fail(&*api, 7, "192.0.2.3", "clears@x.io");
    // Failures from elsewhere stay with their address.
    fail(&*api, 3, "192.0.2.4", "clears@x.io");
    assert_eq!(api.send(&from("192.0.2.3", "clears@x.io", "jakejake")).status, 200);
    fail(&*api, 7, "192.0.2.4", "clears@x.io");
    is_throttled(&api.send(&from("192.0.2.4", "clears@x.io", "jakejake")), 900);
}

pub fn a_deactivated_account_counts_only_wrong_passwords(start: Start) {
    let api = start(django());
    register(&*api, "inactive");
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'inactive'");
    let right = from("192.0.2.5", "inactive@x.io", "jakejake");
    let deactivated = r#"{"errors":{"error":["This user has been deactivated."]}}"#;
    for _ in 0..10 {
        api.send(&right).is(400, deactivated);
        api.send(&right).is(400, deactivated);
        fail(&*api, 1, "192.0.2.5", "inactive@x.io");
    }
    is_throttled(&api.send(&right), 900);
}

pub fn an_account_has_a_limit_over_all_addresses(start: Start) {
    let api = start(django());
    register(&*api, "hundred");
    for index in 0..100 {
        fail(&*api, 1, &format!("198.51.100.{index}"), "hundred@x.io");
    }
    for password in ["wrong password", "jakejake"] {
        is_throttled(&api.send(&from("203.0.113.1", "hundred@x.io", password)), 3_600);
    }
    register(&*api, "hundred2");
    assert_eq!(api.send(&from("198.51.100.1", "hundred2@x.io", "jakejake")).status, 200);
}
