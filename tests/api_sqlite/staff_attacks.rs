//! Attacks on staff, erasure and events that once worked, and conditions of changes that no other test breaks.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::api::factor::{NOT_FOUND, with_everything};
use crate::api::mailbox::{INVALID_SECRET, Person};
use crate::api::staff::FORBIDDEN;
use crate::api::{Api, Request, Vars};
use crate::host::Native;

fn started_with(change: impl Fn(&mut Vars)) -> (Rc<Native>, Rc<dyn Api>) {
    let mut vars = with_everything();
    change(&mut vars);
    let api = Rc::new(Native::new(vars));
    (Rc::clone(&api), api)
}

fn started() -> (Rc<Native>, Rc<dyn Api>) {
    started_with(|_| {})
}

#[test]
fn a_lockout_is_reported_once_and_only_of_wrong_guesses() {
    let (native, api) = started_with(|vars| {
        vars.extend([("LOGIN_FAILURES_PER_ACCOUNT", "3"), ("LOGIN_FAILURES_PER_ADDRESS", "0")]);
    });
    let mut person = Person::verified(&api, "locked-out");
    let count =
        || api.sql("SELECT count(*) FROM events WHERE type = 'account.locked' AND actor_id IS NULL").unwrap();
    for expected in ["0", "0", "1", "1"] {
        person.login("wrong password");
        assert_eq!(count(), expected);
    }
    let end = api.sql("SELECT max(blocked_until) FROM login_failures").unwrap().parse::<i64>().unwrap();
    native.platform.now.set(end + 1);
    assert_eq!(person.login("jakejake").status, 200);
    assert_eq!(count(), "1");
    // The last try that is left, by a current password that is right.
    let change = |current: &str| json!({ "password": "another one", "current_password": current });
    for _ in 0..2 {
        assert_eq!(person.patch(&change("wrong password")).status, 400);
    }
    assert_eq!(person.patch(&change("jakejake")).status, 200);
    assert_eq!(count(), "1");
    for _ in 0..3 {
        person.patch(&change("wrong password"));
    }
    assert_eq!(count(), "2", "under the email, and not once more under the user");
}

#[test]
fn the_last_superuser_stays() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "last-superuser");
    let half = Person::superuser(&api, "half-superuser");
    half.set("is_staff = 0"); // who may do nothing under admin/
    let last = r#"{"errors":{"superuser":["The last superuser can't be removed."]}}"#;
    let body = json!({ "user": { "current_password": "jakejake" } });
    superuser.with_token("DELETE", "/api/user", &body).is(400, last);
    assert_eq!(superuser.with_token("GET", "/api/user", &Value::Null).status, 200);
    half.set("is_staff = 1");
    superuser.with_token("DELETE", "/api/user", &body).is(204, "");
}

#[test]
fn an_erasure_lifts_no_limit_on_mail() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "mailer");
    let body = json!({ "user": { "email": "victim@x.io", "username": "victim" } });
    assert_eq!(superuser.admin("POST", "/api/admin/users", &body).status, 201);
    let victim = Person { name: "victim".to_owned(), ..superuser.clone() };
    superuser.admin("DELETE", &victim.path(""), &Value::Null).is(204, "");
    let again = superuser.admin("POST", "/api/admin/users", &body);
    assert_eq!(again.status, 429, "{}", again.body);
    assert_eq!(
        api.sql("SELECT count(*) FROM users WHERE username = 'victim'").as_deref(),
        Some("0"),
        "nothing is made"
    );
    assert_eq!(api.mails("victim@x.io").len(), 1);
    let left = api.sql("SELECT group_concat(ifnull(user_id, '') || ifnull(email, '')) FROM secrets WHERE account IN (SELECT account FROM secrets WHERE user_id IS NULL)");
    assert_eq!(left.unwrap().replace(',', ""), "");
}

#[test]
fn an_erasure_takes_notices_to_an_unverified_address_with_it() {
    let (native, api) = started();
    let mut superuser = Person::superuser(&api, "notice-eraser");
    let mut first = Person::register(&api, "had-it-first");
    *native.platform.mail_failure.borrow_mut() = Some("E_INTERNAL_SERVER_ERROR".to_owned());
    assert_eq!(first.patch(&json!({ "password": "another one" })).status, 200);
    first.forget_minute();
    assert_eq!(first.patch(&json!({ "email": "elsewhere@x.io" })).status, 200);
    let mut second = Person::register(&api, "had-it-second");
    second.set("email = 'had-it-first@x.io'");
    assert_eq!(second.patch(&json!({ "password": "another one" })).status, 200);
    let rows =
        "SELECT count(*) FROM outbox WHERE recipient = 'had-it-first@x.io' AND kind = 'password_changed'";
    assert_eq!(api.sql(rows).as_deref(), Some("1"));
    superuser.admin("DELETE", &second.path(""), &Value::Null).is(204, "");
    assert_eq!(api.sql(rows).as_deref(), Some("0"));
}

