//! Users whose password can't be verified, and what is not imported

use rusqlite::Connection;
use serde_json::json;

use super::{import, run, user, with};
use crate::command::Operator;

#[test]
fn a_user_can_come_in_with_an_unusable_password() {
    let operator = Operator::new();
    let of = |id, name: &str, password: &str| {
        with(user(id, name, &format!("{name}@example.com")), "password", password.into())
    };
    let objects = [
        user(1, "anna", "anna@example.com"),
        of(2, "bo", "!social"),
        of(3, "carol", "argon2$argon2id$v=19$secret"),
        of(4, "dave", "argon2$argon2id$v=19$secret"),
        of(5, "eve", "secret"),
        of(5, "twice", "md5$salt$secret"),
    ];
    let options = ["--unusable-passwords", "--skip-problems"];
    let outcome = import(&operator, &objects, &options);
    assert_eq!((outcome.status, &*outcome.stdout), (0, "5 users imported, 1 skipped\n"));
    assert_eq!(
        outcome.stderr,
        "row 6 (id 5, \"twice@example.com\", \"twice\"): id is the same as in row 5: \"5\"\n\
         4 users can't log in until you set a password with 'users set-password'; \
         theirs is argon2 (2), invalid (1), unusable before (1)\n"
    );
    let unusable = "SELECT count(DISTINCT password) FROM users WHERE id > 1 AND password GLOB '!*' AND length(password) = 41";
    assert_eq!(operator.sql(unusable), "4");
    assert_eq!(
        import(&operator, &objects, &options).stdout,
        "0 users imported, 5 already exist, 1 skipped\n"
    );
    let set =
        operator.run_with(&["users", "set-password", "carol", "--password-stdin"], "correct horse", &[]);
    assert_eq!(set.status, 0, "{}", set.stderr);
    assert!(operator.sql("SELECT password FROM users WHERE id = 3").starts_with("pbkdf2_sha512$2$"));
}

/// Covers hashes that Django's `identify_hasher` tells by their form, and those of its documentation.
#[test]
fn the_algorithm_of_an_old_hash_is_named_and_nothing_else_of_it() {
    let operator = Operator::new();
    let hashes = [
        ("5f4dcc3b5aa765d61d8327deb882cf99", "unsalted_md5"),
        ("md5$$5f4dcc3b5aa765d61d8327deb882cf99", "unsalted_md5"),
        ("sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "unsalted_sha1"),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "md5"),
        ("pbkdf2_wrapped_sha1$1000$salt$hash", "pbkdf2_wrapped_sha1"),
        ("bcrypt$$2b$12$salt", "bcrypt"),
    ];
    let objects: Vec<_> = (1..)
        .zip(hashes)
        .map(|(id, (hash, _))| {
            with(user(id, &format!("u{id}"), &format!("u{id}@example.com")), "password", hash.into())
        })
        .collect();
    let outcome = import(&operator, &objects, &[]);
    let lines: Vec<_> = outcome.stderr.lines().take(hashes.len()).collect();
    let expected: Vec<_> = (1..)
        .zip(hashes)
        .map(|(id, (_, name))| {
            format!(
                "row {id} (id {id}, \"u{id}@example.com\", \"u{id}\"): \
                 password can't be verified here: its hash is of an unknown algorithm: \"{name}\""
            )
        })
        .collect();
    assert_eq!(lines, expected);
    let bare = import(&operator, &[with(user(1, "a", "a@example.com"), "password", "".into())], &[]);
    let line = "row 1 (id 1, \"a@example.com\", \"a\"): password is empty: no login succeeds with it\n";
    assert!(bare.stderr.starts_with(line), "{}", bare.stderr);
}

#[test]
fn what_is_not_imported_is_named() {
    let named = with(
        with(user(1, "anna", "anna@example.com"), "groups", json!([1, 2])),
        "last_login",
        "2026-01-02T03:04:05Z".into(),
    );
    let objects = [
        with(named, "first_name", "Anna".into()),
        with(user(2, "bo", "bo@example.com"), "last_name", "".into()),
        with(user(3, "cy", "cy@example.com"), "first_name", "Cy".into()),
        json!({ "model": "profiles.profile", "pk": 1, "fields": { "user": 1, "favorites": [4], "created_at": "x" } }),
        json!({ "model": "socialaccount.socialaccount", "pk": 1, "fields": { "user": 2, "uid": "7" } }),
        json!({ "model": "socialaccount.socialaccount", "pk": 2, "fields": { "user": 3, "uid": "8" } }),
    ];
    let operator = Operator::new();
    let outcome = import(&operator, &objects, &["--dry-run"]);
    assert_eq!(
        outcome.stderr,
        "not imported, with the number of users who have it: first_name (2), groups (1), last_login (1), \
         profile.favorites (1)\n\
         not imported, being no users, with the number of rows: socialaccount.socialaccount (2)\n"
    );
}

#[test]
fn relations_in_a_sqlite_file_are_named() {
    let operator = Operator::new();
    Connection::open(operator.path("db.sqlite3"))
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE auth_user (id integer PRIMARY KEY AUTOINCREMENT, password text, username text, email text,
               date_joined datetime, last_login datetime);
             CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer, group_id integer);
             CREATE TABLE auth_user_user_permissions (id integer PRIMARY KEY, user_id integer, permission_id integer);
             INSERT INTO auth_user VALUES (1, '{}', 'anna', 'anna@example.com', '2026-01-02 03:04:05', NULL);
             INSERT INTO auth_user_groups VALUES (1, 1, 1), (2, 1, 2);",
            super::HASH
        ))
        .unwrap();
    let outcome = run(&operator, &["db.sqlite3"]);
    assert_eq!(outcome.stdout, "1 user imported\n");
    assert_eq!(outcome.stderr, "not imported, with the number of users who have it: groups (1)\n");
}
