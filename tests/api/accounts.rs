//! Users: how they are made, read, changed and refused.

use latchkey::account::password::to_nfc;

use super::{Api, Request, Start, django, id, login, realworld, register, token};

const WRONG: &str = r#"{"errors":{"error":["A user with this email and password was not found."]}}"#;
const DEACTIVATED_LOGIN: &str = r#"{"errors":{"error":["This user has been deactivated."]}}"#;
const DEACTIVATED_TOKEN: &str = r#"{"user":{"detail":"This user has been deactivated."}}"#;
const NOBODY: &str = r#"{"user":{"detail":"No user matching this token was found."}}"#;

fn stored_password(api: &dyn Api, name: &str) -> String {
    let sql = format!("SELECT password FROM users WHERE username = '{name}'");
    api.sql(&sql).unwrap()
}

pub fn a_user_registers_logs_in_and_reads_themself(start: Start) {
    let api = start(django());
    let user = r#"{"user":{"username":" Anna ","email":" Anna@Example.ORG ","password":" s3cret pass "}}"#;
    let registered = api.send(&Request::post("/api/users", user));
    let is_anna = |answer: &super::Response, status| {
        answer.is_user(status, r#""Anna@example.org""#, r#""Anna""#, "null", "null");
    };
    is_anna(&registered, 201);
    is_anna(&api.send(&login("anna@EXAMPLE.org", "s3cret pass\n")), 200);
    is_anna(&api.send(&Request::get("/api/user").token(&registered.token())), 200);
    api.send(&login("Anna@example.org", "s3cret  pass")).is(400, WRONG);
    api.send(&login("Anna@example.org", "s3cret pass\u{0}")).is(400, WRONG);
    assert!(stored_password(&*api, "Anna").starts_with("pbkdf2_sha256$1$"));

    // What a browser still carries does not block a new login or registration.
    let stale = login("Anna@example.org", "s3cret pass").token("stale");
    is_anna(&api.send(&stale), 200);
    let flags = "SELECT is_active || is_staff || is_superuser FROM users WHERE username = 'Anna'";
    assert_eq!(api.sql(flags).as_deref(), Some("100"));
}

pub fn a_patch_changes_what_it_names(start: Start) {
    let api = start(django());
    let mut token = register(&*api, "patch");
    for (method, patch, email, username, bio, image) in [
        ("PUT", r#"{"bio":" hi "}"#, "patch@x.io", "patch", "\"hi\"", "null"),
        ("PATCH", r#"{"image":"http://x/y.png"}"#, "patch@x.io", "patch", "\"hi\"", "\"http://x/y.png\""),
        ("PATCH", r#"{"bio":null}"#, "patch@x.io", "patch", "null", "\"http://x/y.png\""),
        ("PUT", r#"{"bio":7,"image":""}"#, "patch@x.io", "patch", "\"7\"", "null"),
        ("PUT", r#"{"bio":"  "}"#, "patch@x.io", "patch", "null", "null"),
        ("PUT", r#"{"email":"Patched@Y.IO"}"#, "Patched@y.io", "patch", "null", "null"),
        ("PATCH", r#"{"username":"patched"}"#, "Patched@y.io", "patched", "null", "null"),
        (
            "PATCH",
            r#"{"email":"patch@x.io","username":"patch","bio":"b","image":"i","password":"new password"}"#,
            "patch@x.io",
            "patch",
            "\"b\"",
            "\"i\"",
        ),
    ] {
        let body = format!(r#"{{"user":{patch}}}"#);
        let call = Request::new(method, "/api/user").json(&body).token(&token);
        let answer = api.send(&call);
        answer.is_user(200, &format!("{email:?}"), &format!("{username:?}"), bio, image);
        token = answer.token();
        let read = api.send(&Request::get("/api/user").token(&token));
        read.is_user(200, &format!("{email:?}"), &format!("{username:?}"), bio, image);
    }
    assert_eq!(api.send(&login("patch@x.io", "new password")).status, 200);
    api.send(&login("patch@x.io", "jakejake")).is(400, WRONG);
}

pub fn a_patch_that_names_nothing_writes_nothing(start: Start) {
    let api = start(django());
    let token = register(&*api, "nothing");
    api.sql("UPDATE users SET updated_at = 5 WHERE username = 'nothing'");
    for body in ["", "{}", r#"{"user":{}}"#, r#"{"user":{"is_staff":true,"id":1,"token":"x"}}"#] {
        let answer = api.send(&Request::put(body).token(&token));
        answer.is_user(200, r#""nothing@x.io""#, r#""nothing""#, "null", "null");
    }
    let row = "SELECT updated_at || is_staff FROM users WHERE username = 'nothing'";
    assert_eq!(api.sql(row).as_deref(), Some("50"));
    api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token));
    let moved = "SELECT updated_at > 5 FROM users WHERE username = 'nothing'";
    assert_eq!(api.sql(moved).as_deref(), Some("1"));
}

pub fn every_taken_field_is_reported_even_where_another_fails(start: Start) {
    let post = |user: &str| Request::post("/api/users", &format!(r#"{{"user":{user}}}"#));
    let put = |token: &str, user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(token);

    let api = start(django());
    register(&*api, "taken");
    let own = register(&*api, "taker");
    let both = r#"{"errors":{"email":["user with this email already exists."],"username":["user with this username already exists."]}}"#;
    api.send(&post(r#"{"username":"taken","email":"taken@x.io","password":"jakejake"}"#)).is(400, both);
    api.send(&put(&own, r#"{"username":"taken","email":"taken@x.io"}"#)).is(400, both);
    api.send(&post(r#"{"username":"taken","email":"x","password":"short"}"#)).is(
        400,
        r#"{"errors":{"email":["Enter a valid email address."],"username":["user with this username already exists."],"password":["Ensure this field has at least 8 characters."]}}"#,
    );
    // An update looks up what is taken only where all else is right.
    api.send(&put(&own, r#"{"email":"taken@x.io","username":"taker","password":null}"#))
        .is(400, r#"{"errors":{"password":["This field may not be null."]}}"#);
    api.send(&put(&own, r#"{"username":"taken","email":"taken@x.io","password":"jakejake"}"#)).is(400, both);

    let api = start(realworld());
    register(&*api, "taken");
    let own = register(&*api, "taker");
    let both = r#"{"errors":{"email":["has already been taken"],"username":["has already been taken"]}}"#;
    api.send(&post(r#"{"username":"taken","email":"taken@x.io","password":"jakejake"}"#)).is(409, both);
    api.send(&put(&own, r#"{"username":"taken","email":"taken@x.io"}"#)).is(409, both);
    api.send(&post(r#"{"username":"taken","email":"new@x.io","password":"short"}"#)).is(
        422,
        r#"{"errors":{"username":["has already been taken"],"password":["is too short (minimum is 8 characters)"]}}"#,
    );
    api.send(&put(&own, r#"{"username":"taken","bio":[]}"#))
        .is(422, r#"{"errors":{"bio":["is not a string"]}}"#);
}

pub fn case_makes_no_other_email_or_username(start: Start) {
    let api = start(django());
    register(&*api, "CaseCase");
    for (user, error) in [
        (
            r#"{"username":"casecase","email":"other@x.io","password":"jakejake"}"#,
            r#"{"errors":{"username":["user with this username already exists."]}}"#,
        ),
        (
            r#"{"username":"other","email":"CASECASE@X.IO","password":"jakejake"}"#,
            r#"{"errors":{"email":["user with this email already exists."]}}"#,
        ),
    ] {
        api.send(&Request::post("/api/users", &format!(r#"{{"user":{user}}}"#))).is(400, error);
    }
    assert_eq!(api.send(&login("cAsEcAsE@x.IO", "jakejake")).status, 200);

    // Only ASCII letters have no case here; a domain is brought to lower case whatever its letters.
    for (username, email, status) in [
        ("caseÉ", "casee1@x.io", 201),
        ("caseé", "casee2@x.io", 201),
        ("case3", "case@É.com", 201),
        ("case4", "case@é.COM", 400),
    ] {
        let user =
            format!(r#"{{"user":{{"username":"{username}","email":"{email}","password":"jakejake"}}}}"#);
        assert_eq!(api.send(&Request::post("/api/users", &user)).status, status, "{user}");
    }
}

pub fn a_user_is_no_conflict_to_themself(start: Start) {
    let api = start(django());
    let token = register(&*api, "myself");
    let patch = r#"{"user":{"email":"MYSELF@x.io","username":"MySelf"}}"#;
    let answer = api.send(&Request::put(patch).token(&token));
    answer.is_user(200, r#""MYSELF@x.io""#, r#""MySelf""#, "null", "null");
    let patch = r#"{"user":{"email":"myself@x.io","username":"myself","password":"jakejake"}}"#;
    let answer = api.send(&Request::put(patch).token(&answer.token()));
    answer.is_user(200, r#""myself@x.io""#, r#""myself""#, "null", "null");
}

pub fn texts_of_every_kind_come_back_as_they_were_sent(start: Start) {
    let api = start(django());
    let name = "q'u\"o\\te; DROP TABLE users; -- 😀 ر\u{200f} 名";
    let text = format!("{name} \u{202e}rtl\u{1f}");
    let user =
        serde_json::json!({ "user": { "username": name, "email": "texts@x.io", "password": "pass'word\"" } });
    let answer = api.send(&Request::post("/api/users", &user.to_string()));
    assert_eq!(answer.status, 201);
    assert_eq!(answer.user("username"), name);
    let bio = serde_json::json!({ "user": { "bio": text, "image": "\u{feff}\n\u{7f}x" } });
    let answer = api.send(&Request::put(&bio.to_string()).token(&answer.token()));
    let answer = api.send(&Request::get("/api/user").token(&answer.token()));
    assert_eq!(answer.user("bio"), text);
    assert_eq!(answer.user("image"), "\u{feff}\n\u{7f}x");
    assert_eq!(api.send(&login("texts@x.io", "pass'word\"")).status, 200);
}

pub fn a_login_brings_an_old_hash_up_to_date(start: Start) {
    let api = start(django());
    for (index, line) in include_str!("../fixtures/passwords.jsonl").lines().enumerate() {
        let (password, hash): (String, String) = serde_json::from_str(line).unwrap();
        let name = format!("django{index}");
        api.sql(&format!(
            "INSERT INTO users (username, email, password, created_at, updated_at) \
             VALUES ('{name}', '{name}@x.io', '{hash}', 5, 5)"
        ));
        let email = format!("{name}@x.io");
        if password.trim() == password {
            assert_eq!(api.send(&login(&email, "wrong password")).status, 400);
            assert_eq!(stored_password(&*api, &name), hash);
            assert_eq!(api.send(&login(&email, &password)).status, 200, "{password:?}");
            // It is computed again after the response is sent, unless it is as today's are.
            if hash.starts_with("pbkdf2_sha256$1$") && to_nfc(&password) == password {
                assert_eq!(stored_password(&*api, &name), hash);
            } else {
                let mut tries = (0..1_000).map(|_| stored_password(&*api, &name));
                let upgraded = tries.find(|stored| *stored != hash).expect("an upgraded hash");
                assert!(upgraded.starts_with("pbkdf2_sha256$1$"), "{upgraded}");
                assert_eq!(api.send(&login(&email, &password)).status, 200, "{password:?}");
            }
            let updated_at = format!("SELECT updated_at FROM users WHERE username = '{name}'");
            assert_eq!(api.sql(&updated_at).as_deref(), Some("5"));
        } else {
            // Django hashes white space around a password that its serializer would have taken off.
            api.send(&login(&email, &password)).is(400, WRONG);
        }
    }
}

pub fn a_hash_that_cannot_be_read_matches_nothing_and_is_logged(start: Start) {
    let api = start(django());
    register(&*api, "unreadable");
    let id = id(&*api, "unreadable");
    for (hash, reason) in [
        ("!", "is unusable, as Django calls it"),
        ("hunter2", "is no encoded hash"),
        ("argon2$argon2id$v=19$x", "is of an unknown algorithm"),
        ("pbkdf2_sha256$5000001$salt$AAAA", "does not ask for 1 to 5,000,000 iterations"),
    ] {
        api.sql(&format!("UPDATE users SET password = '{hash}' WHERE id = {id}"));
        for password in ["jakejake", hash] {
            api.send(&login("unreadable@x.io", password)).is(400, WRONG);
        }
        let line = format!(
            r#"{{"level":"warn","event":"unusable_password","user":{id},"reason":"{reason}","request":"#
        );
        assert!(api.log().iter().any(|logged| logged.contains(&line)), "{line}\n{:?}", api.log());
    }
    assert!(!api.log().iter().any(|line| line.contains("argon2") || line.contains("x.io")));
}

pub fn a_deactivated_user_is_refused_everywhere(start: Start) {
    let calls = |token: &str| {
        [
            Request::get("/api/user").token(token),
            Request::put(r#"{"user":{"bio":"x"}}"#).token(token),
            Request::new("PATCH", "/api/user").token(token).body("not read"),
        ]
    };
    let api = start(django());
    let token = register(&*api, "gone");
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
    for call in calls(&token) {
        api.send(&call).is(401, DEACTIVATED_TOKEN);
    }
    api.send(&login("gone@x.io", "jakejake")).is(400, DEACTIVATED_LOGIN);
    api.send(&login("gone@x.io", "jakejakf")).is(400, WRONG);
    let user = r#"{"user":{"username":"gone","email":"o@x.io","password":"jakejake"}}"#;
    assert_eq!(api.send(&Request::post("/api/users", user)).status, 400);
    assert_eq!(api.sql("SELECT bio FROM users WHERE username = 'gone'"), None);
    api.sql("UPDATE users SET is_active = 1 WHERE username = 'gone'");
    assert_eq!(api.send(&login("gone@x.io", "jakejake")).status, 200);

    let api = start(realworld());
    let token = register(&*api, "gone");
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
    for call in calls(&token) {
        api.send(&call).is(403, r#"{"errors":{"account":["is deactivated"]}}"#);
    }
    api.send(&login("gone@x.io", "jakejake")).is(403, r#"{"errors":{"account":["is deactivated"]}}"#);
    api.send(&login("gone@x.io", "jakejakf")).is(401, r#"{"errors":{"credentials":["invalid"]}}"#);
}

pub fn a_token_of_a_user_who_is_gone_is_of_no_user(start: Start) {
    let api = start(django());
    let token = register(&*api, "deleted");
    api.sql("DELETE FROM users WHERE username = 'deleted'");
    api.send(&Request::get("/api/user").token(&token)).is(401, NOBODY);
    api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&token)).is(401, NOBODY);
}

pub fn an_id_is_never_given_away_again(start: Start) {
    let api = start(django());
    register(&*api, "first");
    let first = id(&*api, "first");
    api.sql("DELETE FROM users WHERE username = 'first'");
    register(&*api, "second");
    assert!(id(&*api, "second") > first);
    api.send(&Request::get("/api/user").token(&token(&*api, first))).is(401, NOBODY);
}

pub fn fields_are_checked_at_their_limits(start: Start) {
    let api = start(django());
    let own = register(&*api, "limits");
    let put = |field: &str, length: usize| {
        // Two bytes and one code point each.
        let value = match field {
            "email" => format!("{}@x.io", "x".repeat(length - 5)),
            _ => "é".repeat(length),
        };
        Request::put(&format!(r#"{{"user":{{"{field}":"{value}"}}}}"#)).token(&own)
    };
    for (field, min, max) in [
        ("username", 1, 255),
        ("password", 8, 128),
        ("bio", 0, 2_000),
        ("image", 0, 2_048),
        ("email", 6, 254),
    ] {
        for length in [min, max] {
            assert_eq!(api.send(&put(field, length)).status, 200, "{field} of {length}");
        }
        let message = format!("Ensure this field has no more than {max} characters.");
        let too_long = api.send(&put(field, max + 1));
        too_long.is(400, &format!(r#"{{"errors":{{"{field}":["{message}"]}}}}"#));
    }
    api.send(&put("password", 7))
        .is(400, r#"{"errors":{"password":["Ensure this field has at least 8 characters."]}}"#);
    api.send(&put("email", 321)).is(
        400,
        r#"{"errors":{"email":["Ensure this field has no more than 254 characters.","Enter a valid email address."]}}"#,
    );
    let login = |email: usize, password: usize| login(&"é".repeat(email), &"é".repeat(password));
    api.send(&login(255, 128)).is(400, WRONG);
    api.send(&login(256, 129)).is(
        400,
        r#"{"errors":{"email":["Ensure this field has no more than 255 characters."],"password":["Ensure this field has no more than 128 characters."]}}"#,
    );
}

pub fn hostile_values_get_the_contracts_answer(start: Start) {
    let no_null = "Null characters are not allowed.";
    let api = start(django());
    let own = register(&*api, "hostile");
    let put = |user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(&own);
    api.send(&put(
        r#"{"email":"a\u0000@x.io","username":"\u0000","password":"x\u0000","bio":"\u0000","image":"a\u0000"}"#,
    ))
    .is(
        400,
        &format!(
            r#"{{"errors":{{"email":["{no_null}","Enter a valid email address."],"username":["{no_null}"],"password":["Ensure this field has at least 8 characters.","{no_null}"],"bio":["{no_null}"],"image":["{no_null}"]}}}}"#
        ),
    );
    for value in ["true", "false", "{}", "[]", r#"["x"]"#, r#"{"$ne":null}"#] {
        let user =
            ["email", "username", "password", "bio", "image"].map(|field| format!(r#""{field}":{value}"#));
        api.send(&put(&format!("{{{}}}", user.join(",")))).is(
            400,
            r#"{"errors":{"email":["Enter a valid email address."],"username":["Not a valid string."],"password":["Not a valid string."],"bio":["Not a valid string."],"image":["Not a valid string."]}}"#,
        );
        let credentials = format!(r#"{{"user":{{"email":{value},"password":{value}}}}}"#);
        api.send(&Request::post("/api/users/login", &credentials))
            .is(400, r#"{"errors":{"email":["Not a valid string."],"password":["Not a valid string."]}}"#);
    }
    // Numbers are taken as their text; of duplicate keys the last counts.
    for (user, username) in [
        (r#"{"username":-1.50}"#, "-1.5"),
        (r#"{"username":1e3}"#, "1000.0"),
        (r#"{"username":12345678901234567890}"#, "12345678901234567890"),
        (r#"{"username":null,"username":"a","username":"hostile"}"#, "hostile"),
    ] {
        let answer = api.send(&put(user));
        assert_eq!((answer.status, answer.user("username")), (200, username.into()), "{user}");
    }
    let blank = "\u{2003}\u{3000}\u{85}\u{a0}";
    api.send(&put(&format!(r#"{{"username":"{blank}"}}"#)))
        .is(400, r#"{"errors":{"username":["This field may not be blank."]}}"#);
    for invisible in ["\u{200b}", "\u{202e}ekaj", "a\\u001bb", "a\\u0000\\u0007"] {
        let answer = api.send(&put(&format!(r#"{{"username":"{invisible}"}}"#)));
        let no_null = if invisible.contains("0000") { r#""Null characters are not allowed.","# } else { "" };
        answer.is(400, &format!(r#"{{"errors":{{"username":[{no_null}"Enter a valid username."]}}}}"#));
    }
    // A name from before this rule may be sent with other changes.
    api.sql("UPDATE users SET username = char(0x202e) || 'old' WHERE username = 'hostile'");
    let answer = api.send(&put("{\"username\":\"\u{202e}old\",\"bio\":\"x\"}"));
    assert_eq!((answer.status, answer.user("username")), (200, "\u{202e}old".into()));
    for name in ["__proto__", "constructor", "toString"] {
        assert_eq!(api.send(&put(&format!(r#"{{"{name}":{{"x":1}}}}"#))).status, 200);
    }

    let api = start(realworld());
    let own = register(&*api, "hostile");
    let put = |user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(&own);
    api.send(&put(r#"{"email":[],"username":null,"password":"  ","bio":{},"image":"\u0000"}"#)).is(
        422,
        r#"{"errors":{"email":["is not a string"],"username":["can't be blank"],"password":["can't be blank"],"bio":["is not a string"],"image":["contains a null character"]}}"#,
    );
}

pub fn a_domain_in_unicode_and_in_punycode_is_one(start: Start) {
    let post = |name: &str, email: &str| {
        let user =
            serde_json::json!({ "user": { "username": name, "email": email, "password": "jakejake" } });
        Request::post("/api/users", &user.to_string())
    };
    let api = start(django());
    let taken = r#"{"errors":{"email":["user with this email already exists."]}}"#;
    let registered = api.send(&post("idn", "Idn@bücher.example"));
    registered.is_user(201, r#""Idn@xn--bcher-kva.example""#, r#""idn""#, "null", "null");
    for email in [
        "idn@xn--bcher-kva.example",
        "idn@XN--BCHER-KVA.EXAMPLE",
        "idn@BÜCHER.example",
        "idn@bu\u{308}cher.example",
        "idn@ｂücher.example",
    ] {
        api.send(&post("idn2", email)).is(400, taken);
        assert_eq!(api.send(&login(email, "jakejake")).status, 200, "{email}");
    }
    // A letter in title case is brought to lower case too.
    assert_eq!(api.send(&post("idn3", "idn@\u{1c5}.example")).status, 201);
    api.send(&post("idn4", "idn@\u{1c6}.example")).is(400, taken);
    let other = register(&*api, "idn5");
    let update = |email: &str| {
        Request::put(&serde_json::json!({ "user": { "email": email } }).to_string()).token(&other)
    };
    api.send(&update("IDN@Bücher.example")).is(400, taken);
    let changed = api.send(&update("idn5@straße.example"));
    changed.is_user(200, r#""idn5@xn--strae-oqa.example""#, r#""idn5""#, "null", "null");
    // The rules hold for what is stored: these are longer in Punycode.
    let invalid = r#"{"errors":{"email":["Enter a valid email address."]}}"#;
    api.send(&update(&format!("a@{}.io", "é".repeat(63)))).is(400, invalid);
    let too_long = r#"{"errors":{"email":["Ensure this field has no more than 254 characters."]}}"#;
    api.send(&update(&format!("{}@é.io", "x".repeat(249)))).is(400, too_long);
    assert_eq!(api.send(&update(&format!("{}@é.io", "x".repeat(241)))).status, 200);
    // A host that ends in a number is no domain, in whatever digits.
    api.send(&update("a@x.０xff")).is(400, invalid);
    // What the platform takes for no domain is kept, in lower case; nothing in it is taken off.
    for email in ["idn@bü\tcher.example", "idn@bücher.example\0", "idn@bücher.example:80"] {
        api.send(&login(email, "jakejake")).is(400, WRONG);
    }
    let kept = api.send(&update("a@É\u{ffff}.io"));
    kept.is_user(200, "\"a@é\u{ffff}.io\"", r#""idn5""#, "null", "null");
}

pub fn the_current_password_proves_a_change(start: Start) {
    let api = start(django());
    let mut token = register(&*api, "proof");
    let put = |token: &str, user: &str| Request::put(&format!(r#"{{"user":{user}}}"#)).token(token);
    let wrong = r#"{"errors":{"current_password":["Invalid password."]}}"#;
    for change in [r#""email":"proof2@x.io""#, r#""username":"proof2""#, r#""password":"jakejake""#] {
        api.send(&put(&token, &format!(r#"{{{change},"current_password":"jakejakf"}}"#))).is(400, wrong);
    }
    // What is wrong with the fields comes first, and of the current password too.
    api.send(&put(&token, r#"{"password":"short","current_password":null}"#)).is(
        400,
        r#"{"errors":{"password":["Ensure this field has at least 8 characters."],"current_password":["This field may not be null."]}}"#,
    );
    api.send(&put(&token, r#"{"email":"x","current_password":""}"#)).is(
        400,
        r#"{"errors":{"email":["Enter a valid email address."],"current_password":["This field may not be blank."]}}"#,
    );
    // It comes before what is taken.
    register(&*api, "proof3");
    api.send(&put(&token, r#"{"email":"proof3@x.io","current_password":"jakejakf"}"#)).is(400, wrong);
    let taken = r#"{"errors":{"email":["user with this email already exists."]}}"#;
    api.send(&put(&token, r#"{"email":"proof3@x.io","current_password":"jakejake"}"#)).is(400, taken);
    // Beside what needs no proof it is not compared.
    for change in [r#""bio":"x""#, r#""email":"proof@x.io""#, r#""username":"proof""#] {
        let answer = api.send(&put(&token, &format!(r#"{{{change},"current_password":"jakejakf"}}"#)));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    for change in [r#""email":"proof2@x.io""#, r#""username":"proof2""#, r#""password":"another password""#] {
        let answer = api.send(&put(&token, &format!(r#"{{{change},"current_password":" jakejake "}}"#)));
        assert_eq!(answer.status, 200, "{}", answer.body);
        token = answer.token();
    }
    assert_eq!(api.send(&login("proof2@x.io", "another password")).status, 200);
    // Its failures are those of logins.
    for _ in 0..10 {
        api.send(&put(&token, r#"{"password":"jakejake","current_password":"jakejakf"}"#)).is(400, wrong);
    }
    for call in [
        put(&token, r#"{"password":"jakejake","current_password":"another password"}"#),
        login("proof2@x.io", "another password"),
    ] {
        assert_eq!(api.send(&call).status, 429);
    }
    assert_eq!(api.send(&put(&token, r#"{"bio":"y"}"#)).status, 200);

    let api = start(realworld());
    let token = register(&*api, "proof");
    api.send(&put(&token, r#"{"password":"jakejake","current_password":"jakejakf"}"#))
        .is(422, r#"{"errors":{"current_password":["is invalid"]}}"#);
}

pub fn the_current_password_proves_a_deactivation(start: Start) {
    let api = start(django());
    let token = register(&*api, "proof6");
    let wrong = r#"{"errors":{"current_password":["Invalid password."]}}"#;
    let delete = |token: &str, body: &str| Request::new("DELETE", "/api/user").token(token).json(body);
    api.send(&delete(&token, r#"{"user":{"current_password":"jakejakf"}}"#)).is(400, wrong);
    api.send(&delete(&token, r#"{"user":{"current_password":[]}}"#))
        .is(400, r#"{"errors":{"current_password":["Not a valid string."]}}"#);
    assert_eq!(api.send(&delete(&token, "{")).status, 400);
    api.send(&delete(&token, r#"{"current_password":"jakejakf"}"#))
        .is(400, r#"{"errors":{"user":["This field is required."]}}"#);
    let empty = Request::new("DELETE", "/api/user").token(&token).header("Content-Type", "text/plain");
    api.send(&empty).is(204, "");
    for (name, body) in [("proof4", "{}"), ("proof5", r#"{"user":{"current_password":"jakejake"}}"#)] {
        let other = register(&*api, name);
        // What is wrong with the token comes before what is wrong with the body.
        assert_eq!(api.send(&delete(&token, "{")).status, 401);
        api.send(&delete(&other, body)).is(204, "");
        assert_eq!(api.send(&Request::get("/api/user").token(&other)).status, 401);
    }
}
