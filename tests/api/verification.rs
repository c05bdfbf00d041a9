//! Verification and change of an email.

use std::rc::Rc;

use serde_json::json;

use super::mailbox::{INVALID_SECRET, Person, by_code, is_user, mail, wrong};
use super::{Api, Request, Start, with_mail};

const VERIFICATION: &str = "/api/user/email-verification";
const VERIFIED: &str = r#"{"errors":{"email":["This email is already verified."]}}"#;
const TAKEN: &str = r#"{"errors":{"email":["user with this email already exists."]}}"#;

fn state(address: &str, verified: bool, pending: Option<&str>) -> serde_json::Value {
    json!({ "address": address, "verified": verified, "pending": pending })
}

pub fn a_registration_sends_a_verification(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "verify-new");
    let mails = person.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("https://app.example.com/account#purpose=verification&secret="));
    assert!(!mails[0].text.contains("verify-new"), "{}", mails[0].text);
    let user =
        json!({"user": {"username": "verify-new2", "email": "verify-new2@x.io", "password": "jakejake"}});
    let answer = person.post("/api/users", &user);
    assert_eq!(answer.status, 201);
    let sent = mail(&answer);
    let answered = format!(r#""mail":{{"id":{},"expires":{}}}}}"#, sent["id"], sent["expires"]);
    assert!(answer.body.ends_with(&answered), "{}", answer.body);
    let secret = person.secret();
    let token = person.token.clone();
    person.verify(&secret);
    assert_eq!(person.state(), state("verify-new@x.io", true, None));
    // The session goes on, and its older tokens too.
    assert_eq!(person.send(&Request::get("/api/user").token(&token)).status, 200);
    person.try_to_verify(&secret).is(400, INVALID_SECRET);
    person.with_token("POST", VERIFICATION, &json!(null)).is(400, VERIFIED);
}

pub fn a_verification_needs_the_mailbox_and_a_session_of_the_account(start: Start) {
    let api = start(with_mail());
    let mut stranger = Person::register(&api, "verify-stranger");
    let mut victim = Person::register(&api, "verify-victim");
    let secret = stranger.secret();
    let body = json!({"user": {"secret": secret}}).to_string();
    let missing = r#"{"user":{"detail":"Authentication credentials were not provided."}}"#;
    victim.send(&Request::new("PUT", VERIFICATION).json(&body)).is(401, missing);
    victim.try_to_verify(&secret).is(400, INVALID_SECRET);
    assert_eq!(stranger.state(), state("verify-stranger@x.io", false, None));
    stranger.verify(&secret);
}

pub fn another_verification_is_sent_where_there_is_something_to_verify(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "verify-again");
    let first = person.secret();
    let throttled = person.with_token("POST", VERIFICATION, &json!(null));
    assert_eq!(throttled.status, 429);
    let seconds: i64 = throttled.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    person.forget_minute();
    let sent = mail(&person.with_token("POST", VERIFICATION, &json!(null)));
    // The one before stays good, and a wrong code is only its own.
    let code = by_code(&sent, &wrong(&person.code()));
    person.try_to_verify(&code).is(400, INVALID_SECRET);
    person.verify(&first);
}

pub fn an_unverified_email_is_replaced_at_once(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "replace");
    let old = person.secret();
    person.request_reset();
    let reset = person.secret();
    let token = person.token.clone();
    let answer = person.patch(&json!({"email": "replace2@x.io", "bio": "x"}));
    is_user(&answer, "replace2@x.io", "replace", "\"x\"");
    mail(&answer);
    assert_eq!(person.state(), state("replace2@x.io", false, None));
    person.try_to_verify(&old).is(400, INVALID_SECRET);
    person.reset(&reset, "a new password").is(400, INVALID_SECRET);
    assert_eq!(person.send(&Request::get("/api/user").token(&token)).status, 200);
    let secret = person.secret_at("replace2@x.io");
    person.verify(&secret);
    assert_eq!(person.state(), state("replace2@x.io", true, None));
}

pub fn a_verified_email_stays_until_the_new_one_is_proved(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "pending");
    person.request_reset();
    let (reset, other) = (person.secret(), person.login("jakejake").token());
    let answer = person.patch(&json!({"email": "pending2@x.io", "username": "pending-renamed"}));
    is_user(&answer, "pending@x.io", "pending-renamed", "null");
    mail(&answer);
    person.name = "pending-renamed".to_owned();
    assert_eq!(person.state(), state("pending@x.io", true, Some("pending2@x.io")));
    assert_eq!(api.mails("pending2@x.io").len(), 1);
    // The old one still logs in, and only it.
    assert_eq!(person.login("jakejake").status, 200);
    let before = person.token.clone();
    let secret = person.secret_at("pending2@x.io");
    person.verify(&secret);
    assert_eq!(person.state(), state("pending2@x.io", true, None));
    let ended = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
    for token in [&before, &other] {
        person.send(&Request::get("/api/user").token(token)).is(401, ended);
    }
    person.reset(&reset, "a new password").is(400, INVALID_SECRET);
    assert_eq!(person.login("jakejake").status, 400);
    person.email = "pending2@x.io".to_owned();
    assert_eq!(person.login("jakejake").status, 200);
}

