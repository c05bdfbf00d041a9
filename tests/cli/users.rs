//! `users`

mod activate;
mod create;
pub mod credentials;
mod edit;
mod erase;
mod list;
mod logout;
mod mailed;
mod sessions;
mod set_password;
mod set_staff;
mod show;
mod unlock;

use latchkey::store::erasure::Erasure;
use latchkey::store::events::Recording;
use rusqlite::params;
use serde_json::Value;

use crate::command::{LOCAL, Operator, Outcome, SECRET};

const HASH: &str = "pbkdf2_sha256$2$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const CREATED: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// Makes a project with these users, of ids from 1; their emails are their names at example.com.
pub fn with_users(names: &[&str]) -> Operator {
    let operator = Operator::new();
    let sql =
        "INSERT INTO users (username, email, password, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)";
    for name in names {
        let email = format!("{name}@example.com");
        operator.database().execute(sql, params![name, email, HASH, CREATED]).unwrap();
    }
    operator
}

/// Inserts a session of a user, which began at [`CREATED`] without a proof.
pub fn insert_session(
    operator: &Operator,
    user_id: i64,
    sid: &str,
    version: i64,
    seen_at: i64,
    expires_at: i64,
) {
    let sql = "INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
               VALUES (?1, ?2, ?3, '[]', 0, ?4, ?5, ?6, ?6)";
    let params = params![user_id, sid, version, CREATED, seen_at, expires_at];
    assert_eq!(operator.database().execute(sql, params).unwrap(), 1);
}

/// Runs a command that must succeed, and returns its output.
pub fn output_of(operator: &Operator, arguments: &[&str]) -> String {
    let Outcome { status, stdout, stderr } = operator.run(arguments);
    let reads = [Some(&"list"), Some(&"show"), Some(&"sessions")].contains(&arguments.get(1))
        || (arguments.get(1) == Some(&"credentials") && arguments.get(2) != Some(&"remove"));
    assert_eq!((status, &*stderr), (0, if reads { "" } else { LOCAL }), "{arguments:?}");
    assert!(!stdout.contains("salt") && !stdout.contains(SECRET), "{stdout}");
    stdout
}

/// Runs a command that must fail, and returns its message.
pub fn error_of(operator: &Operator, arguments: &[&str], input: &str) -> String {
    let Outcome { status, stdout, stderr } = operator.run_with(arguments, input, &[]);
    let is_usage = stderr.starts_with("latchkey: stdin is not a terminal");
    assert_eq!((status, &*stdout), (1 + i32::from(is_usage), ""), "{arguments:?}");
    stderr.strip_prefix(LOCAL).unwrap_or(&stderr).to_owned()
}

/// State of the user with id 1.
fn state(operator: &Operator) -> String {
    let sql = "SELECT concat_ws(' ', 'active', is_active, 'staff', is_staff, 'superuser', is_superuser, 'version', \
               token_version, 'kept', ifnull(surviving_sid, '-'), 'moved', updated_at > created_at) FROM users WHERE id = 1";
    operator.sql(sql)
}

