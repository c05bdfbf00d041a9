//! `export-django`

use serde_json::{Value, json};

use crate::command::Operator;
use crate::seals;

const SHA256: &str = "pbkdf2_sha256$2$salt$V4YBVS0Bu7zKOuDW5eFM7JpnlFrYTDTyCzVnLAEJYbU=";

/// An operator with a user whose hash Django reads, and one of another hash.
fn with_users() -> (Operator, String) {
    let operator = Operator::new();
    let sha512 = format!("pbkdf2_sha512$2$salt${}==", "A".repeat(86));
    let sql = "INSERT INTO users (id, username, email, password, is_active, is_superuser, bio, created_at, updated_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'bio', 1767323045, 1767323046)";
    let database = operator.database();
    database.execute(sql, (3, "o'brien \"\n\u{202e}", "Jake@example.com", SHA256, 0, 1)).unwrap();
    database.execute(sql, (5, "anna", "anna@example.com", &sha512, 1, 0)).unwrap();
    (operator, sha512)
}

#[test]
fn who_loses_their_second_step_is_told() {
    let (operator, _) = with_users();
    seals::insert(&operator, seals::NEW, [3, 5]);
    let waits = "UPDATE credentials SET token_version = 0 WHERE user_id = 5";
    operator.database().execute(waits, []).unwrap();
    let outcome = operator.run(&["export-django", "--keep-sha512"]);
    let told = "not exported: the authenticator apps of 1 user, who log in to Django without a second step until they set it \
                up there\n";
    assert_eq!((outcome.status, &*outcome.stderr), (0, told));
    assert!(!outcome.stdout.contains("the seed"));
}

#[test]
fn a_user_is_written_as_django_reads_them() {
    let (operator, sha512) = with_users();
    let outcome = operator.run(&["export-django", "--keep-sha512"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    let fixture: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let expected = json!([
        { "model": "authentication.user", "pk": 3, "fields": {
            "username": "o'brien \"\n\u{202e}", "email": "Jake@example.com", "password": SHA256, "is_active": false,
            "is_staff": false, "is_superuser": true, "last_login": null,
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:06Z",
        }},
        { "model": "authentication.user", "pk": 5, "fields": {
            "username": "anna", "email": "anna@example.com", "password": sha512, "is_active": true,
            "is_staff": false, "is_superuser": false, "last_login": null,
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:06Z",
        }},
    ]);
    assert_eq!(fixture, expected);
}

#[test]
fn who_has_a_hash_that_django_cannot_read_is_named_and_has_to_reset() {
    let (operator, _) = with_users();
    let outcome = operator.run(&["export-django"]);
    assert_eq!(outcome.status, 0);
    assert_eq!(
        outcome.stderr,
        "user 5 (anna@example.com) must reset their password\n\
         Django can't read the password hash of 1 user, listed above: see --help\n"
    );
    assert!(!outcome.stdout.contains("pbkdf2_sha512"));
    let fixture: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(fixture[0]["fields"]["password"], SHA256);
    let password = fixture[1]["fields"]["password"].as_str().unwrap();
    assert!(password.len() == 41 && password.starts_with('!'), "{password}");
}

#[test]
fn djangos_own_users_have_one_time() {
    let (operator, _) = with_users();
    let outcome = operator.run(&["export-django", "--keep-sha512", "--model", "auth.user"]);
    let fixture: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(fixture[0]["model"], "auth.user");
    assert_eq!(fixture[0]["fields"]["date_joined"], "2026-01-02T03:04:05Z");
    assert_eq!(fixture[0]["fields"].get("created_at"), None);
}

#[test]
fn a_model_of_ones_own_can_be_named() {
    let (operator, _) = with_users();
    let outcome = operator.run(&["export-django", "--keep-sha512", "--model", "accounts.User"]);
    let fixture: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(fixture[0]["model"], "accounts.User");
    assert_eq!(fixture[0]["fields"]["date_joined"], "2026-01-02T03:04:05Z");
    assert_eq!(operator.run(&["export-django", "--model", "user"]).status, 2);
}

#[test]
fn a_file_is_for_its_owner_and_what_was_exported_can_be_imported() {
    let (operator, _) = with_users();
    let outcome = operator.run(&["export-django", "--keep-sha512", "--output", "users.json"]);
    assert_eq!(
        (outcome.status, &*outcome.stdout, &*outcome.stderr),
        (0, "2 users exported to users.json\n", "")
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = operator.path("users.json").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let other = Operator::new();
    std::fs::copy(operator.path("users.json"), other.path("users.json")).unwrap();
    assert_eq!(other.run(&["import-django", "users.json"]).stdout, "2 users imported\n");
    assert_eq!(
        other.run(&["export-django", "--keep-sha512"]).stdout,
        operator.run(&["export-django", "--keep-sha512"]).stdout
    );

    let failed = operator.run(&["export-django", "--output", "no/directory/users.json"]);
    assert_eq!(failed.status, 1);
    assert!(failed.stderr.starts_with("latchkey: can't write no/directory/users.json"), "{}", failed.stderr);
}

#[test]
fn nobody_is_an_empty_fixture_and_many_come_in_pages() {
    let operator = Operator::new();
    assert_eq!(operator.run(&["export-django"]).stdout, "[]\n");
    operator
        .database()
        .execute(
            "INSERT INTO users (username, email, password, created_at, updated_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
             SELECT 'u' || i, 'u' || i || '@example.com', ?1, i, i FROM n",
            [SHA256],
        )
        .unwrap();
    let fixture: Vec<Value> = serde_json::from_str(&operator.run(&["export-django"]).stdout).unwrap();
    let ids: Vec<_> = fixture.iter().filter_map(|object| object["pk"].as_i64()).collect();
    assert_eq!(ids, (1..=10_000).collect::<Vec<_>>());
}
