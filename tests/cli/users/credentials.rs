//! `users credentials`

use rusqlite::params;
use serde_json::{Value, json};

use super::{CREATED, error_of, output_of, with_users};
use crate::command::{LOCAL, Operator};

/// Gives a user a TOTP, eight recovery codes of which one is spent, and a passkey, whose ids begin with the user's.
pub fn give_all(operator: &Operator, user_id: i64) {
    let database = operator.database();
    let insert = |id: i64, of_type: &str, key: &str, name: Option<&str>, used_at: Option<i64>| {
        let sql = "INSERT INTO credentials (id, user_id, type, key, name, secret, created_at, used_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, 'the sealed seed', ?6, ?7)";
        let key = if key.is_empty() { user_id.to_string() } else { format!("{key} of {user_id}") };
        database.execute(sql, params![id, user_id, of_type, key, name, CREATED, used_at]).unwrap();
    };
    insert(user_id * 100, "totp", "", None, Some(CREATED + 60));
    for code in 1..=8 {
        insert(
            user_id * 100 + code,
            "recovery",
            &format!("code {code}"),
            None,
            (code == 3).then_some(CREATED + 90),
        );
    }
    insert(user_id * 100 + 9, "passkey", "key", Some("Phone\u{202e}"), None);
}

fn types(operator: &Operator, user_id: i64) -> String {
    operator.sql(&format!(
        "SELECT ifnull(group_concat(type || ' ' || number), '') FROM \
         (SELECT type, count(*) AS number FROM credentials WHERE user_id = {user_id} GROUP BY type ORDER BY type)"
    ))
}

