//! `import-django`

use std::fmt::Write as _;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::command::{LOCAL, Operator, Outcome};

/// A hash of the password "jakejake", by Django.
const HASH: &str = "pbkdf2_sha256$2$salt$V4YBVS0Bu7zKOuDW5eFM7JpnlFrYTDTyCzVnLAEJYbU=";

fn user(id: i64, username: &str, email: &str) -> Value {
    json!({ "model": "authentication.user", "pk": id, "fields": {
        "username": username, "email": email, "password": HASH, "is_active": true, "is_staff": false,
        "is_superuser": false, "last_login": null, "groups": [1], "user_permissions": [],
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T04:04:06+01:00",
    }})
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object["fields"][field] = value;
    object
}

fn import(operator: &Operator, objects: &[Value], options: &[&str]) -> Outcome {
    operator.write("users.json", &Value::from(objects).to_string());
    run(operator, &[&["users.json"], options].concat())
}

/// Runs `import-django`, and drops the first line of its stderr.
fn run(operator: &Operator, arguments: &[&str]) -> Outcome {
    let outcome = operator.run(&[&["import-django"], arguments].concat());
    let stderr = outcome.stderr.strip_prefix(LOCAL).unwrap_or(&outcome.stderr).to_owned();
    Outcome { stderr, ..outcome }
}

fn next_id(operator: &Operator) -> String {
    operator.sql("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'users'")
}

/// All users, in the order of the columns.
fn table(operator: &Operator) -> String {
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
        "note: row 3 (id 7): username \"o'brien \\u{202e}\\n\"\" is one that the API no longer accepts: it has \
         characters that control a terminal or the direction of text, or nothing visible\n"
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
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("2 users imported\n", ""));
    assert_eq!(
        operator.sql("SELECT created_at || ' ' || updated_at FROM users WHERE id = 1"),
        "1767323045 1767323045"
    );
    assert_eq!(next_id(&operator), "50");
}

