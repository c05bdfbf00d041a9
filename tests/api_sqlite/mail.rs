//! Mail on the host: what requests for it cost, what happens at once, limits, and a transport that fails.

use std::rc::Rc;

use futures_util::future::join_all;
use latchkey::jobs::purge;
use serde_json::{Value, json};

use super::api::mailbox::{Person, by_code, mail, wrong};
use super::api::{self, Api, Request};
use super::{EVENTS, NOW, Native};

const RESET: &str = "/api/users/password-reset";
const VERIFICATION: &str = "/api/user/email-verification";

pub fn native() -> Rc<Native> {
    Rc::new(Native::new(api::with_mail()))
}

pub fn of(api: &Rc<Native>) -> Rc<dyn Api> {
    let api: Rc<dyn Api> = Rc::<Native>::clone(api);
    api
}

/// Calls of the database by a request, before and after its answer, and its status.
fn cost(api: &Native, call: &Request) -> (usize, usize, u16) {
    let calls = || api.platform.db.calls.get();
    let start = calls();
    let (answer, deferred) = api.handle(call);
    let answered = calls();
    api.run(deferred);
    (answered - start, calls() - answered, answer.status)
}

fn request(path: &str, email: &str) -> Request {
    Request::post(path, &api::email(email))
}

fn reset(secret: &str) -> Request {
    let body = json!({ "user": { "secret": secret, "password": "a new password" } });
    Request::new("PUT", RESET).json(&body.to_string())
}

pub fn later(api: &Native, seconds: i64) {
    api.platform.now.set(api.platform.now.get() + seconds);
}