#[test]
fn a_deactivation_by_staff_is_no_essential_notice() {
    let (_, api) = started_with(|vars| vars.extend([("NOTICES", "essential")]));
    let mut superuser = Person::superuser(&api, "essential-staff");
    let other = Person::verified(&api, "essential-user");
    superuser.change_user(&other, &json!({ "active": false }));
    superuser.change_user(&other, &json!({ "active": true, "email": "essential2@x.io" }));
    let subjects: Vec<_> = other.mails().into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.iter().any(|subject| subject.contains("was replaced")), "{subjects:?}");
    assert!(!subjects.iter().any(|subject| subject.contains("deactivated")), "{subjects:?}");
}

#[test]
fn nobody_hides_from_the_search() {
    let (_, api) = started();
    let mut staff = Person::staff(&api, "seeker");
    for (name, email) in [("hidden\u{10ffff}x", "h1"), ("hidden\u{10ffff}", "h2"), ("hidden", "h3")] {
        let user =
            json!({ "user": { "username": name, "email": format!("{email}@x.io"), "password": "jakejake" } });
        assert_eq!(api.send(&Request::post("/api/users", &user.to_string())).status, 201);
    }
    assert_eq!(staff.read("/api/admin/users?q=hidden")["users"].as_array().unwrap().len(), 3);
}

#[test]
fn an_email_in_another_case_is_not_verified() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "case-changer");
    let mut other = Person::verified(&api, "casey");
    let user = superuser.change_user(&other, &json!({ "email": "CASEY@x.io" }));
    assert_eq!((&user["email"], &user["verified"]), (&json!("CASEY@x.io"), &json!(false)));
    assert_eq!(other.with_token("GET", "/api/user", &Value::Null).status, 401);
    assert_eq!(superuser.events_of(&other)[0].0, "email.changed");
}

#[test]
fn a_method_that_is_off_is_not_there() {
    let (_, api) = started_with(|vars| vars.retain(|name, _| !name.starts_with("MAIL_")));
    let person = Person::register(&api, "without-mail");
    let call = |method: &str| person.send(&Request::new(method, "/api/admin/users").token(&person.token));
    call("POST").is(404, NOT_FOUND);
    assert_eq!((call("GET").status, call("PUT").status), (403, 405));
}

#[test]
fn who_becomes_staff_meanwhile_is_changed_by_superusers_only() {
    let (native, api) = started();
    let mut staff = Person::staff(&api, "slow-staff");
    let other = Person::verified(&api, "promoted");
    let sid = api.sql(&format!("SELECT sid FROM sessions WHERE user_id = {}", other.id())).unwrap();
    for (method, rest, before) in [
        ("PATCH", String::new(), "INSERT INTO events"),
        ("DELETE", "/sessions".to_owned(), "INSERT INTO events"),
        ("DELETE", format!("/sessions/{sid}"), "INSERT INTO events"),
        ("POST", "/password-reset".to_owned(), "INSERT INTO secrets"),
    ] {
        other.set("is_staff = 0");
        other.forget_minute();
        let promotion = "UPDATE users SET is_staff = 1 WHERE username = 'promoted'";
        native.platform.db.before.borrow_mut().push((before, promotion));
        let body = if method == "PATCH" { json!({ "user": { "active": false } }) } else { Value::Null };
        staff.admin(method, &other.path(&rest), &body).is(403, FORBIDDEN);
    }
    let state = "SELECT is_active || token_version || (SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL) FROM users \
         WHERE username = 'promoted'";
    assert_eq!(api.sql(state).as_deref(), Some("100"));
    assert_eq!(staff.events_of(&other).len(), 2, "registered and verified");
    // Nor does a superuser who is none any more change what is for superusers.
    let mut superuser = Person::superuser(&api, "degraded");
    let degradation = "UPDATE users SET is_superuser = 0 WHERE username = 'degraded'";
    other.set("is_staff = 0");
    native.platform.db.before.borrow_mut().push(("INSERT INTO events", degradation));
    superuser.admin("PATCH", &other.path(""), &json!({ "user": { "staff": true } })).is(403, FORBIDDEN);
    assert_eq!(staff.read(&other.path(""))["user"]["staff"], false);
    // Nor is a reset issued to who is deactivated meanwhile.
    other.forget_minute();
    let deactivation = "UPDATE users SET is_active = 0 WHERE username = 'promoted'";
    native.platform.db.before.borrow_mut().push(("INSERT INTO secrets", deactivation));
    assert_ne!(staff.admin("POST", &other.path("/password-reset"), &Value::Null).status, 202);
}

