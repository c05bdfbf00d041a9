//! `import-django`

mod factors;
mod files;
mod passwords;
mod problems;
mod verified;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::{LOCAL, Operator, Outcome};

/// A hash of the password "jakejake", by Django.
pub const HASH: &str = "pbkdf2_sha256$2$salt$V4YBVS0Bu7zKOuDW5eFM7JpnlFrYTDTyCzVnLAEJYbU=";

pub fn user(id: i64, username: &str, email: &str) -> Value {
    json!({ "model": "authentication.user", "pk": id, "fields": {
        "username": username, "email": email, "password": HASH, "is_active": true, "is_staff": false,
        "is_superuser": false, "last_login": null, "groups": [], "user_permissions": [],
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T04:04:06+01:00",
    }})
}

pub fn with(mut object: Value, field: &str, value: Value) -> Value {
    object["fields"][field] = value;
    object
}

pub fn import(operator: &Operator, objects: &[Value], options: &[&str]) -> Outcome {
    operator.write("users.json", &Value::from(objects).to_string());
    run(operator, &[&["users.json"], options].concat())
}

/// Runs `import-django`, and drops the first line of its stderr.
pub fn run(operator: &Operator, arguments: &[&str]) -> Outcome {
    run_with(operator, arguments, "")
}

/// Does the same with this stdin.
pub fn run_with(operator: &Operator, arguments: &[&str], input: &str) -> Outcome {
    let outcome = operator.run_with(&[&["import-django"], arguments].concat(), input, &[]);
    let stderr = outcome.stderr.strip_prefix(LOCAL).unwrap_or(&outcome.stderr).to_owned();
    Outcome { stderr, ..outcome }
}

pub fn next_id(operator: &Operator) -> String {
    operator.sql("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'users'")
}

/// All users, in the order of the columns.
pub fn table(operator: &Operator) -> String {
    operator.sql(
        "SELECT group_concat(concat_ws('|', id, username, email, password, is_active, is_staff, is_superuser, \
         ifnull(bio, '-'), ifnull(image, '-'), created_at, updated_at, token_version), char(10)) \
         FROM (SELECT * FROM users ORDER BY id)",
    )
}

#[test]
fn a_user_keeps_everything() {
    let operator = Operator::new();
    let objects = [
        json!({ "model": "contenttypes.contenttype", "pk": 1, "fields": { "app_label": "auth" } }),
        json!({ "model": "profiles.profile", "pk": 9, "fields": { "user": 7, "bio": "I 'work'\nat 💾", "image": "" } }),
        with(
            with(user(7, "o'brien \u{202e}\n\"", "Jake@Example.COM"), "is_active", false.into()),
            "is_staff",
            true.into(),
        ),
        with(user(3, "anna", "anna@example.com"), "is_superuser", true.into()),
    ];
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(outcome.stdout, "2 users imported\n");
    // The API no longer accepts such a name.
    assert_eq!(
        outcome.stderr,
        "note: row 3 (id 7, \"Jake@Example.COM\", \"o'brien \\u{202e}\\n\\\"\"): username is one that the API no longer \
         accepts, with characters that control a terminal or the direction of text, or nothing visible: \
         \"o'brien \\u{202e}\\n\\\"\"\n\
         not imported, being no users, with the number of rows: contenttypes.contenttype (1)\n"
    );
    assert_eq!(outcome.status, 0);
    assert_eq!(
        table(&operator),
        format!(
            "3|anna|anna@example.com|{HASH}|1|0|1|-|-|1767323045|1767323046|0\n\
             7|o'brien \u{202e}\n\"|Jake@example.com|{HASH}|0|1|0|I 'work'\nat 💾|-|1767323045|1767323046|0"
        )
    );
    assert_eq!(next_id(&operator), "1000008");
}

#[test]
fn lines_are_read_and_django_s_own_users_too() {
    let operator = Operator::new();
    let mut own = user(1, "anna", "anna@example.com");
    own["model"] = "auth.user".into();
    let fields = own["fields"].as_object_mut().unwrap();
    fields.retain(|name, _| !name.ends_with("_at"));
    fields.insert("date_joined".to_owned(), "2026-01-02T03:04:05Z".into());
    fields.insert("first_name".to_owned(), "Anna".into());
    operator.write("users.jsonl", &format!("{own}\n{}\n", user(2, "bo", "bo@example.com")));
    let outcome = run(&operator, &["users.jsonl", "--next-id", "50"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "2 users imported\n"));
    assert_eq!(
        operator.sql("SELECT created_at || ' ' || updated_at FROM users WHERE id = 1"),
        "1767323045 1767323045"
    );
    assert_eq!(next_id(&operator), "50");
}

#[test]
fn a_second_import_adds_only_missing_users() {
    let operator = Operator::new();
    let users: Vec<_> =
        (1..=5).map(|id| user(id, &format!("u{id}"), &format!("u{id}@example.com"))).collect();
    assert_eq!(import(&operator, &users[..3], &[]).stdout, "3 users imported\n");
    operator.database().execute("UPDATE users SET password = 'new', bio = 'new' WHERE id = 2", []).unwrap();
    let before = table(&operator);
    let again = import(&operator, &users[..3], &[]);
    assert_eq!((again.status, again.stdout.as_str()), (0, "nothing to import: 3 users already exist\n"));
    assert_eq!(table(&operator), before);
    assert_eq!(import(&operator, &users, &[]).stdout, "2 users imported, 3 already exist\n");
    assert!(table(&operator).starts_with(&before));
}

