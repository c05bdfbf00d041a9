//! Filling the database, and keeping the processor busy.

use crate::api::{self, Api as _, Request, Vars, django};
use crate::server::Server;

fn limited(more: [(&'static str, &'static str); 2]) -> Vars<'static> {
    let mut vars = django();
    vars.extend(more);
    vars
}

fn registrations(prefix: &str, addresses: impl Iterator<Item = String>) -> Vec<Request> {
    let user = |index| {
        format!(
            r#"{{"user":{{"username":"{prefix}{index}","email":"{prefix}{index}@x.io","password":"jakejake"}}}}"#
        )
    };
    let calls = addresses.enumerate();
    calls
        .map(|(index, address)| {
            Request::post("/api/users", &user(index)).header("CF-Connecting-IP", &address)
        })
        .collect()
}

#[test]
fn users_without_end() {
    let api = Server::shared(limited([("REGISTRATIONS_PER_ADDRESS", "10"), ("RATE_LIMIT", "off")]));
    let made = |title: &str, calls: &[Request]| {
        let answers = api.send_at_once(calls);
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.status == 429).count();
        println!("{} registrations at once {title}: {made} users", calls.len());
        assert_eq!(made + refused, calls.len());
        made
    };
    let one = registrations("one", (0..60).map(|_| "192.0.2.1".to_owned()));
    assert_eq!(made("from one address, where 10 a day are allowed", &one), 10);
    let many = registrations("many", (2..102).map(|host| format!("192.0.2.{host}")));
    assert_eq!(made("from its /24", &many), 30);
    let subnets = registrations("subnet", (0..100).map(|subnet| format!("2001:db8:0:{subnet:x}::1")));
    assert_eq!(made("from a /48", &subnets), 40);
}

#[test]
fn logins_from_all_of_a_48() {
    let api = Server::new(None, &limited([("RATE_LIMIT", "on"), ("TOKEN_TTL_DAYS", "60")]));
    let call = |subnet: i32| {
        let address = format!("2001:db8:0:{subnet:x}::1");
        Request::post("/api/users/login", "{}").header("CF-Connecting-IP", &address)
    };
    // Where the clock begins a new period meanwhile, twice as many pass.
    let passed = (0..1_000).filter(|subnet| api.send(&call(*subnet)).status == 400).count();
    println!("1,000 logins from as many /64 of one /48: {passed} were looked at");
    assert!((400..=800).contains(&passed), "{passed}");
}

#[test]
fn new_passwords_without_end() {
    let api = Server::new(None, &limited([("RATE_LIMIT", "on"), ("TOKEN_TTL_DAYS", "60")]));
    let mut token = api::register(&api, "busy");
    api::register(&api, "busy2");
    // Where the clock begins a new period meanwhile, twice as many pass.
    let mut passed = |title: &str, addresses: &mut dyn Iterator<Item = String>| {
        let mut passed = 0;
        for (attempt, address) in addresses.enumerate() {
            let user =
                [r#"{"user":{"password":"jakejake"}}"#, r#"{"user":{"email":"busy2@x.io"}}"#][attempt % 2];
            let answer = api.send(&Request::put(user).token(&token).header("CF-Connecting-IP", &address));
            if answer.status == 200 {
                token = answer.token();
            }
            passed += usize::from(answer.status != 429);
        }
        println!("new passwords and emails of one user from {title}: {passed} were looked at");
        passed
    };
    let one = passed("one address, 60", &mut (0..60).map(|_| "192.0.2.1".to_owned()));
    assert!((20..=40).contains(&one), "{one}");
    let many = passed("as many addresses, 150", &mut (0..150).map(|host| format!("198.51.100.{host}")));
    assert!((80..=200).contains(&(one + many)), "{many}");
    assert_eq!(api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token)).status, 200);
}
