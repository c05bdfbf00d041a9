//! Verified emails, of django-allauth. The rows have the form of `dumpdata`; `tests/django/` imports a real dump.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{HASH, import, run, user};
use crate::command::Operator;

fn address(user: Value, email: &str, verified: Value) -> Value {
    json!({ "model": "account.emailaddress", "pk": 1, "fields": {
        "user": user, "email": email, "verified": verified, "primary": true,
    }})
}

fn verified(operator: &Operator) -> String {
    operator.sql(
        "SELECT group_concat(concat_ws(' ', username, email_verified, verified_at IS NOT NULL), ', ') \
         FROM (SELECT * FROM users ORDER BY id)",
    )
}

#[test]
fn an_email_that_was_verified_stays_so() {
    let operator = Operator::new();
    let objects = [
        // Any order: an address may come before its user.
        address(1.into(), "ANNA@bücher.example ", true.into()),
        user(1, "anna", "Anna@xn--bcher-kva.example"),
        user(2, "bo", "bo@example.com"),
        user(3, "carol", "carol@example.com"),
        user(4, "dave", "dave@example.com"),
        user(5, "eve", "eve@example.com"),
        user(6, "frank", "frank@example.com"),
        address(1.into(), "anna@example.org", true.into()),
        address(2.into(), "bo@example.com", false.into()),
        address(2.into(), "bo@example.org", true.into()),
        // Of another user, of nobody, and of nobody in the file.
        address(2.into(), "carol@example.com", true.into()),
        address(9.into(), "dave@example.com", true.into()),
        address(json!(["dave"]), "dave@example.com", true.into()),
        address(5.into(), "eve@example.com", "yes".into()),
        address(6.into(), "frank@example.com", 1.into()),
    ];
    let natural = "note: row 13 (\"dave@example.com\"): user is no id, as after dumpdata --natural-foreign: dump without it: \"[\\\"dave\\\"]\"\n";
    let others = "not imported, being no email of its user: 4 verified addresses\n";
    let dry = import(&operator, &objects, &["--dry-run"]);
    assert_eq!(dry.stdout, "6 users would be imported (2 with a verified email)\n");
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(
        (&*outcome.stdout, outcome.stderr),
        ("6 users imported (2 with a verified email)\n", [natural, others].concat())
    );
    assert_eq!(verified(&operator), "anna 1 1, bo 0 0, carol 0 0, dave 0 0, eve 0 0, frank 1 1");
    let recent =
        "SELECT abs(unixepoch() - verified_at) < 60 AND updated_at = 1767323046 FROM users WHERE id = 1";
    assert_eq!(operator.sql(recent), "1");

    // Nobody who is there changes.
    operator.database().execute("UPDATE users SET email_verified = 0, verified_at = NULL", []).unwrap();
    let again: Value = serde_json::from_str(&import(&operator, &objects, &["--json"]).stdout).unwrap();
    assert_eq!((&again["verified_emails"], &again["other_verified_addresses"]), (&json!(0), &json!(4)));
    assert_eq!(again["other_models"], json!({}));
    assert!(!verified(&operator).contains('1'));
}

#[test]
fn verified_emails_are_read_from_a_sqlite_file_too() {
    let operator = Operator::new();
    Connection::open(operator.path("db.sqlite3"))
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY, password text, username text, email text,
               date_joined datetime);
             CREATE TABLE account_emailaddress (id integer NOT NULL PRIMARY KEY, email text, verified bool, \"primary\" bool,
               user_id integer);
             INSERT INTO auth_user VALUES (4, '{HASH}', 'anna', 'anna@example.com', '2026-01-02 03:04:05'),
               (5, '{HASH}', 'bo', 'bo@example.com', '2026-01-02 03:04:05');
             INSERT INTO account_emailaddress VALUES (1, 'anna@example.com', 1, 1, 4), (2, 'bo@example.com', 0, 1, 5);"
        ))
        .unwrap();
    let outcome = run(&operator, &["db.sqlite3"]);
    assert_eq!((&*outcome.stdout, &*outcome.stderr), ("2 users imported (1 with a verified email)\n", ""));
    assert_eq!(verified(&operator), "anna 1 1, bo 0 0");
}