#[test]
fn a_token_in_its_grace_does_nothing_under_admin() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "gracious");
    let old = superuser.token.clone();
    assert_eq!(superuser.patch(&json!({ "password": "another one" })).status, 200);
    let ended = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
    for (method, path) in [("GET", "/api/admin/users".to_owned()), ("DELETE", superuser.path(""))] {
        superuser.send(&Request::new(method, &path).token(&old)).is(401, ended);
    }
}

/// The rows of the contract's table, for changes by staff.
#[test]
fn what_a_change_by_staff_ends() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "ender-of-all");
    for (number, change) in
        [json!({ "active": false }), json!({ "email": "ended-new@x.io" })].into_iter().enumerate()
    {
        let mut other = Person::verified(&api, &format!("ended{number}"));
        other.with_token("POST", "/api/users/logout?scope=others", &Value::Null); // so that its session survives a raise
        other.forget_minute();
        other.patch(&json!({ "email": format!("waiting{number}@x.io") }));
        let verification = other.secret_at(&format!("waiting{number}@x.io"));
        other.request_reset();
        let reset = other.secret();
        superuser.change_user(&other, &change);
        superuser.change_user(&other, &json!({ "active": true }));
        let state = format!(
            "SELECT ifnull(surviving_sid, '') || ifnull(pending_email, '') FROM users WHERE id = {}",
            other.id()
        );
        assert_eq!(api.sql(&state).as_deref(), Some(""));
        assert_eq!(other.with_token("GET", "/api/user", &Value::Null).status, 401);
        other.reset(&reset, "another one").is(400, INVALID_SECRET);
        if number == 0 {
            other.token = other.login("jakejake").token();
            other.try_to_verify(&verification).is(400, INVALID_SECRET);
        }
    }
    // A new name and flags end nothing.
    let mut other = Person::verified(&api, "kept");
    superuser.change_user(&other, &json!({ "staff": true, "superuser": true }));
    assert_eq!(other.with_token("GET", "/api/user", &Value::Null).status, 200);
}

#[test]
fn a_session_and_a_credential_are_of_the_user_in_the_path() {
    let (_, api) = started();
    let mut superuser = Person::superuser(&api, "path-walker");
    let [mut one, mut other] = ["path-one", "path-other"].map(|name| Person::verified(&api, name));
    let sid = api.sql(&format!("SELECT sid FROM sessions WHERE user_id = {}", one.id())).unwrap();
    superuser.admin("DELETE", &other.path(&format!("/sessions/{sid}")), &Value::Null).is(404, NOT_FOUND);
    assert_eq!(one.with_token("GET", "/api/user", &Value::Null).status, 200);
    let app = one.set_up_app();
    superuser
        .admin("DELETE", &other.path(&format!("/credentials/{}", app.id)), &Value::Null)
        .is(404, NOT_FOUND);
    let waiting = other.add_app();
    superuser
        .admin("DELETE", &other.path(&format!("/credentials/{}", waiting.id)), &Value::Null)
        .is(404, NOT_FOUND);
    assert_eq!(
        api.sql("SELECT count(*) FROM events WHERE type = 'credential.removed'").as_deref(),
        Some("0")
    );
    // An address that is not verified gets no notice of it.
    one.set("email_verified = 0");
    superuser.admin("DELETE", &one.path(&format!("/credentials/{}", app.id)), &Value::Null).is(204, "");
    assert_eq!(api.sql("SELECT count(*) FROM outbox WHERE by_administrator").as_deref(), Some("0"));
}

#[test]
fn a_logout_of_others_who_have_ended_is_no_event() {
    let (_, api) = started();
    let mut person = Person::verified(&api, "only-one");
    let second = person.login("jakejake").token();
    person.send(&Request::new("POST", "/api/users/logout").token(&second)).is(204, "");
    person.with_token("POST", "/api/users/logout?scope=others", &Value::Null).is(204, "");
    assert_eq!(api.sql("SELECT count(*) FROM events WHERE type = 'sessions.ended'").as_deref(), Some("0"));
}
