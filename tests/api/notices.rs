//! Notices: mails that tell a user what happened to the account.

use latchkey::platform::SignatureAlgorithm;
use serde_json::json;

use super::factor::{INVALID_CODE, NOT_FOUND, factor, json_of, with_everything};
use super::mailbox::Person;
use super::{Received, Request, Start, with_mail};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// Subjects of the notices that an address got.
fn notices(mails: &[Received]) -> Vec<&str> {
    let notices = mails.iter().filter(|mail| !mail.text.contains("&secret="));
    notices.map(|mail| mail.subject.as_str()).collect()
}

pub fn a_new_password_is_told(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "told-password");
    person.patch(&json!({"password": "another one"}));
    assert_eq!(notices(&person.mails()), ["Your password for Example was changed"]);
    let text = person.mails().last().unwrap().text.clone();
    assert!(text.contains("told-password") && text.contains("https://app.example.com/account\n"), "{text}");
    assert!(!text.contains("secret="), "{text}");
    // A change that fails is none, and neither is one of something else.
    person.patch(&json!({"password": "short"}));
    person.patch(&json!({"bio": "x"}));
    person.request_reset();
    person.reset(&person.secret(), "yet another one").is(204, "");
    let both = ["Your password for Example was changed", "Your password for Example was reset"];
    assert_eq!(notices(&person.mails()), both);

    let mut unverified = Person::register(&api, "told-unverified");
    unverified.patch(&json!({"password": "another one"}));
    assert_eq!(notices(&unverified.mails()), ["Your password for Example was changed"]);
    let text = unverified.mails().last().unwrap().text.replace(&unverified.email, "");
    assert!(!text.contains("told-unverified"), "{text}");
}

pub fn one_notice_of_a_kind_goes_out_in_an_hour(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "gathered");
    for n in 1..=4 {
        assert_eq!(person.patch(&json!({"password": format!("password {n}")})).status, 200);
    }
    assert_eq!(notices(&person.mails()).len(), 1);
    api.sql("UPDATE outbox SET due_at = due_at - 3600, at = at + 60 WHERE recipient = 'gathered@x.io'");
    person.patch(&json!({"password": "password 5"}));
    assert_eq!(notices(&person.mails()).len(), 2);
    let text = person.mails().last().unwrap().text.clone();
    assert!(text.contains("4 times since"), "{text}");
}

pub fn a_new_email_is_told_to_both_addresses(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "told-email");
    person.patch(&json!({"email": "told-email2@x.io"}));
    assert!(notices(&person.mails()).is_empty());
    let secret = person.secret_at("told-email2@x.io");
    person.verify(&secret);
    assert_eq!(notices(&person.mails()), ["Your email address for Example was replaced"]);
    let new = api.mails("told-email2@x.io");
    assert_eq!(notices(&new), ["Your email address for Example was changed"]);
    assert!(!person.mails().last().unwrap().text.contains("told-email2"));

    let mut unverified = Person::register(&api, "told-email3");
    unverified.patch(&json!({"email": "told-email4@x.io"}));
    assert_eq!(notices(&unverified.mails()), ["Your email address for Example was replaced"]);
    assert!(notices(&api.mails("told-email4@x.io")).is_empty());
    // The same in another case is the same.
    unverified.patch(&json!({"email": "TOLD-email4@x.io"}));
    assert_eq!(notices(&api.mails("told-email4@x.io")).len(), 0);
    let mut verified = Person::verified(&api, "told-case");
    verified.forget_minute();
    assert_eq!(verified.patch(&json!({"email": "TOLD-case@x.io"})).status, 200);
    let secret = verified.secret_at("TOLD-case@x.io");
    verified.verify(&secret);
    assert!(notices(&verified.mails()).is_empty() && notices(&api.mails("TOLD-case@x.io")).is_empty());
    // One that another user has is no change.
    unverified.patch(&json!({"email": "told-email2@x.io"}));
    assert_eq!(notices(&api.mails("told-email4@x.io")).len(), 0);
}

pub fn a_deactivation_is_told(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "told-gone");
    person.with_token("DELETE", "/api/user", &json!(null)).is(204, "");
    assert_eq!(notices(&person.mails()), ["Your account at Example was deactivated"]);
    let mut unverified = Person::register(&api, "told-gone2");
    unverified.with_token("DELETE", "/api/user", &json!(null)).is(204, "");
    assert!(notices(&unverified.mails()).is_empty());
}

pub fn a_login_from_an_unknown_device_is_told(start: Start) {
    let api = start(with_mail());
    let person = Person::verified(&api, "device");
    let login = |agent: &str, place: &str| {
        let body = json!({ "user": { "email": person.email, "password": "jakejake" } });
        let call = Request::post("/api/users/login", &body.to_string());
        assert_eq!(person.send(&call.header("User-Agent", agent).header("Place", place)).status, 200);
        person.mails().iter().filter(|mail| mail.subject == "New login to your account at Example").count()
    };
    // The registration was from a program, which is a device of its own.
    assert_eq!(login("", ""), 0);
    assert_eq!(login(FIREFOX, ""), 1);
    assert_eq!(login(FIREFOX, ""), 1);
    api.sql("DELETE FROM outbox WHERE recipient = 'device@x.io'");
    assert_eq!(login(&FIREFOX.replace("145", "146"), ""), 1, "an update of it is none");
    assert_eq!(login(CHROME, ""), 2);
    let mails = person.mails();
    assert!(mails.last().unwrap().text.contains("Chrome on Windows"), "{}", mails.last().unwrap().text);
}

