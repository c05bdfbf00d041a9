//! Password resets by mail.

use serde_json::json;

use super::mailbox::{INVALID_SECRET, Person, by_code, mail, wrong};
use super::{Request, Start, django, login, with_mail};

const FORGOTTEN: &str = "/api/users/password-reset";

pub fn a_forgotten_password_is_replaced(start: Start) {
    let api = start(with_mail());
    for (name, is_code) in [("reset-link", false), ("reset-code", true)] {
        let mut person = Person::register(&api, name);
        assert_eq!(person.state(), json!({"address": person.email, "verified": false, "pending": null}));
        assert_eq!(person.login("wrong password").status, 400);
        let mail = person.request_reset();
        let text = person.mails().last().unwrap().text.clone();
        assert!(text.contains("https://app.example.com/account#purpose=reset&secret="), "{text}");
        assert!(!text.contains(name), "the address is not verified: {text}");
        let secret = if is_code {
            let code = person.code();
            let (start, end) = code.split_at(4);
            by_code(&mail, &format!("{start} {end}"))
        } else {
            person.secret()
        };
        assert!(secret.starts_with(mail["id"].as_str().unwrap()));
        let answer = person.reset(&secret, "a new password");
        answer.is(204, "");
        // No session begins, and all have ended.
        assert_eq!(person.with_token("GET", "/api/user", &json!(null)).status, 401);
        assert_eq!(person.login("jakejake").status, 400);
        person.token = person.login("a new password").token();
        assert_eq!(person.state(), json!({"address": person.email, "verified": true, "pending": null}));
        person.reset(&secret, "a newer password").is(400, INVALID_SECRET);
        assert_eq!(person.login("a new password").status, 200);
    }
}

pub fn a_reset_forgets_failed_logins(start: Start) {
    let api = start(with_mail());
    let mut person = Person::register(&api, "reset-locked");
    for _ in 0..10 {
        person.login("wrong password");
    }
    person
        .patch(&json!({"username": "reset-locked", "password": "x y z x y z", "current_password": "wrong"}));
    assert_eq!(person.login("jakejake").status, 429);
    person.request_reset();
    person.reset(&person.secret(), "a new password").is(204, "");
    assert_eq!(person.login("a new password").status, 200);
    let failures = api.sql("SELECT count(*) FROM login_failures WHERE count > 9");
    assert_eq!(failures.as_deref(), Some("0"));
}