#[test]
fn a_request_costs_as_few_calls_as_its_work_allows() {
    let api = native();
    let user = r#"{"user":{"username":"cost","email":"cost@x.io","password":"jakejake"}}"#;
    assert_eq!(cost(&api, &Request::post("/api/users", user)), (1, 1, 201));
    let login = api::login("cost@x.io", "jakejake");
    assert_eq!(cost(&api, &login), (1, 1, 200));
    let (answer, _) = api.handle(&login);
    let token = answer.token();
    assert_eq!(cost(&api, &Request::get("/api/user").token(&token)), (1, 1, 200));
    assert_eq!(cost(&api, &Request::get("/api/user").token(&token)), (1, 0, 200));
    assert_eq!(cost(&api, &Request::get("/api/user/credentials").token(&token)), (2, 0, 200));
    // Whoever has the address.
    for email in ["cost@x.io", "unknown@x.io"] {
        later(&api, 60);
        assert_eq!(cost(&api, &request(RESET, email)), (1, 0, 202));
        assert_eq!(cost(&api, &request(RESET, email)), (2, 0, 429));
    }
    let secret = |email: &str| api::secret_of(api.mails(email).last().unwrap());
    let right = secret("cost@x.io");
    assert_eq!(cost(&api, &reset("x.12345678")), (1, 0, 400));
    assert_eq!(cost(&api, &reset("x")), (0, 0, 400));
    // A notice is taken, sent and put down, and there is no other.
    assert_eq!(cost(&api, &reset(&right)), (2, 3, 204));
    let token = api.send(&api::login("cost@x.io", "a new password")).token();
    let with_token =
        |method: &str, path: &str, body: &str| Request::new(method, path).token(&token).json(body);
    assert_eq!(cost(&api, &with_token("POST", VERIFICATION, "")), (2, 0, 400));
    assert_eq!(
        cost(&api, &with_token("PATCH", "/api/user", r#"{"user":{"email":"new@x.io"}}"#)),
        (2, 1, 200)
    );
    later(&api, 60);
    assert_eq!(cost(&api, &with_token("POST", VERIFICATION, "")), (3, 0, 202));
    let body = json!({ "user": { "secret": secret("new@x.io") } }).to_string();
    assert_eq!(cost(&api, &with_token("PUT", VERIFICATION, &body)), (3, 5, 200));
    later(&api, 60);
    assert_eq!(cost(&api, &request("/api/users/sign-in", "new@x.io")), (1, 0, 202));
    let body = json!({ "user": { "secret": secret("new@x.io") } }).to_string();
    let (before, _, status) = cost(&api, &Request::post("/api/users/login", &body));
    assert_eq!((before, status), (2, 200));
}

#[test]
fn a_login_sees_to_notices_in_the_call_that_records_it() {
    let api = native();
    let person = Person::verified(&of(&api), "device");
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let login = api::login(&person.email, "jakejake");
    assert_eq!(cost(&api, &login), (1, 1, 200), "the device of the registration");
    let other = login.clone().header("User-Agent", agent);
    assert_eq!(cost(&api, &other), (1, 4, 200), "taken, put down, and none left");
    assert_eq!(cost(&api, &other), (1, 1, 200));
    let elsewhere = other.header("Place", "Paris, FR");
    assert_eq!(cost(&api, &elsewhere), (1, 1, 200), "gathered");
    assert_eq!(api.sql("SELECT count || place FROM outbox"), Some("1Paris, FR".to_owned()));
}

#[test]
fn no_statement_of_mail_scans_a_table() {
    let api = native();
    let mut person = Person::verified(&of(&api), "plan");
    let unverified = Person::register(&of(&api), "plan2");
    person.request_reset();
    person.reset("x.12345678", "a new password");
    person.reset(&person.secret(), "a new password");
    person.token = person.login("a new password").token();
    person.login("wrong password");
    person.patch(&json!({"email": "plan3@x.io", "password": "yet another one"}));
    person.patch(&json!({"email": "plan2@x.io"}));
    person.patch(&json!({"email": "plan@x.io"}));
    person.patch(&json!({"email": "plan3@x.io"}));
    person.with_token("POST", VERIFICATION, &Value::Null);
    person.request("/api/users/sign-in");
    person.sign_in(&person.secret());
    unverified.request("/api/users/sign-in");
    unverified.post(RESET, &json!({"user": {"email": "plan2@x.io"}}));
    unverified.sign_in(&unverified.secret());
    person.with_token("DELETE", "/api/user", &Value::Null);
    pollster::block_on(purge::run(&api.platform, EVENTS, NOW)).unwrap();
    let statements = api.platform.db.statements.borrow().clone();
    assert!(statements.len() > 60);
    for statement in statements {
        for step in api.platform.db.plan(&statement) {
            let tables = ["users", "other", "sessions", "login_failures", "secrets", "s", "outbox"];
            let scans = tables
                .iter()
                .any(|table| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            // Staff are few.
            assert!(!scans || step.ends_with("USING INDEX users_of_staff"), "{step}: {statement}");
        }
    }
}

/// Number of answers with each of two statuses, of requests at once.
fn at_once(api: &Native, calls: &[Request], statuses: [u16; 2]) -> [usize; 2] {
    let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
    let count = |status| answers.iter().filter(|(answer, _)| answer.status == status).count();
    let counts = statuses.map(count);
    for (_, deferred) in answers {
        api.run(deferred);
    }
    counts
}

#[test]
fn of_sixteen_requests_at_once_one_is_mailed() {
    let api = native();
    let person = Person::register(&of(&api), "sixteen");
    for email in [person.email.as_str(), "sixteen-unknown@x.io"] {
        later(&api, 60);
        assert_eq!(at_once(&api, &vec![request(RESET, email); 16], [202, 429]), [1, 15], "{email}");
    }
    assert_eq!(api.mails(&person.email).len(), 2);
}

#[test]
fn of_twenty_redemptions_at_once_one_wins() {
    let api = native();
    let mut person = Person::register(&of(&api), "twenty");
    let verification = json!({ "user": { "secret": person.secret() } }).to_string();
    let verify = Request::new("PUT", VERIFICATION).json(&verification).token(&person.token);
    assert_eq!(at_once(&api, &vec![verify; 20], [200, 400]), [1, 19]);
    later(&api, 60);
    person.request("/api/users/sign-in");
    let login =
        Request::post("/api/users/login", &json!({ "user": { "secret": person.secret() } }).to_string());
    let sessions = || api.sql("SELECT count(*) FROM sessions").unwrap();
    let before: i32 = sessions().parse().unwrap();
    assert_eq!(at_once(&api, &vec![login; 20], [200, 400]), [1, 19]);
    assert_eq!(sessions(), (before + 1).to_string());
    later(&api, 60);
    person.request_reset();
    assert_eq!(at_once(&api, &vec![reset(&person.secret()); 20], [204, 400]), [1, 19]);
    person.token = person.login("a new password").token();
    person.patch(&json!({"email": "twenty2@x.io"}));
    let body = json!({ "user": { "secret": person.secret_at("twenty2@x.io") } }).to_string();
    let verify = Request::new("PUT", VERIFICATION).json(&body).token(&person.token);
    let answers = at_once(&api, &vec![verify; 20], [200, 400]);
    assert_eq!(answers[0], 1, "the others have a token from before");
}

#[test]
fn of_wrong_codes_at_once_as_many_count_as_the_limits_say() {
    let api = native();
    let person = Person::register(&of(&api), "codes");
    later(&api, 60);
    let sent = person.request_reset();
    let (link, code) = (person.secret(), person.code());
    let guess = reset(&by_code(&sent, &wrong(&code)));
    assert_eq!(at_once(&api, &vec![guess.clone(); 5], [204, 400]), [0, 5]);
    assert_eq!(at_once(&api, &[reset(&by_code(&sent, &code))], [204, 400]), [0, 1]);
    let tries = || api.sql("SELECT tries FROM secrets WHERE purpose = 'reset'").unwrap();
    assert_eq!(tries(), "6");
    assert_eq!(at_once(&api, &vec![guess; 32], [204, 400]), [0, 32]);
    assert_eq!(tries(), "10");
    assert_eq!(at_once(&api, &[reset(&link)], [204, 400]), [0, 1]);
}

#[test]
fn of_two_ways_at_once_one_is_taken() {
    let api = native();
    let person = Person::verified(&of(&api), "two-ways");
    later(&api, 60);
    let sent = person.request_reset();
    let calls = [reset(&person.secret()), reset(&by_code(&sent, &person.code()))];
    assert_eq!(at_once(&api, &calls, [204, 400]), [1, 1]);
}

#[test]
fn requests_are_limited_by_address_and_by_network() {
    let api = native();
    let send = |email: &str, ip: &str| {
        let (answer, _) = api.handle(&request(RESET, email).header("CF-Connecting-IP", ip));
        let wait = answer.header("retry-after").map(|seconds| seconds.parse::<i64>().unwrap());
        (answer.status, wait)
    };
    // 5 a day from one network, 20 from all.
    for n in 0..20 {
        later(&api, 60);
        let ip = format!("192.0.2.{}", n / 5);
        assert_eq!(send("limit@x.io", &ip), (202, None), "{n}");
        if n % 5 == 4 {
            later(&api, 60);
            let wait = 86_400 - 5 * 60;
            let own = n < 19;
            assert_eq!(send("LIMIT@x.io", &ip).0, 429);
            if own {
                assert_eq!(send("limit@x.io", &ip), (429, Some(wait)));
            }
        }
    }
    assert_eq!(send("limit@x.io", "198.51.100.1").0, 429);
    later(&api, 86_400);
    assert_eq!(send("limit@x.io", "198.51.100.1"), (202, None));
    // 30 an hour of one network: an IPv4 address, or a /64.
    for (n, ip) in (0..31).zip(std::iter::repeat("203.0.113.1")) {
        let expected = if n < 30 { (202, None) } else { (429, Some(3_600)) };
        assert_eq!(send(&format!("n{n}@x.io"), ip), expected, "{n}");
    }
    assert_eq!(send("other@x.io", "203.0.113.2"), (202, None));
    // 120 of a /48.
    for n in 0..121 {
        let expected = if n < 120 { (202, None) } else { (429, Some(3_600)) };
        assert_eq!(send(&format!("site{n}@x.io"), &format!("2001:db8:1:{n}::1")), expected, "{n}");
    }
    assert_eq!(send("site@x.io", "2001:db8:2::1"), (202, None));
    later(&api, 3_600);
    assert_eq!(send("site@x.io", "2001:db8:1:7::1"), (202, None));
}

#[test]
fn a_mail_that_fails_is_logged_without_the_address_and_can_be_asked_for_again() {
    let api = native();
    let person = Person::register(&of(&api), "failing");
    *api.platform.mail_failure.borrow_mut() = Some("E_RATE_LIMIT_EXCEEDED".to_owned());
    later(&api, 60);
    assert_eq!(person.post(RESET, &json!({"user": {"email": person.email}})).status, 202);
    assert_eq!(
        api.log(),
        [
            r#"{"level":"warn","event":"mail_failed","mail":"reset","code":"E_RATE_LIMIT_EXCEEDED","recipient_refused":false,"user":1,"request":null}"#
        ]
    );
    *api.platform.mail_failure.borrow_mut() = None;
    later(&api, 60);
    mail(&person.post(RESET, &json!({"user": {"email": person.email}})));
    assert_eq!(person.reset(&person.secret(), "a new password").status, 204);
}

#[test]
fn secrets_are_kept_for_as_long_as_a_limit_counts_them() {
    let api = native();
    let person = Person::register(&of(&api), "kept");
    later(&api, 60);
    person.request_reset();
    let left = |seconds: i64| {
        pollster::block_on(purge::run(&api.platform, EVENTS, NOW + 60 + seconds)).unwrap();
        api.sql("SELECT count(*) FROM secrets").unwrap()
    };
    assert_eq!(left(86_399), "2");
    assert_eq!(left(86_400), "1");
    assert_eq!(left(7 * 86_400 - 61), "1");
    assert_eq!(left(7 * 86_400 - 60), "0");
}

/// A stolen database tells no secret, and no address that nobody has.
#[test]
fn the_database_holds_no_secret_and_no_strangers_address() {
    let api = native();
    let person = Person::register(&of(&api), "stolen");
    later(&api, 60);
    person.request_reset();
    let (link, code) = (person.secret(), person.code());
    let token = link.split_once('.').unwrap().1;
    person.post(RESET, &json!({"user": {"email": "stranger@x.io"}}));
    let dump = api.sql(
        "SELECT group_concat(concat_ws(' ', id, purpose, account, network, site, user_id, email, token_hash, code_hash)) FROM secrets",
    );
    let dump = dump.unwrap();
    assert!(dump.contains("stolen@x.io") && dump.contains("reset"), "{dump}");
    for secret in [token, &code, "stranger", "10."] {
        assert!(!dump.contains(secret), "{secret}: {dump}");
    }
}

/// An address that was never verified is replaced at once, even where no mail goes to the new one: none does by another request.
#[test]
fn a_user_has_five_new_addresses_a_day_mailed_to_by_whatever_request() {
    let api = native();
    let mut person = Person::register(&of(&api), "spray");
    let is_mailed = |email: &str| api.mails(email).iter().any(|mail| mail.text.contains("&secret="));
    for n in 0..8 {
        let email = format!("spray{n}@x.io");
        assert_eq!(person.patch(&json!({ "email": email })).status, 200);
        later(&api, 60);
        let again = person.with_token("POST", VERIFICATION, &Value::Null);
        assert_eq!((again.status, is_mailed(&email)), if n < 5 { (202, true) } else { (429, false) }, "{n}");
        let wait = again.header("retry-after").map(|wait| wait.parse::<i64>().unwrap());
        assert_eq!(wait, (n >= 5).then(|| 86_400 - 60 * (n + 1)), "{n}");
    }
}

#[test]
fn a_session_that_ends_meanwhile_spends_no_verification() {
    let api = native();
    let mut person = Person::register(&of(&api), "meanwhile");
    let secret = person.secret();
    // Between the statement that finds the secret and the call that redeems it.
    api.platform.db.before.borrow_mut().push((
        "INSERT INTO outbox",
        "UPDATE users SET token_version = token_version + 1, surviving_sid = 'another' WHERE username = 'meanwhile'",
    ));
    assert_eq!(person.try_to_verify(&secret).status, 401);
    person.token = person.login("jakejake").token();
    person.verify(&secret);
}

/// Whoever has stolen a token that a new password is set with has some seconds left.
#[test]
fn a_token_in_its_grace_changes_no_email() {
    let api = native();
    for person in [Person::verified(&of(&api), "grace"), Person::register(&of(&api), "grace2")] {
        let (stolen, mut person) = (person.token.clone(), person);
        assert_eq!(person.patch(&json!({"password": "another one"})).status, 200);
        let patch = |user: &Value| {
            let body = json!({ "user": user }).to_string();
            api.send(&Request::put(&body).token(&stolen)).status
        };
        assert_eq!(patch(&json!({"bio": "under way"})), 200);
        assert_eq!(patch(&json!({"email": "thief@x.io", "bio": "thief"})), 401);
        assert_eq!(person.state()["address"], person.email);
        assert_eq!(person.state()["pending"], Value::Null);
    }
    assert!(api.mails("thief@x.io").is_empty());
}