#[test]
fn a_sqlite_file_has_the_last_id() {
    let operator = Operator::new();
    let django = Connection::open(operator.path("db.sqlite3")).unwrap();
    django
        .execute_batch(&format!(
            "CREATE TABLE authentication_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128), \
               last_login datetime, is_superuser bool, username varchar(255), email varchar(254), is_active bool, \
               is_staff bool, created_at datetime, updated_at datetime);
             CREATE TABLE profiles_profile (id integer PRIMARY KEY, bio text, image varchar(200), user_id integer);
             INSERT INTO authentication_user VALUES (4, '{HASH}', NULL, 1, 'anna', 'anna@example.com', 1, 1, \
               '2026-01-02 03:04:05.678901', '2026-01-02 03:04:06');
             INSERT INTO profiles_profile VALUES (1, 'Hello', 'https://example.com/a.png', 4);
             UPDATE sqlite_sequence SET seq = 20;"
        ))
        .unwrap();
    let outcome = run(&operator, &["db.sqlite3"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("1 user imported\n", ""));
    assert_eq!(
        table(&operator),
        format!(
            "4|anna|anna@example.com|{HASH}|1|1|1|Hello|https://example.com/a.png|1767323045|1767323046|0"
        )
    );
    assert_eq!(next_id(&operator), "21");
    // The file has ids that must not be assigned again; an option can only add to them.
    run(&operator, &["db.sqlite3", "--next-id", "10"]);
    assert_eq!(next_id(&operator), "21");
    run(&operator, &["db.sqlite3", "--next-id", "30"]);
    assert_eq!(next_id(&operator), "30");
    run(&operator, &["db.sqlite3"]);
    assert_eq!(next_id(&operator), "30");
}

#[test]
fn every_problem_is_reported_and_nothing_is_written() {
    let operator = Operator::new();
    let there = [user(1, "there", "there@example.com"), user(2, "other", "other@example.com")];
    assert_eq!(import(&operator, &there, &["--next-id", "100"]).status, 0);
    let before = table(&operator);
    let long = "x".repeat(256);
    let mut objects = vec![
        user(10, "good", "good@example.com"),
        user(11, "GOOD", "Good@Example.com"),
        user(10, "twice", "twice@example.com"),
        user(12, "There", "THERE@example.com"),
        user(2, "fresh", "fresh@example.com"),
        user(-1, &long, "no address"),
        with(user(13, "a\0b", "b@example.com"), "password", "!unusable".into()),
        with(user(14, "c", "c@example.com"), "password", "argon2$argon2id$v=19$secret".into()),
        with(with(user(15, "d", "d@example.com"), "created_at", "soon".into()), "is_staff", "yes".into()),
        json!({ "model": "profiles.profile", "pk": 1, "fields": { "user": 16, "bio": "x".repeat(2_001) } }),
        user(16, "e", "e@example.com"),
        json!({ "model": "authentication.user", "fields": {} }),
    ];
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.stdout, "");
    assert_eq!(
        outcome.stderr,
        "row 6: id is -1, not a whole number from 1 to 9007199254740991\n\
         row 6: email is not a valid email address\n\
         row 6: username is longer than 255 characters\n\
         row 7 (id 13): username has a null character\n\
         row 7 (id 13): password is unusable, as Django calls it: no login succeeds with it\n\
         row 8 (id 14): password can't be verified here: its hash is of an unknown algorithm\n\
         row 9 (id 15): is_staff is neither true nor false\n\
         row 9 (id 15): created_at is not a time of the form 2026-01-31T12:00:00Z\n\
         row 10 (profile of id 16): bio is longer than 2000 characters\n\
         row 12: id is null, not a whole number from 1 to 9007199254740991\n\
         row 12: email is missing\n\
         row 12: username is missing\n\
         row 12: password is missing\n\
         row 3 (id 10): id is the same as in row 1\n\
         row 2 (id 11): email is the same as in row 1\n\
         row 2 (id 11): username is the same as in row 1\n\
         row 5 (id 2): id belongs to a user in the database with another email or username\n\
         row 4 (id 12): email belongs to user 1 in the database\n\
         row 4 (id 12): username belongs to user 1 in the database\n\
         latchkey: 10 of 11 users have problems, listed above: fix them in Django, or skip them with \
         --skip-problems; nothing was written\n"
    );
    assert_eq!((table(&operator), next_id(&operator)), (before.clone(), "100".to_owned()));

    let dry = import(&operator, &objects, &["--skip-problems", "--dry-run"]);
    assert_eq!((dry.status, dry.stdout.as_str()), (0, "1 user would be imported, 10 skipped\n"));
    assert_eq!((table(&operator), next_id(&operator)), (before.clone(), "100".to_owned()));

    // A user who already exists is no problem.
    objects.truncate(9);
    objects.splice(0..0, there);
    let skipped = import(&operator, &objects, &["--skip-problems"]);
    assert_eq!(
        (skipped.status, skipped.stdout.as_str()),
        (0, "1 user imported, 2 already exist, 8 skipped\n")
    );
    assert_eq!(table(&operator).lines().count(), 3);
    assert_eq!(operator.sql("SELECT username FROM users WHERE id = 10"), "good");
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

#[test]
fn a_file_without_users_is_rejected() {
    let operator = Operator::new();
    Connection::open(operator.path("empty.sqlite3")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    operator.write("broken.json", &format!("[{},\n{{\"model\": 1", user(1, "a", "a@example.com")));
    operator.write("none.json", "[]");
    operator.write("text.txt", "hello");
    for (file, error) in [
        ("absent.json", "can't read absent.json: No such file or directory (os error 2)"),
        ("none.json", "none.json has no users: no row has the model authentication.user or auth.user"),
        (
            "empty.sqlite3",
            "the SQLite file has no table authentication_user or auth_user: name the model of its users with --user-model",
        ),
        (
            "broken.json",
            "broken.json is neither a fixture in JSON nor a SQLite file, or is damaged: \
             invalid type: integer `1`, expected a string at line 2 column 11",
        ),
        (
            "text.txt",
            "text.txt is neither a fixture in JSON nor a SQLite file, or is damaged: expected value at line 1 column 1",
        ),
    ] {
        let outcome = run(&operator, &[file]);
        assert_eq!((outcome.status, outcome.stderr), (1, format!("latchkey: {error}\n")));
    }
    let low = import(&operator, &[user(7, "a", "a@example.com")], &["--next-id", "7"]);
    assert_eq!(low.stderr, "latchkey: --next-id must be above 7, the greatest id in the file\n");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
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
        assert_eq!(import(&operator, &objects, options).status, 0);
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
fn only_tables_of_the_named_models_are_read() {
    let operator = Operator::new();
    let django = Connection::open(operator.path("db.sqlite3")).unwrap();
    let columns = "(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password text, is_superuser bool, username text, \
                   email text, date_joined datetime)";
    for (number, table) in ["shop_user", "my_user", "Auth_User"].into_iter().enumerate() {
        let id = number + 1;
        let values = format!("({id}, '{HASH}', 1, '{table}', '{table}@example.com', '2026-01-02 03:04:05')");
        let sql = format!("CREATE TABLE {table} {columns}; INSERT INTO {table} VALUES {values}");
        django.execute_batch(&sql).unwrap();
    }
    let names = |operator: &Operator| operator.sql("SELECT group_concat(username) FROM users");
    assert_eq!(run(&operator, &["db.sqlite3"]).stdout, "1 user imported\n");
    assert_eq!((names(&operator), next_id(&operator)), ("Auth_User".to_owned(), "4".to_owned()));
    let operator_of_shop = Operator::new();
    std::fs::copy(operator.path("db.sqlite3"), operator_of_shop.path("db.sqlite3")).unwrap();
    run(&operator_of_shop, &["db.sqlite3", "--user-model", "Shop.User"]);
    assert_eq!(names(&operator_of_shop), "shop_user");
    let rejected = run(&operator, &["db.sqlite3", "--user-model", "shop.customer"]);
    assert_eq!(
        rejected.stderr,
        "latchkey: the SQLite file has no table shop_customer: name the model of its users with --user-model\n"
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