#[test]
fn usernames_do_not_control_a_terminal() {
    let odd = "\x1b]0;x\x07\u{9b}2J\n\r\u{202e}🦀'; DROP TABLE users; --";
    let operator = with_users(&[odd]);
    let shown = r"\u{1b}]0;x\u{7}\u{9b}2J\n\r\u{202e}🦀'; DROP TABLE users; --";
    for arguments in [
        &["users", "list"][..],
        &["users", "show", odd],
        &["users", "deactivate", odd],
        &["users", "activate", "1"],
        &["users", "edit", "1", "--bio", "x"],
        &["users", "logout", odd],
        &["users", "sessions", odd],
        &["users", "credentials", odd],
        &["users", "set-staff", odd, "--staff", "true", "--yes"],
        &["users", "unlock", odd],
        &["users", "verify", odd],
    ] {
        let output = output_of(&operator, arguments);
        assert!(output.contains(shown), "{output}");
        assert!(!output.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{output:?}");
    }
    assert_eq!(output_of(&operator, &["users", "list"]).lines().count(), 2);
    let listed = output_of(&operator, &["users", "list", "--json"]);
    assert!(!listed.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{listed:?}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["username"], odd);
    assert!(output_of(&operator, &["users", "erase", odd, "--yes"]).contains(shown));
}

#[test]
fn an_unknown_user_is_an_error() {
    let operator = with_users(&["ada"]);
    for arguments in [
        &["users", "show", "eve"][..],
        &["users", "activate", "eve"],
        &["users", "edit", "eve", "--bio", "x"],
        &["users", "deactivate", "eve"],
        &["users", "logout", "eve"],
        &["users", "logout", "eve", "--session", "x"],
        &["users", "sessions", "eve"],
        &["users", "credentials", "eve"],
        &["users", "credentials", "remove", "eve", "--all", "--yes"],
        &["users", "set-staff", "eve", "--staff", "true", "--yes"],
        &["users", "set-password", "eve", "--password-stdin"],
        &["users", "unlock", "eve"],
        &["users", "verify", "eve"],
        &["users", "erase", "eve", "--yes"],
    ] {
        let error = error_of(&operator, arguments, "correct horse\n");
        assert_eq!(error, "latchkey: there is no user with the username eve\n");
    }
    assert_eq!(operator.run(&["users", "show"]).status, 2);
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 0 kept - moved 0");
}

/// A username may look like another user's email or id.
#[test]
fn a_username_does_not_select_another_user() {
    let operator = with_users(&["ada", "ceo@corp.io", "1"]);
    assert!(output_of(&operator, &["users", "show", "1"]).contains(" username          ada\n"));
    operator.database().execute("UPDATE users SET username = '4' WHERE id = 3", []).unwrap();
    for (selector, expected) in [
        (
            "ceo@corp.io",
            "there is no user with the email ceo@corp.io; one whose username has an @ in it is found by email or id",
        ),
        ("4", "there is no user with the id 4; one whose username is a number is found by email or id"),
        ("+4", "there is no user with the username +4"),
        ("0x4", "there is no user with the username 0x4"),
    ] {
        let arguments = ["users", "set-staff", selector, "--staff", "true", "--yes"];
        assert_eq!(error_of(&operator, &arguments, ""), format!("latchkey: {expected}\n"));
    }
    assert_eq!(operator.sql("SELECT sum(is_staff) FROM users"), "0");
}

/// Makes the erasure of user 7 by the operator, who knows the keyed hashes of failed logins.
fn erasure(condition: &str) -> Vec<String> {
    let erasure = Erasure {
        user: "7",
        condition,
        accounts: Some(["'login'", "'password'", "'factor'"]),
        actor: "0",
        parameters: ["1900000000", "NULL", "NULL"],
        recording: Recording::Sent,
    };
    erasure.statements()
}

/// Every table with a user's rows has to be in the statements.
#[test]
fn an_erased_user_has_no_row_left_in_any_table() {
    let operator = with_users(&["ada"]);
    let database = operator.database();
    let insert = |id: Option<i64>| {
        let sql = "INSERT INTO users (id, username, email, password, created_at, updated_at) VALUES (?1, 'x', 'x', 'x', 0, 0)";
        database.execute(sql, [id]).unwrap();
        database.last_insert_rowid()
    };
    insert(Some(7));
    let tables = "SELECT group_concat(m.name) FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
                  WHERE m.type = 'table' AND c.name = 'user_id'";
    assert_eq!(
        operator.sql(tables),
        "sessions,secrets,outbox,credentials,second_steps,events",
        "insert a row of each below"
    );
    for user_id in [1, 7] {
        insert_session(&operator, user_id, "sid", 0, CREATED, CREATED);
        let secret = "INSERT INTO secrets (id, purpose, account, network, user_id, token_hash, code_hash, created_at, \
                      code_expires_at, expires_at, purge_at) VALUES (?1, 'reset', '', '', ?1, '', '', 0, 0, 0, 0)";
        let notice = "INSERT INTO outbox (key, kind, user_id, recipient, count, since, at, due_at, attempts) \
                      VALUES (?1, 'password_changed', ?1, 'x', 1, 0, 0, 0, 0)";
        let step = "INSERT INTO second_steps (id, user_id, token_hash, methods, token_version, reset_version, expires_at) \
                    VALUES (?1, ?1, 'x', '[]', 0, 0, 0)";
        let event = "INSERT INTO events (at, type, user_id, actor_id, agent, place, detail, due_at, failure) \
                     VALUES (0, 'staff.revoked', ?1, 7, 'Firefox', 'Berlin', 'staff', 0, 'x')";
        for sql in [secret, notice, step, event] {
            database.execute(sql, [user_id]).unwrap();
        }
        credentials::give_all(&operator, user_id);
    }
    let failure = "INSERT INTO login_failures VALUES (?1, '', 1, 0, 0)";
    for account in ["login", "password", "factor", "other"] {
        database.execute(failure, [account]).unwrap();
    }
    let left = ["sessions", "secrets", "outbox", "credentials", "second_steps"]
        .map(|table| format!("(SELECT group_concat(DISTINCT user_id) FROM {table})"));
    let left = format!(
        "SELECT concat_ws(' ', (SELECT group_concat(id) FROM users), {}, (SELECT group_concat(account) FROM login_failures))",
        left.join(", ")
    );
    // Under a condition that does not hold nothing is touched.
    database.execute_batch(&erasure("0").join(";")).unwrap();
    assert_eq!(operator.sql(&left), "1,7 1,7 1,7 1,7 1,7 1,7 factor,login,other,password");
    assert_eq!(operator.sql("SELECT count(*) FROM events WHERE due_at = 0 AND detail IS NOT NULL"), "2");
    database.execute_batch(&erasure("1").join(";")).unwrap();
    assert_eq!(operator.sql(&left), "1 1 1 1 1 1 other");
    let events = "SELECT group_concat(concat_ws(' ', type, user_id, actor_id, agent, place, detail, due_at, failure)) FROM events";
    assert_eq!(
        operator.sql(events),
        "staff.revoked 1 7 staff 0 x,staff.revoked 7 7,user.erased 7 0 1900000000"
    );
    assert_eq!(insert(None), 8, "the id is given out to nobody again");
}

#[test]
fn the_last_active_superuser_is_not_erased() {
    let operator = with_users(&["ada"]);
    let database = operator.database();
    for (others, is_erased) in [
        ("", false),
        ("is_superuser = 1, is_staff = 1, is_active = 0", false),
        ("is_superuser = 1, is_staff = 0", false),
        ("is_superuser = 1, is_staff = 1", true),
    ] {
        let user = "INSERT INTO users (id, username, email, password, is_superuser, created_at, updated_at) \
                    VALUES (7, 'x', 'x', 'x', 1, 0, 0)";
        database.execute(user, []).unwrap();
        database.execute("UPDATE users SET is_superuser = 0, is_active = 1 WHERE id = 1", []).unwrap();
        if !others.is_empty() {
            database.execute(&format!("UPDATE users SET {others} WHERE id = 1"), []).unwrap();
        }
        database.execute_batch(&erasure("1").join(";")).unwrap();
        let count = operator.sql("SELECT count(*) FROM users WHERE id = 7");
        assert_eq!(count, if is_erased { "0" } else { "1" }, "{others}");
        database.execute("DELETE FROM users WHERE id = 7", []).unwrap();
    }
}
