//! `users show` and `users unthrottle`, of failures on record

use rusqlite::params;

use crate::command::{Operator, SECRET};
use crate::users::{refused, told, with_users};
use latchkey::config::Config;

/// Puts failures of a login on record: for each address a count, until when it is blocked and when it is forgotten.
fn fail(operator: &Operator, email: &str, counters: &[(&str, i64, i64, i64)]) {
    let config = Config::from_vars(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned())).unwrap();
    let account = config.throttle.account(email);
    record(operator, &account, counters);
}

fn record(operator: &Operator, account: &str, counters: &[(&str, i64, i64, i64)]) {
    for (address, count, blocked, expires) in counters {
        let sql = "INSERT INTO login_failures VALUES (?1, ?2, ?3, ?4, ?5)";
        operator.database().execute(sql, params![account, address, count, blocked, expires]).unwrap();
    }
}

#[test]
fn throttled_logins_are_shown_and_lifted() {
    const LATER: i64 = 4_000_000_000;
    let blocked = [("", 100, LATER, LATER), ("one", 10, LATER, LATER)];
    let from_two = [("", 20, 0, LATER), ("one", 10, LATER, LATER), ("two", 10, LATER + 1, LATER + 1)];
    let from_one = [("one", 10, LATER, LATER), ("two", 3, 5, LATER)];
    let once = [("", 1, 0, LATER), ("one", 1, 0, 5)];
    let forgotten = [("", 100, 5, 5)];
    for (counters, expected) in [
        (&blocked[..], "blocked until 2096-10-02 07:06:40 UTC; 100 failures on record"),
        (&from_two, "blocked from 2 addresses until 2096-10-02 07:06:41 UTC; 20 failures on record"),
        (&from_one, "blocked from 1 address until 2096-10-02 07:06:40 UTC; 13 failures on record"),
        (&once, "not blocked; 1 failure on record"),
        (&forgotten, "not blocked; 0 failures on record"),
    ] {
        let operator = with_users(&["ada"]);
        fail(&operator, "ada@example.com", counters);
        fail(&operator, "jake@example.com", &blocked);
        let shown = told(&operator, &["users", "show", "ada"]);
        assert!(shown.contains(&format!("\n logins            {expected}\n")), "{shown}");
        let told = told(&operator, &["users", "unthrottle", "ada"]);
        if expected.contains(" 0 ") {
            assert_eq!(told, "No failed logins with ada@example.com are on record; nothing was changed.\n");
            continue;
        }
        assert_eq!(told, format!("Logins with ada@example.com were {expected}. All is forgotten now.\n"));
        assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "2", "jake's are gone too");
    }
}

#[test]
fn wrong_current_passwords_are_shown_and_lifted_with_the_user() {
    let operator = with_users(&["ada"]);
    let config = Config::from_vars(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned())).unwrap();
    record(&operator, &config.throttle.user(1), &[("one", 10, 4_000_000_000, 4_000_000_000)]);
    let shown = told(&operator, &["users", "show", "ada"]);
    let expected = "\n logins            not blocked; 0 failures on record\n current password  blocked from 1 address until \
                    2096-10-02 07:06:40 UTC; 10 failures on record\n";
    assert!(shown.contains(expected), "{shown}");
    told(&operator, &["users", "unthrottle", "1"]);
    assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "0");
}

#[test]
fn an_email_of_nobody_is_unthrottled_as_the_api_compares_it() {
    let operator = Operator::new();
    fail(&operator, "Eve@example.com", &[("one", 10, 4_000_000_000, 4_000_000_000)]);
    let message = "Logins with eVE@example.com were blocked from 1 address until 2096-10-02 07:06:40 UTC; \
                   10 failures on record. All is forgotten now.\n";
    assert_eq!(told(&operator, &["users", "unthrottle", "eVE@EXAMPLE.com"]), message);
    assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "0");
    let message = "No failed logins with eve@example.com are on record; nothing was changed.\n";
    assert_eq!(told(&operator, &["users", "unthrottle", "eve@example.com"]), message);
    operator.write(".dev.vars", "");
    let told = refused(&operator, &["users", "unthrottle", "eve@example.com"], "");
    assert!(told.contains("JWT_SECRET is not set"), "{told}");
}