/// Nobody is told whether an address has an account, or whether that could use a mail.
pub fn whoever_has_an_address_the_answer_is_the_same(start: Start) {
    let api = start(with_mail());
    let verified = Person::verified(&api, "same-verified");
    let unverified = Person::register(&api, "same-unverified");
    let deactivated = Person::verified(&api, "same-deactivated");
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'same-deactivated'");
    for path in [FORGOTTEN, "/api/users/sign-in"] {
        let mut answers = Vec::new();
        for (person, email, is_mailed) in [
            (&verified, verified.email.as_str(), true),
            (&unverified, &unverified.email, true),
            (&deactivated, &deactivated.email, false),
            (&deactivated, "same-unknown@x.io", false),
            (&deactivated, "no address", false),
        ] {
            api.sql("UPDATE secrets SET created_at = created_at - 60");
            let before = api.mails(email).len();
            let body = json!({ "user": { "email": email } });
            let mut answer = person.post(path, &body);
            let mail = mail(&answer);
            assert_eq!(api.mails(email).len() - before, usize::from(is_mailed), "{email}");
            answer.body = answer.body.replace(mail["id"].as_str().unwrap(), "");
            answer.body = answer.body.replace(mail["expires"].as_str().unwrap(), "");
            answer.headers.remove("x-d1-bookmark");
            answers.push(answer);
            let throttled = person.post(path, &body);
            assert_eq!(throttled.status, 429, "{email}");
        }
        assert_eq!(answers[0].status, 202);
        assert_eq!(answers[0].body, r#"{"mail":{"id":"","expires":""}}"#);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    }
}

pub fn a_right_secret_beside_a_refused_password_is_not_spent(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "reset-short");
    let mail = person.request_reset();
    let secret = by_code(&mail, &person.code());
    let short = r#"{"errors":{"password":["Ensure this field has at least 8 characters."]}}"#;
    for _ in 0..12 {
        person.reset(&secret, "short").is(400, short);
    }
    let both = r#"{"errors":{"password":["Ensure this field has at least 8 characters."],"secret":["Invalid or expired."]}}"#;
    person.reset(&by_code(&mail, &wrong(&person.code())), "short").is(400, both);
    person.reset(&secret, "a new password").is(204, "");
}

pub fn a_reset_needs_its_fields(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "reset-fields");
    let required =
        r#"{"errors":{"password":["This field is required."],"secret":["This field is required."]}}"#;
    let user = r#"{"errors":{"user":["This field is required."]}}"#;
    let email = r#"{"errors":{"email":["This field is required."]}}"#;
    for (method, body, expected) in [
        ("PUT", r#"{"user":{}}"#, required),
        ("PUT", "{}", user),
        ("PUT", "", user),
        ("POST", r#"{"user":{}}"#, email),
        ("POST", r#"{"email":"reset-fields@x.io"}"#, user),
    ] {
        person.send(&Request::new(method, FORGOTTEN).json(body)).is(400, expected);
    }
    for secret in ["x", ".", "a.b", "a.1234567", "a.123456789", "\0.12345678", "a..12345678", "💥.💥"] {
        person.reset(secret, "a new password").is(400, INVALID_SECRET);
    }
    let long = r#"{"errors":{"secret":["Ensure this field has no more than 128 characters."]}}"#;
    person.reset(&"x".repeat(129), "a new password").is(400, long);
}

pub fn a_code_has_five_wrong_tries_and_a_link_ten(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "reset-tries");
    let mail = person.request_reset();
    let (secret, code) = (person.secret(), person.code());
    let (right, guess) = (by_code(&mail, &code), by_code(&mail, &wrong(&code)));
    for _ in 0..4 {
        person.reset(&guess, "a new password").is(400, INVALID_SECRET);
    }
    // The fifth may be right.
    person
        .reset(&right, "short")
        .is(400, r#"{"errors":{"password":["Ensure this field has at least 8 characters."]}}"#);
    person.reset(&guess, "a new password").is(400, INVALID_SECRET);
    person.reset(&right, "a new password").is(400, INVALID_SECRET);
    person
        .reset(&secret, "short")
        .is(400, r#"{"errors":{"password":["Ensure this field has at least 8 characters."]}}"#);
    for _ in 0..4 {
        person.reset(&guess, "a new password").is(400, INVALID_SECRET);
    }
    person.reset(&secret, "a new password").is(400, INVALID_SECRET);
    // A wrong id counts for nobody.
    let mail = person.request_reset();
    for _ in 0..12 {
        person
            .reset(&format!("{}x.12345678", mail["id"].as_str().unwrap()), "a new password")
            .is(400, INVALID_SECRET);
    }
    person.reset(&by_code(&mail, &person.code()), "a new password").is(204, "");
}

pub fn a_link_is_good_for_half_an_hour_and_a_code_for_ten_minutes(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "reset-expiry");
    let mail = person.request_reset();
    let (secret, code) = (person.secret(), by_code(&mail, &person.code()));
    let shift = |seconds: i64| {
        let sql = "code_expires_at = code_expires_at - {s}, expires_at = expires_at - {s} WHERE purpose = 'reset' AND user_id = (SELECT id FROM users WHERE username = 'reset-expiry')";
        api.sql(&format!("UPDATE secrets SET {}", sql.replace("{s}", &seconds.to_string())));
    };
    let short = r#"{"errors":{"password":["Ensure this field has at least 8 characters."]}}"#;
    shift(570);
    person.reset(&code, "short").is(400, short);
    shift(31);
    person.reset(&code, "a new password").is(400, INVALID_SECRET);
    person.reset(&secret, "short").is(400, short);
    shift(1_200);
    person.reset(&secret, "a new password").is(400, INVALID_SECRET);
}

pub fn a_secret_opens_nothing_but_what_it_is_for(start: Start) {
    let api = start(with_mail());
    let mut person = Person::verified(&api, "purpose");
    let mut other = Person::register(&api, "purpose-other");
    let verification = other.secret();
    person.request_reset();
    let reset = person.secret();
    person.request("/api/users/sign-in");
    let sign_in = person.secret();
    let wrong = |secret: &str, purpose: &str| format!("{secret} {purpose}");
    for _ in 0..12 {
        for (secret, purpose) in [(&verification, "verification"), (&sign_in, "sign_in")] {
            let answer = person.reset(secret, "a new password");
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (400, INVALID_SECRET),
                "{}",
                wrong(secret, purpose)
            );
        }
        person.sign_in(&reset).is(400, INVALID_SECRET);
        person.sign_in(&verification).is(400, INVALID_SECRET);
        other.try_to_verify(&reset).is(400, INVALID_SECRET);
        other.try_to_verify(&sign_in).is(400, INVALID_SECRET);
        // Another user's.
        person.try_to_verify(&verification).is(400, INVALID_SECRET);
    }
    // None of that counted.
    assert_eq!(person.sign_in(&sign_in).status, 200);
    person.reset(&reset, "a new password").is(204, "");
    other.verify(&verification);
}

pub fn without_mail_there_is_nothing_of_it(start: Start) {
    let mut without_sign_in = with_mail();
    without_sign_in.remove("MAIL_SIGN_IN");
    let not_found = r#"{"errors":{"error":["Not found."]}}"#;
    for (vars, paths) in [
        (
            django(),
            &[FORGOTTEN, "/api/user/email-verification", "/api/user/credentials", "/api/users/sign-in"][..],
        ),
        (without_sign_in, &["/api/users/sign-in"]),
    ] {
        let api = start(vars.clone());
        for path in paths {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                api.send(&Request::new(method, path)).is(404, not_found);
            }
        }
        let has_reset = vars.contains_key("MAIL_FROM");
        let methods = format!(
            r#"{{"methods":{{"password":true,"reset":{has_reset},"sign_in":false,"passkey":null}}}}"#
        );
        api.send(&Request::get("/api/users/methods")).is(200, &methods);
        // A secret is no field of a login there.
        let fields =
            r#"{"errors":{"email":["This field is required."],"password":["This field is required."]}}"#;
        api.send(&Request::post("/api/users/login", r#"{"user":{"secret":"a.12345678"}}"#)).is(400, fields);
    }
    let api = start(django());
    let user = r#"{"user":{"username":"no-mail","email":"no-mail@x.io","password":"jakejake"}}"#;
    let answer = api.send(&Request::post("/api/users", user));
    assert!(!answer.body.contains("mail\":{"), "{}", answer.body);
    assert_eq!(api.send(&login("no-mail@x.io", "jakejake")).status, 200);
}

pub fn no_get_of_a_link_spends_it(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "scanner");
    person.request_reset();
    let secret = person.secret();
    for method in ["GET", "HEAD", "OPTIONS"] {
        for path in [
            format!("{FORGOTTEN}?secret={secret}"),
            format!("/api/users/login?secret={secret}"),
            format!("/api/user/email-verification?secret={secret}"),
        ] {
            person.send(&Request::new(method, &path).token(&person.token));
        }
    }
    person.reset(&secret, "a new password").is(204, "");
}

/// Nothing of a request ends up in a mail.
pub fn a_mail_has_nothing_of_its_request(start: Start) {
    let api = start(with_mail());
    let person = Person::register(&api, "evil-name");
    person.forget_minute();
    let body = json!({"user": {"email": person.email, "url": "https://evil.example", "purpose": "evil"}, "redirect": "https://evil.example"});
    let mut call = Request::post(&format!("{FORGOTTEN}?url=https://evil.example"), &body.to_string());
    for name in ["X-Forwarded-Host", "Origin", "Referer", "Forwarded", "User-Agent"] {
        call = call.header(name, "https://evil.example");
    }
    assert_eq!(person.send(&call).status, 202);
    let mails = person.mails();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let all = format!("{} {} {} {}", mail.to, mail.subject, mail.text, mail.html);
        assert!(!all.replace(&person.email, "").contains("evil"), "{all}");
        assert!(!mail.subject.contains(&super::code_of(&mail)));
    }
}
