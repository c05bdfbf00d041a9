//! Profile fields: every one of `PROFILE` is written, read, checked and removed.

use latchkey::account::profile::PROFILE;

use super::{Api, Request, Start, django, realworld, register};

fn stored(api: &dyn Api, column: &str, username: &str) -> Option<String> {
    api.sql(&format!("SELECT {column} FROM users WHERE username = '{username}'"))
}

pub fn every_profile_field_is_stored_and_read_back(start: Start) {
    let api = start(django());
    for (index, field) in PROFILE.iter().enumerate() {
        let (name, username) = (field.name(), format!("profile{index}"));
        let token = register(&*api, &username);
        let longest = "ž".repeat(field.rule.max);
        for (sent, kept) in [
            (r#"" a text ""#.to_owned(), Some("a text")),
            ("7.5".to_owned(), Some("7.5")),
            (format!("{longest:?}"), Some(&*longest)),
            ("null".to_owned(), None),
            (r#""x""#.to_owned(), Some("x")),
            (r#"" ""#.to_owned(), None),
            (r#""last""#.to_owned(), Some("last")),
        ] {
            let change = Request::put(&format!(r#"{{"user":{{"{name}":{sent}}}}}"#)).token(&token);
            for answer in [api.send(&change), api.send(&Request::get("/api/user").token(&token))] {
                assert_eq!(answer.user(name).as_str(), kept, "{name}");
            }
            assert_eq!(stored(&*api, name, &username).as_deref(), kept, "{name}");
        }
        // Another change leaves it.
        let other = Request::put(&format!(r#"{{"user":{{"email":"{username}@y.io"}}}}"#)).token(&token);
        assert_eq!(api.send(&other).user(name), "last");
    }
}

pub fn every_profile_field_keeps_its_rule(start: Start) {
    for (vars, status, words) in [
        (
            django(),
            400,
            [
                "Ensure this field has no more than {max} characters.",
                "Not a valid string.",
                "Null characters are not allowed.",
            ],
        ),
        (
            realworld(),
            422,
            ["is too long (maximum is {max} characters)", "is not a string", "contains a null character"],
        ),
    ] {
        let api = start(vars);
        for (index, field) in PROFILE.iter().enumerate() {
            let (name, username, max) = (field.name(), format!("rule{index}"), field.rule.max);
            let token = register(&*api, &username);
            let too_long = format!("{:?}", "x".repeat(max + 1));
            let [long, kind, null] = words.map(|words| words.replace("{max}", &max.to_string()));
            for (sent, message) in [
                (too_long.as_str(), &long),
                ("true", &kind),
                ("[]", &kind),
                ("{}", &kind),
                (r#""a\u0000b""#, &null),
            ] {
                let change = Request::put(&format!(r#"{{"user":{{"{name}":{sent}}}}}"#)).token(&token);
                api.send(&change).is(status, &format!(r#"{{"errors":{{"{name}":["{message}"]}}}}"#));
            }
            assert_eq!(stored(&*api, name, &username), None, "{name}");
        }
    }
}
