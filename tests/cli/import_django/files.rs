//! Files that are read, and those that are not

use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{HASH, import, next_id, run, run_with, table, user, with};
use crate::command::Operator;

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
fn a_row_of_a_sqlite_file_takes_little_memory() {
    let operator = Operator::new();
    let django = Connection::open(operator.path("db.sqlite3")).unwrap();
    let schema = "CREATE TABLE auth_user (id integer PRIMARY KEY, email text AS (hex(zeroblob(10000000))));
                  INSERT INTO auth_user VALUES (1)";
    django.execute_batch(schema).unwrap();
    let outcome = run(&operator, &["db.sqlite3"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("string or blob too big"), "{}", outcome.stderr);
}

#[test]
fn a_file_without_users_is_rejected() {
    let operator = Operator::new();
    Connection::open(operator.path("empty.sqlite3")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    operator.write("broken.json", &format!("[{},\n{{\"model\": 1", user(1, "a", "a@example.com")));
    operator.write("none.json", "[]");
    operator.write("text.txt", "hello");
    operator
        .write("users.xml", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<django-objects version=\"1.0\">");
    operator.write("users.yaml", "- model: auth.user\n  pk: 1\n");
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
        (
            "users.xml",
            "users.xml is neither a fixture in JSON nor a SQLite file, or is damaged: \
             it looks like XML: dump it with --format json",
        ),
        (
            "users.yaml",
            "users.yaml is neither a fixture in JSON nor a SQLite file, or is damaged: \
             it looks like YAML: dump it with --format json",
        ),
    ] {
        let outcome = run(&operator, &[file]);
        assert_eq!((outcome.status, outcome.stderr), (1, format!("latchkey: {error}\n")));
    }
    let low = import(&operator, &[user(7, "a", "a@example.com")], &["--next-id", "7"]);
    assert_eq!(low.stderr, "latchkey: --next-id must be above 7, the greatest id in the file\n");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

/// A model of one's own, with a profile that has its user as its key.
#[test]
fn all_that_a_sqlite_file_has_beside_its_users_is_named() {
    let operator = Operator::new();
    Connection::open(operator.path("db.sqlite3"))
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE auth_user (number integer NOT NULL PRIMARY KEY, password text, username text, email text,
               date_joined datetime, score real, balance decimal, avatar blob, phone text);
             CREATE TABLE profiles_profile (bio text, image text, user_id bigint NOT NULL PRIMARY KEY);
             CREATE TABLE \"the \"\"shop\"\"\" (id integer);
             CREATE TABLE empty (id integer);
             CREATE VIRTUAL TABLE search USING fts5(text);
             INSERT INTO auth_user VALUES (4, '{HASH}', 'anna', 'anna@example.com', '2026-01-02 03:04:05', 1.5, 12.5,
               x'ff', NULL), (5, '{HASH}', x'ff', 'bo@example.com', '2026-01-02 03:04:05', NULL, NULL, NULL, NULL);
             INSERT INTO profiles_profile VALUES ('Hello', '', 4);
             INSERT INTO \"the \"\"shop\"\"\" VALUES (1), (2);"
        ))
        .unwrap();
    let outcome = run(&operator, &["db.sqlite3", "--skip-problems"]);
    assert_eq!(outcome.stdout, "1 user imported, 1 skipped\n");
    assert_eq!(
        outcome.stderr,
        "row 2 (id 5, \"bo@example.com\"): username is not a string: \"[255]\"\n\
         not imported, with the number of users who have it: avatar (1), balance (1), score (1)\n\
         not imported, being no users, with the number of rows: search_config (1), search_data (2), the \"shop\" (2)\n"
    );
    assert_eq!(operator.sql("SELECT concat(id, ' ', username, ' ', bio) FROM users"), "4 anna Hello");
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
        "latchkey: the SQLite file has no table shop_customer: name the model of its users with --user-model; \
         rows of Auth_User look like users\n"
    );
}

