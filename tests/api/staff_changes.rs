//! Changes of users by staff.

use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::factor::{NOT_FOUND, claims, json_of};
use super::mailbox::Person;
use super::staff::{FORBIDDEN, started};
use super::{Request, Start, id, secret_of};

pub fn staff_change_a_user(start: Start) {
    let api = started(start);
    let mut superuser = Person::superuser(&api, "changer");
    let mut other = Person::verified(&api, "changed");
    let actor = json!(superuser.id());
    let event = |name: &str, detail: Value| (name.to_owned(), actor.clone(), detail);
    let before = superuser.events_of(&other).len();
    let mut expected = Vec::new();
    for (change, name, value, of_type, detail) in [
        (json!({ "username": "renamed" }), "username", json!("renamed"), "user.renamed", Value::Null),
        (json!({ "username": "changed" }), "username", json!("changed"), "user.renamed", Value::Null),
        (json!({ "active": false }), "active", json!(false), "user.deactivated", Value::Null),
        (json!({ "active": true }), "active", json!(true), "user.activated", Value::Null),
        (json!({ "email": "moved@x.io" }), "email", json!("moved@x.io"), "email.changed", Value::Null),
        (json!({ "staff": true }), "staff", json!(true), "staff.granted", json!("staff")),
        (json!({ "superuser": true }), "superuser", json!(true), "staff.granted", json!("superuser")),
        (json!({ "superuser": false }), "superuser", json!(false), "staff.revoked", json!("superuser")),
        (json!({ "staff": false }), "staff", json!(false), "staff.revoked", json!("staff")),
    ] {
        let path = format!(
            "/api/admin/users/{}",
            id(&*api, if expected.len() == 1 { "renamed" } else { "changed" })
        );
        let body = json!({ "user": change });
        for _ in 0..2 {
            // What is so already writes no event.
            let answer = superuser.admin("PATCH", &path, &body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(json_of(&answer)["user"][name], value, "{change}");
        }
        expected.insert(0, event(of_type, detail));
    }
    let events = superuser.events_of(&other);
    assert_eq!(events[..events.len() - before], expected);
    assert_eq!(superuser.read(&other.path(""))["user"]["verified"], false);
    // The new state ended every session, and a new one does not bring them back.
    let ended = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
    other.with_token("GET", "/api/user", &Value::Null).is(401, ended);
    let mails = api.mails("changed@x.io");
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    let notices = ["Your account at Example was deactivated", "Your email address for Example was replaced"];
    assert!(notices.iter().all(|notice| subjects.contains(notice)), "{subjects:?}");
    for mail in mails.iter().filter(|mail| notices.contains(&&*mail.subject)) {
        assert!(mail.text.contains("By: an administrator"), "{}", mail.text);
        assert!(!mail.text.contains("Browser:") && !mail.text.contains("moved@x.io"), "{}", mail.text);
    }
}

pub fn a_change_by_staff_is_checked(start: Start) {
    let api = started(start);
    let mut superuser = Person::superuser(&api, "checker");
    let [one, other] = ["checked-one", "checked-other"].map(|name| Person::register(&api, name));
    for (body, expected) in [
        (
            json!({ "username": "checked-other" }),
            r#"{"username":["user with this username already exists."]}"#,
        ),
        (json!({ "email": "Checked-Other@x.io" }), r#"{"email":["user with this email already exists."]}"#),
        (
            json!({ "email": "x", "active": 1, "staff": "true" }),
            r#"{"email":["Enter a valid email address."],"active":["Must be a valid boolean."],"staff":["Must be a valid boolean."]}"#,
        ),
        (json!({ "superuser": null }), r#"{"superuser":["Must be a valid boolean."]}"#),
        (json!({ "username": "" }), r#"{"username":["This field may not be blank."]}"#),
    ] {
        let answer = superuser.admin("PATCH", &one.path(""), &json!({ "user": body }));
        answer.is(400, &format!("{{\"errors\":{expected}}}"));
    }
    superuser
        .admin("PATCH", &one.path(""), &json!({ "active": false }))
        .is(400, r#"{"errors":{"user":["This field is required."]}}"#);
    let before = superuser.events_of(&one);
    let user = superuser.change_user(&one, &json!({}));
    assert_eq!((&user["username"], superuser.events_of(&one)), (&json!("checked-one"), before));
    assert_eq!(other.login("jakejake").status, 200);
}

pub fn staff_end_the_sessions_of_a_user(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "ender");
    let mut other = Person::verified(&api, "ended");
    let second = other.login("jakejake").token();
    other.send(&Request::get("/api/user").token(&second));
    let list = staff.read(&other.path("/sessions"));
    let sessions = list["sessions"].as_array().unwrap().clone();
    assert_eq!((sessions.len(), &list["more"]), (2, &json!(false)));
    assert!(
        sessions.iter().all(|session| session["current"] == false && session["methods"] == json!(["pwd"]))
    );
    let own = staff.read(&staff.clone().path("/sessions"));
    assert_eq!(own["sessions"][0]["current"], true);
    let claims = claims(&second);
    let one = other.path(&format!("/sessions/{}", claims["sid"].as_str().unwrap()));
    staff.admin("DELETE", &one, &Value::Null).is(204, "");
    staff.admin("DELETE", &one, &Value::Null).is(404, NOT_FOUND);
    assert_eq!(other.send(&Request::get("/api/user").token(&second)).status, 401);
    assert_eq!(other.with_token("GET", "/api/user", &Value::Null).status, 200);
    let reset = other.request_reset();
    assert!(reset["id"].is_string());
    let secret = other.secret();
    staff.admin("DELETE", &other.path("/sessions"), &Value::Null).is(204, "");
    assert_eq!(other.with_token("GET", "/api/user", &Value::Null).status, 401);
    assert_eq!(other.reset(&secret, "another one").status, 400, "a secret ends with the sessions");
    assert_eq!(staff.read(&other.path("/sessions"))["sessions"], json!([]));
    let actor = json!(staff.id());
    let ended = |detail: &str| ("sessions.ended".to_owned(), actor.clone(), json!(detail));
    assert_eq!(staff.events_of(&other)[..2], [ended("all"), ended("one")]);
    for path in ["/api/admin/users/999999999/sessions", "/api/admin/users/999999999/sessions/x"] {
        staff.admin("DELETE", path, &Value::Null).is(404, NOT_FOUND);
    }
    staff.admin("GET", "/api/admin/users/999999999/sessions", &Value::Null).is(404, NOT_FOUND);
}

pub fn staff_have_a_reset_mailed(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "resetter");
    let other = Person::verified(&api, "reset-by-staff");
    other.forget_minute();
    let answer = staff.admin("POST", &other.path("/password-reset"), &Value::Null);
    assert_eq!(answer.status, 202, "{}", answer.body);
    let mail = json_of(&answer)["mail"].take();
    assert_eq!(mail.as_object().unwrap().len(), 1, "nothing that staff could use: {mail}");
    assert!(mail["expires"].as_str().unwrap().ends_with('Z'));
    let mailed = other.mails().pop().unwrap();
    assert_eq!(mailed.subject, "Set a new password for Example");
    assert!(
        mailed.text.contains("ask you to set a new password") && !mailed.text.contains("code"),
        "{}",
        mailed.text
    );
    let secret = other.secret();
    // Within the limits on mail, the same for anyone.
    let again = staff.admin("POST", &other.path("/password-reset"), &Value::Null);
    assert!((again.status, again.headers.contains_key("retry-after")) == (429, true), "{}", again.body);
    other.reset(&secret, "another one").is(204, "");
    assert_eq!(other.login("another one").status, 200);
    let events = staff.events_of(&other);
    let by = |of_type: &str, actor: i64| (of_type.to_owned(), json!(actor), Value::Null);
    assert_eq!(events[..2], [by("password.reset", other.id()), by("staff.reset_requested", staff.id())]);
    other.set("is_active = 0");
    other.forget_minute();
    staff
        .admin("POST", &other.path("/password-reset"), &Value::Null)
        .is(400, r#"{"errors":{"active":["This user has been deactivated."]}}"#);
}

pub fn staff_invite_a_user(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "inviter");
    let body = json!({ "user": { "email": "Guest@X.io", "username": "guest" } });
    let answer = staff.admin("POST", "/api/admin/users", &body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let user = json_of(&answer)["user"].take();
    assert_eq!(
        (&user["email"], &user["verified"], &user["active"]),
        (&json!("Guest@x.io"), &json!(false), &json!(true))
    );
    assert_eq!(api.sql("SELECT password FROM users WHERE username = 'guest'").unwrap(), "!");
    let mails = api.mails("Guest@x.io");
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.subject, "Your account at Example");
    assert!(
        mail.text.contains("#purpose=invitation&secret=") && !mail.text.contains("guest"),
        "{}",
        mail.text
    );
    let secret = secret_of(mail);
    // For a week, and not by a code.
    let expires = api.sql(
        "SELECT (expires_at - created_at) || ' ' || (code_expires_at - created_at) FROM secrets \
         WHERE user_id = (SELECT id FROM users WHERE username = 'guest')",
    );
    assert_eq!(expires.unwrap(), "604800 0");
    let guest = Person { name: "guest".to_owned(), email: "Guest@x.io".to_owned(), ..staff.clone() };
    let wrong = r#"{"errors":{"error":["A user with this email and password was not found."]}}"#;
    guest.login("!").is(400, wrong);
    guest.reset(&secret, "correct horse").is(204, "");
    assert_eq!(guest.reset(&secret, "correct horse").status, 400, "once");
    assert_eq!(guest.login("correct horse").status, 200);
    let types: Vec<_> =
        staff.events_of(&guest).into_iter().map(|(of_type, _, detail)| (of_type, detail)).collect();
    let [reset, verified] =
        ["password.reset", "user.verified"].map(|of_type| (of_type.to_owned(), Value::Null));
    assert_eq!(types, [reset, verified, ("user.registered".to_owned(), json!("invitation"))]);
    for (body, expected) in [
        (
            &body,
            r#"{"errors":{"email":["user with this email already exists."],"username":["user with this username already exists."]}}"#,
        ),
        (
            &json!({ "user": { "email": "x" } }),
            r#"{"errors":{"email":["Enter a valid email address."],"username":["This field is required."]}}"#,
        ),
    ] {
        staff.admin("POST", "/api/admin/users", body).is(400, expected);
    }
}

pub fn superusers_remove_credentials(start: Start) {
    let api = started(start);
    let mut superuser = Person::superuser(&api, "remover");
    let mut other = Person::verified(&api, "relieved");
    other.set_up_app();
    other.add_passkey(SignatureAlgorithm::Es256);
    other.set("password = '!'");
    let credentials = superuser.read(&other.path(""))["user"]["methods"]["credentials"].take();
    let path_of = |of_type: &str| {
        let found = credentials.as_array().unwrap().iter().find(|credential| credential["type"] == of_type);
        other.path(&format!("/credentials/{}", found.unwrap()["id"]))
    };
    superuser.admin("DELETE", &path_of("recovery"), &Value::Null).is(404, NOT_FOUND);
    superuser.admin("DELETE", &path_of("totp"), &Value::Null).is(204, "");
    superuser.admin("DELETE", &path_of("totp"), &Value::Null).is(404, NOT_FOUND);
    let left = superuser.read(&other.path(""))["user"]["methods"]["credentials"].take();
    assert_eq!(
        (left.as_array().unwrap().len(), &left[0]["type"]),
        (1, &json!("passkey")),
        "codes go with the app"
    );
    // Staff may remove the last way in.
    superuser.admin("DELETE", &path_of("passkey"), &Value::Null).is(204, "");
    let actor = json!(superuser.id());
    let removed = |of_type: &str| ("credential.removed".to_owned(), actor.clone(), json!(of_type));
    assert_eq!(superuser.events_of(&other)[..2], [removed("passkey"), removed("totp")]);
    let mails = other.mails();
    let told = |subject: &str| {
        mails.iter().any(|mail| mail.subject == subject && mail.text.contains("By: an administrator"))
    };
    assert!(told("Two-step verification for Example is off") && told("A passkey was removed for Example"));
}

pub fn superusers_alone_change_staff(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "plain-staff");
    let colleague = Person::staff(&api, "colleague");
    let other = Person::verified(&api, "customer");
    let half = Person::register(&api, "superuser-alone");
    half.set("is_superuser = 1");
    let nothing = &Value::Null;
    for person in [&colleague, &half] {
        staff.admin("PATCH", &person.path(""), &json!({ "user": { "active": false } })).is(403, FORBIDDEN);
        staff.admin("DELETE", &person.path("/sessions"), nothing).is(403, FORBIDDEN);
        staff.admin("DELETE", &person.path("/sessions/x"), nothing).is(403, FORBIDDEN);
        staff.admin("POST", &person.path("/password-reset"), nothing).is(403, FORBIDDEN);
    }
    for change in [
        json!({ "email": "x@x.io" }),
        json!({ "staff": false }),
        json!({ "superuser": true, "username": "x" }),
    ] {
        staff.admin("PATCH", &other.path(""), &json!({ "user": change })).is(403, FORBIDDEN);
    }
    staff.admin("DELETE", &other.path("/credentials/1"), nothing).is(403, FORBIDDEN);
    assert_eq!(staff.change_user(&other, &json!({ "active": false }))["active"], false);
    assert_eq!(staff.read(&colleague.path(""))["user"]["staff"], true, "reading is for all staff");
}