pub fn a_locked_account_is_told(start: Start) {
    let mut vars = with_mail();
    vars.extend([("LOGIN_FAILURES_PER_ADDRESS", "0"), ("LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let api = start(vars);
    let mut person = Person::verified(&api, "told-locked");
    for _ in 0..5 {
        person.login("wrong password");
    }
    // It is sent with the next notice, or by the schedule.
    let locked = "SELECT count FROM outbox WHERE recipient = 'told-locked@x.io' AND kind = 'account_locked'";
    assert_eq!(api.sql(locked).as_deref(), Some("1"));
    person.patch(&json!({"password": "another one"}));
    let mut subjects = notices(&person.mails()).into_iter().map(str::to_owned).collect::<Vec<_>>();
    subjects.sort();
    assert_eq!(
        subjects,
        ["Failed logins to your account at Example", "Your password for Example was changed"]
    );
    let unverified = Person::register(&api, "told-locked2");
    for _ in 0..5 {
        unverified.login("wrong password");
    }
    assert_eq!(
        api.sql("SELECT count(*) FROM outbox WHERE recipient = 'told-locked2@x.io'").as_deref(),
        Some("0")
    );
}

pub fn a_password_that_a_sign_in_took_away_is_told(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "told-unusable");
    person.request("/api/users/sign-in");
    assert_eq!(person.sign_in(&person.secret()).status, 200);
    assert_eq!(notices(&person.mails()), ["Your password for Example no longer works"]);
    let text = person.mails().last().unwrap().text.replace(&person.email, "");
    assert!(!text.contains("told-unusable"), "a stranger may have chosen the name: {text}");
    person.request("/api/users/sign-in");
    assert_eq!(person.sign_in(&person.secret()).status, 200);
    assert_eq!(notices(&person.mails()).len(), 1);
}

pub fn only_essential_notices_where_that_is_set(start: Start) {
    let mut vars = with_mail();
    vars.extend([("NOTICES", "essential"), ("LOGIN_FAILURES_PER_ACCOUNT", "2")]);
    let api = start(vars);
    let mut person = Person::verified(&api, "essential");
    let body = json!({ "user": { "email": person.email, "password": "jakejake" } });
    let call = Request::post("/api/users/login", &body.to_string()).header("User-Agent", FIREFOX);
    assert_eq!(person.send(&call).status, 200);
    for _ in 0..3 {
        person.login("wrong password");
    }
    person.patch(&json!({"password": "another one"}));
    person.with_token("DELETE", "/api/user", &json!(null)).is(204, "");
    assert_eq!(notices(&person.mails()), ["Your password for Example was changed"]);
    assert_eq!(
        api.sql("SELECT count(*) FROM outbox WHERE recipient = 'essential@x.io'").as_deref(),
        Some("1")
    );
}

pub fn changes_of_credentials_are_told(start: Start) {
    for is_all in [true, false] {
        let mut vars = with_everything();
        vars.insert("NOTICES", if is_all { "all" } else { "essential" });
        let api = start(vars);
        let mut person = Person::verified(&api, &format!("told-credentials-{is_all}"));
        let mut expected = Vec::new();
        let app = person.set_up_app();
        expected.push("Two-step verification for Example is on");
        assert_eq!(notices(&person.mails()), expected);
        person.add(&json!({ "type": "recovery" }));
        expected.push("New recovery codes for Example");
        person.add_passkey(SignatureAlgorithm::EdDsa);
        expected.push("A passkey was added for Example");
        let listed = person.credentials()["credentials"].clone();
        let id_of = |of_type: &str| {
            listed.as_array().unwrap().iter().find(|one| one["type"] == of_type).unwrap()["id"]
                .as_i64()
                .unwrap()
        };
        person.remove(id_of("passkey")).is(204, "");
        expected.push("A passkey was removed for Example");
        assert_eq!(notices(&person.mails()), expected);

        // Nothing that was refused is told, and no removal of what was never on.
        person.change(7, &json!({ "name": "x" }));
        person.remove(7);
        let waiting = person.add_app();
        person.remove(waiting.id).is(204, "");
        person.remove(id_of("recovery")).is(404, NOT_FOUND); // only with the app, which is told
        assert_eq!(notices(&person.mails()), expected);

        let step = factor(&person.login("jakejake"));
        let code = app.wrong_code(&person);
        person.prove(&json!({ "secret": step["secret"], "code": code })).is(400, INVALID_CODE);
        if is_all {
            expected.push("Your password for Example may be known to someone");
        }
        assert_eq!(notices(&person.mails()), expected);
        let codes = json_of(&person.add(&json!({ "type": "recovery" })))["recovery"].clone();
        let answer = person.prove(&json!({ "secret": step["secret"], "code": codes[0] }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        expected.push("A recovery code for Example was used");
        assert_eq!(notices(&person.mails()), expected);
        let text = person.mails().last().unwrap().text.clone();
        assert!(text.contains("Codes left: 7"), "{text}");
        assert!(!text.contains(codes[0].as_str().unwrap()), "{text}");
        person.remove(app.id).is(204, "");
        expected.push("Two-step verification for Example is off");
        assert_eq!(notices(&person.mails()), expected);
    }
}