#[test]
fn credentials_are_listed_without_their_secrets() {
    let operator = with_users(&["ada", "jake"]);
    give_all(&operator, 1);
    let listed = output_of(&operator, &["users", "credentials", "ada"]);
    let expected = "
 type      name              added                    last used                id
 totp                        2027-01-15 08:00:00 UTC  2027-01-15 08:01:00 UTC  100
 passkey   Phone\\u{202e}     2027-01-15 08:00:00 UTC  never                    109
 recovery  7 of 8 codes left  2027-01-15 08:00:00 UTC  2027-01-15 08:01:30 UTC
";
    let squeezed = |text: &str| {
        let lines = text.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(squeezed(&listed), squeezed(expected));
    let shown: Value =
        serde_json::from_str(&output_of(&operator, &["users", "credentials", "1", "--json"])).unwrap();
    assert_eq!(
        shown,
        json!({ "two_step": true, "recovery_codes_left": 7, "credentials": [
            { "id": 100, "type": "totp", "name": null, "created_at": CREATED, "used_at": CREATED + 60, "waits": false },
            { "id": 109, "type": "passkey", "name": "Phone\u{202e}", "created_at": CREATED, "used_at": null,
              "waits": false },
        ]})
    );
    let shown = output_of(&operator, &["users", "show", "ada"]);
    assert!(
        shown.contains("\n two-step          on, 7 recovery codes left\n passkeys          1\n"),
        "{shown}"
    );
    for text in [listed, shown] {
        assert!(!text.contains("sealed") && !text.contains("code 1"), "{text}");
    }
    let message = "user 2 (jake@example.com, \"jake\") has a password only.\n";
    assert_eq!(output_of(&operator, &["users", "credentials", "jake"]), message);
}

#[test]
fn a_totp_that_waits_is_no_second_factor() {
    let operator = with_users(&["ada"]);
    let sql = "INSERT INTO credentials (id, user_id, type, key, secret, token_version, created_at) \
               VALUES (5, 1, 'totp', '1 waiting', 'x', 0, 1800000000)";
    operator.database().execute(sql, []).unwrap();
    assert!(output_of(&operator, &["users", "credentials", "ada"]).contains(" not confirmed, so off "));
    assert!(output_of(&operator, &["users", "show", "ada"]).contains("\n two-step          off\n"));
    let shown: Value =
        serde_json::from_str(&output_of(&operator, &["users", "credentials", "1", "--json"])).unwrap();
    assert_eq!((&shown["two_step"], &shown["credentials"][0]["waits"]), (&json!(false), &json!(true)));
}

#[test]
fn recovery_codes_go_with_the_totp_and_nothing_of_others_goes() {
    for (which, left, message) in [
        (&["--type", "totp"][..], "passkey 1", "1 authenticator app, 8 recovery codes"),
        (&["--id", "100"], "passkey 1", "1 authenticator app, 8 recovery codes"),
        (&["--type", "recovery"], "passkey 1,totp 1", "8 recovery codes"),
        (&["--type", "passkey"], "recovery 8,totp 1", "1 passkey"),
        (&["--id", "109"], "recovery 8,totp 1", "1 passkey"),
        (&["--all"], "", "1 authenticator app, 8 recovery codes, 1 passkey"),
    ] {
        let operator = with_users(&["ada", "jake"]);
        // The last way in goes too.
        operator.database().execute("UPDATE users SET password = '!'", []).unwrap();
        give_all(&operator, 1);
        give_all(&operator, 2);
        let arguments = [&["users", "credentials", "remove", "ada", "--yes"], which].concat();
        let expected = format!("user 1 (ada@example.com, \"ada\") has lost {message}.\n");
        assert_eq!(output_of(&operator, &arguments), expected);
        assert_eq!(types(&operator, 1), left, "{which:?}");
        assert_eq!(types(&operator, 2), "passkey 1,recovery 8,totp 1");
    }
}

#[test]
fn a_totp_that_waits_takes_no_recovery_codes_with_it() {
    let operator = with_users(&["ada"]);
    give_all(&operator, 1);
    let sql = "INSERT INTO credentials (id, user_id, type, key, secret, token_version, created_at) \
               VALUES (5, 1, 'totp', '1 waiting', 'x', 0, 0)";
    operator.database().execute(sql, []).unwrap();
    output_of(&operator, &["users", "credentials", "remove", "ada", "--id", "5", "--yes"]);
    assert_eq!(types(&operator, 1), "passkey 1,recovery 8,totp 1");
}

#[test]
fn what_is_not_there_or_not_confirmed_is_not_removed() {
    let operator = with_users(&["ada", "jake"]);
    give_all(&operator, 2);
    for which in [&["--all"][..], &["--type", "passkey"], &["--id", "200"], &["--id", "999"]] {
        let error =
            error_of(&operator, &[&["users", "credentials", "remove", "ada", "--yes"], which].concat(), "");
        assert_eq!(
            error,
            "latchkey: user 1 (ada@example.com, \"ada\") has none of that; nothing was changed. 'users credentials 1' lists what there is\n"
        );
    }
    let unconfirmed = ["users", "credentials", "remove", "jake", "--all"];
    assert_eq!(
        error_of(&operator, &unconfirmed, ""),
        "latchkey: stdin is not a terminal: pass --yes to skip the confirmation\n"
    );
    for arguments in [
        &["users", "credentials"][..],
        &["users", "credentials", "remove", "jake", "--yes"],
        &["users", "credentials", "remove", "jake", "--yes", "--all", "--id", "200"],
        &["users", "credentials", "remove", "jake", "--yes", "--type", "password"],
    ] {
        assert_eq!(operator.run(arguments).status, 2, "{arguments:?}");
    }
    assert_eq!(types(&operator, 2), "passkey 1,recovery 8,totp 1");
}

/// "Whoever proves a mailbox first owns the account": credentials from before stay only if the operator says so.
#[test]
fn an_email_is_verified_with_credentials_from_before_only_if_that_is_said() {
    let operator = with_users(&["ada"]);
    give_all(&operator, 1);
    let state = "SELECT concat_ws(' ', email_verified, verified_at IS NOT NULL, (SELECT count(*) FROM credentials)) FROM users";
    let error = error_of(&operator, &["users", "verify", "ada"], "");
    assert_eq!(
        error,
        "latchkey: user 1 (ada@example.com, \"ada\") has credentials from before the email was ever verified; nothing was \
         changed. If you know that they are its owner's too, pass --with-credentials; else remove them with \
         'users credentials remove 1 --all' first\n"
    );
    assert_eq!(operator.sql(state), "0 0 10");
    let message = "The email of user 1 (ada@example.com, \"ada\") is verified.\n";
    assert_eq!(output_of(&operator, &["users", "verify", "ada", "--with-credentials"]), message);
    assert_eq!(operator.sql(state), "1 1 10");
    // An account whose address was verified before keeps them anyway.
    operator.database().execute("UPDATE users SET email_verified = 0", []).unwrap();
    assert_eq!(output_of(&operator, &["users", "verify", "ada"]), message);
    // Without credentials there is nothing to say.
    operator.database().execute("UPDATE users SET email_verified = 0, verified_at = NULL", []).unwrap();
    let removed = operator.run(&["users", "credentials", "remove", "ada", "--all", "--yes"]);
    assert_eq!((removed.status, &*removed.stderr), (0, LOCAL));
    assert_eq!(output_of(&operator, &["users", "verify", "ada"]), message);
}