#[test]
fn many_users_take_several_batches_and_pages() {
    let operator = Operator::new();
    let mut lines = String::new();
    for id in 1..=12_001 {
        writeln!(lines, "{}", user(id, &format!("u{id}"), &format!("u{id}@example.com"))).unwrap();
    }
    operator.write("users.jsonl", &lines);
    assert_eq!(run(&operator, &["users.jsonl"]).stdout, "12001 users imported\n");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "12001");
    let again = run(&operator, &["users.jsonl"]);
    assert_eq!(again.stdout, "nothing to import: 12001 users already exist\n");
}

#[test]
fn a_batch_is_written_as_a_whole_or_not_at_all() {
    let operator = Operator::new();
    let database = operator.database();
    database
        .execute_batch(
            "CREATE TRIGGER meddle BEFORE INSERT ON users WHEN new.id = 2002 BEGIN SELECT raise(ABORT, 'stop'); END",
        )
        .unwrap();
    let users: Vec<_> =
        (1..=2_005).map(|id| user(id, &format!("u{id}"), &format!("u{id}@example.com"))).collect();
    let failed = import(&operator, &users, &[]);
    assert_eq!((failed.status, failed.stdout.as_str()), (1, ""));
    assert_eq!(failed.stderr, "latchkey: stop: run this again to import the rest\n");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "1998"); // the first batch raises the next id too
    assert_eq!(next_id(&operator), "1002006"); // what is taken is kept free from the start
    database.execute_batch("DROP TRIGGER meddle").unwrap();
    assert_eq!(import(&operator, &users, &[]).stdout, "7 users imported, 1998 already exist\n");
}

/// A fixture has rows of all apps, and any of them may call a model `user`.
#[test]
fn only_rows_of_the_named_models_are_users() {
    let of = |model: &str, id, name: &str| {
        let mut object = user(id, name, &format!("{name}@example.com"));
        object["model"] = model.into();
        with(object, "is_superuser", true.into())
    };
    let bio =
        |model: &str, bio: &str| json!({ "model": model, "pk": 1, "fields": { "user": 1, "bio": bio } });
    let objects = [
        of("Authentication.User", 1, "anna"),
        of("shop.user", 2, "eve"),
        of("authentication.superuser", 3, "mallory"),
        of("user", 4, "trudy"),
        of("auth.user", 5, "bob"),
        of("Accounts.Member", 6, "carol"),
        bio("shop.profile", "of the shop"),
        bio("Profiles.Profile", "hers"),
    ];
    let names = |operator: &Operator| {
        operator
            .sql("SELECT group_concat(concat_ws(':', username, bio)) FROM (SELECT * FROM users ORDER BY id)")
    };
    let operator = Operator::new();
    assert_eq!(import(&operator, &objects, &[]).stdout, "2 users imported\n");
    assert_eq!(names(&operator), "anna:hers,bob");
    for (options, imported) in [
        (&["--user-model", "accounts.member"][..], "carol"),
        (&["--user-model", "SHOP.User", "--user-model=auth.user"], "eve,bob"),
    ] {
        let operator = Operator::new();
        let outcome = import(&operator, &objects, &[options, &["--skip-problems"]].concat());
        // The profile is of user 1, who is none now.
        assert!(outcome.stdout.ends_with(" imported, 1 profile skipped\n"), "{}", outcome.stdout);
        assert_eq!(names(&operator), imported);
    }
    let rejected = import(&operator, &objects, &["--user-model", "user"]);
    assert!(
        rejected.status == 2 && rejected.stderr.contains("it has the form app.model"),
        "{}",
        rejected.stderr
    );
}

#[test]
fn costlier_hashes_are_reported() {
    let operator = Operator::new();
    let hash = |iterations| HASH.replace("$2$", &format!("${iterations}$"));
    let users = [
        with(user(1, "a", "a@example.com"), "password", hash(1_000_000).into()),
        with(user(2, "b", "b@example.com"), "password", hash(600_000).into()),
        with(user(3, "c", "c@example.com"), "password", hash(5_000_001).into()),
    ];
    let outcome = import(&operator, &users, &["--skip-problems"]);
    assert_eq!(outcome.stdout, "2 users imported, 1 skipped\n");
    let advice = "set COSTLIEST_HASH to \"pbkdf2_sha256$1000000\" in wrangler.toml, \
                  or the response time of a failed login reveals who was imported\n";
    assert!(outcome.stderr.ends_with(advice), "{}", outcome.stderr);
    let config = std::fs::read_to_string(operator.path("wrangler.toml")).unwrap();
    operator.write("wrangler.toml", &config.replace("pbkdf2_sha256$2", "pbkdf2_sha256$1000000"));
    assert_eq!(import(&operator, &users[..2], &[]).stderr, "");
}