pub fn a_change_of_email_is_cancelled_by_the_one_in_force(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "cancel");
    person.patch(&json!({"email": "cancel2@x.io"}));
    let secret = person.secret_at("cancel2@x.io");
    // With anything else it is no cancellation.
    person.patch(&json!({"email": "cancel@x.io", "bio": "x"}));
    assert_eq!(person.state(), state("cancel@x.io", true, Some("cancel2@x.io")));
    let answer = person.patch(&json!({"email": "cancel@x.io"}));
    is_user(&answer, "cancel@x.io", "cancel", "\"x\"");
    assert_eq!(person.state(), state("cancel@x.io", true, None));
    person.try_to_verify(&secret).is(400, INVALID_SECRET);
    // And asked for again.
    person.forget_minute();
    person.patch(&json!({"email": "cancel2@x.io"}));
    person.try_to_verify(&secret).is(400, INVALID_SECRET);
    let secret = person.secret_at("cancel2@x.io");
    person.verify(&secret);
    assert_eq!(person.state(), state("cancel2@x.io", true, None));
}

pub fn an_address_of_another_user_is_refused_at_both_steps(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "both");
    let other = Person::register(&api, "both-other");
    person.patch(&json!({"email": "BOTH-other@x.io"})).is(400, TAKEN);
    assert_eq!(person.state(), state("both@x.io", true, None));
    assert_eq!(api.mails("BOTH-other@x.io").len(), 0);
    assert_eq!(api.sql("SELECT count(*) FROM secrets WHERE email = 'both-other@x.io'").unwrap(), "1");
    drop(other);
    person.patch(&json!({"email": "both-later@x.io"}));
    let secret = person.secret_at("both-later@x.io");
    Person::register(&api, "both-later");
    person.try_to_verify(&secret).is(400, TAKEN);
    assert_eq!(person.state(), state("both@x.io", true, Some("both-later@x.io")));
    // An unverified one, too.
    let mut unverified = Person::register(&api, "both-unverified");
    unverified.patch(&json!({"email": "both@x.io"})).is(400, TAKEN);
    assert_eq!(unverified.state(), state("both-unverified@x.io", false, None));
}

pub fn a_new_email_needs_a_proof_of_ten_minutes(start: Start) {
    let api = start(with_mail());
    let person = Person::verified(&api, "proof");
    let old = super::mint(super::SECRET, super::id(&*api, "proof"), 0, api.now());
    let patch = |body: &str| person.send(&Request::put(body).token(&old));
    let refused = r#"{"user":{"detail":"Reauthentication is required."}}"#;
    patch(r#"{"user":{"email":"proof2@x.io"}}"#).is(403, refused);
    patch(r#"{"user":{"email":"proof2@x.io","password":"jakejake2"}}"#).is(403, refused);
    // What one has already is no change; and neither is a password's proof asked for.
    assert_eq!(patch(r#"{"user":{"email":"proof@x.io","bio":"x"}}"#).status, 200);
    assert_eq!(patch(r#"{"user":{"username":"proof"}}"#).status, 200);
    let proven = patch(r#"{"user":{"email":"proof2@x.io","current_password":"jakejake"}}"#);
    is_user(&proven, "proof@x.io", "proof", "\"x\"");
    mail(&proven);
}

fn limited(api: &Rc<dyn Api>, name: &str) -> Person {
    let mut person = Person::verified(api, name);
    for n in 1..=5 {
        let answer = person.patch(&json!({"email": format!("{name}{n}@x.io")}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        mail(&answer);
    }
    person
}

pub fn a_throttled_new_email_changes_nothing_where_one_is_verified(start: Start) {
    let api = start(with_mail());
    let mut person = limited(&api, "throttle-a");
    let answer = person.patch(&json!({"email": "throttle-a6@x.io", "bio": "x"}));
    assert_eq!(answer.status, 429, "{}", answer.body);
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((86_000..=86_400).contains(&seconds), "{seconds}");
    assert_eq!(person.state(), state("throttle-a@x.io", true, Some("throttle-a5@x.io")));
    let user = person.with_token("GET", "/api/user", &json!(null));
    is_user(&user, "throttle-a@x.io", "throttle-a", "null");
    // To an address again, after a minute.
    let again = person.patch(&json!({"email": "throttle-a4@x.io"}));
    assert_eq!(again.status, 429, "{}", again.body);
    person.forget_minute();
    mail(&person.patch(&json!({"email": "throttle-a4@x.io"})));
}

pub fn a_throttled_new_email_holds_where_none_is_verified(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "throttle-b");
    for n in 1..=6 {
        let answer = person.patch(&json!({"email": format!("throttle-b{n}@x.io")}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body.contains("\"mail\":{"), n <= 5, "{n} {}", answer.body);
    }
    assert_eq!(person.state(), state("throttle-b6@x.io", false, None));
    assert_eq!(api.mails("throttle-b6@x.io").len(), 0);
    let back = person.patch(&json!({"email": "throttle-b@x.io"}));
    assert_eq!(
        (back.status, back.body.contains("\"mail\":{")),
        (200, false),
        "a minute after the registration"
    );
}

pub fn an_unverified_address_gets_three_verifications_a_week(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "week");
    for status in [202, 202, 429] {
        person.forget_minute();
        let answer = person.with_token("POST", VERIFICATION, &json!(null));
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(person.mails().len(), 3);
    // That is no limit on resets.
    person.request_reset();
    api.sql("UPDATE secrets SET created_at = created_at - 604800 WHERE email = 'week@x.io'");
    mail(&person.with_token("POST", VERIFICATION, &json!(null)));
}