/// Python script that writes a text into a file of each encoding in which Django or a shell writes a fixture.
const ENCODINGS: &str = r#"
import bz2, gzip, lzma, sys
text = sys.stdin.buffer.read().decode()
data = text.encode()
for name, encoded in {
    "gz": gzip.compress(data[:50]) + gzip.compress(data[50:]),
    "bz2": bz2.compress(data),
    "xz": lzma.compress(data),
    "lzma": lzma.compress(data, lzma.FORMAT_ALONE),
    "bom": b"\xef\xbb\xbf" + data,
    "utf16": text.encode("utf-16"),
    "utf16be": text.encode("utf-16-be"),
    "gz16": gzip.compress(text.encode("utf-16")),
}.items():
    with open("users.json." + name, "wb") as file:
        file.write(encoded)
"#;

#[test]
fn a_fixture_is_read_in_every_encoding() {
    use std::io::Write as _;
    let operator = Operator::new();
    let fixture =
        Value::from([user(1, "jörg 🦀", "anna@example.com"), user(2, "bo", "bo@example.com")].to_vec());
    let python = Command::new("python3")
        .args(["-c", ENCODINGS])
        .current_dir(operator.path(""))
        .stdin(std::process::Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        eprintln!("skipped: there is no python3");
        return;
    };
    python.stdin.take().unwrap().write_all(fixture.to_string().as_bytes()).unwrap();
    assert!(python.wait().unwrap().success());
    for encoding in ["gz", "bz2", "xz", "lzma", "bom", "utf16", "utf16be", "gz16"] {
        let other = Operator::new();
        let file = operator.path(&format!("users.json.{encoding}"));
        let outcome = run(&other, &[file.to_str().unwrap()]);
        assert_eq!((&*outcome.stdout, &*outcome.stderr), ("2 users imported\n", ""), "{encoding}");
        assert_eq!(other.sql("SELECT username FROM users WHERE id = 1"), "jörg 🦀");
    }
    // A file that breaks off is damaged, and nothing of it is imported.
    for encoding in ["gz", "bz2", "xz"] {
        let whole = std::fs::read(operator.path(&format!("users.json.{encoding}"))).unwrap();
        std::fs::write(operator.path("part"), &whole[..whole.len() - 20]).unwrap();
        let outcome = run(&operator, &["part"]);
        assert!(outcome.status == 1 && outcome.stderr.contains("or is damaged"), "{}", outcome.stderr);
    }
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

#[cfg(unix)]
#[test]
fn a_fixture_is_read_from_a_pipe() {
    let fixture = Value::from([user(1, "anna", "anna@example.com")].to_vec()).to_string();
    for path in ["/dev/stdin", "-"] {
        let operator = Operator::new();
        let outcome = run_with(&operator, &[path], &fixture);
        assert_eq!((&*outcome.stdout, &*outcome.stderr), ("1 user imported\n", ""), "{path}");
    }
    let operator = Operator::new();
    let outcome = run_with(&operator, &["-"], "SQLite format 3\0");
    assert_eq!(
        (outcome.status, &*outcome.stderr),
        (1, "latchkey: can't read -: a SQLite file can't be read from a pipe: pass its path\n")
    );
}

/// Python's JSON has numbers that are not JSON's.
#[test]
fn numbers_of_other_models_do_not_matter() {
    let operator = Operator::new();
    let measure =
        r#"{"model": "lab.measure", "pk": 1, "fields": {"a": NaN, "b": Infinity, "c": [-Infinity, -1.5]}}"#;
    let named = user(1, "NaN \"-Infinity\\", "anna@example.com");
    operator.write("users.json", &format!("[{measure}, {named}, {measure}]"));
    let outcome = run(&operator, &["users.json"]);
    assert_eq!((outcome.status, &*outcome.stdout), (0, "1 user imported\n"));
    assert_eq!(operator.sql("SELECT username FROM users"), "NaN \"-Infinity\\");
}

#[test]
fn a_model_that_looks_like_users_is_named() {
    let operator = Operator::new();
    let mut member = with(user(1, "anna", "anna@example.com"), "groups", json!([]));
    member["model"] = "accounts.member".into();
    operator.write("users.json", &json!([member]).to_string());
    assert_eq!(
        run(&operator, &["users.json"]).stderr,
        "latchkey: users.json has no users: no row has the model authentication.user or auth.user; \
         rows of accounts.member look like users: pass --user-model accounts.member\n"
    );
}
