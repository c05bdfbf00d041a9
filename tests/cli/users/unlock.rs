//! `users unlock`, and failures in `users show`

use latchkey::config::Config;
use rusqlite::params;

use super::{error_of, output_of, with_users};
use crate::command::{Operator, SECRET};

/// Records failed logins: for each client IP a count, the end of its lockout and its expiry.
fn fail(operator: &Operator, email: &str, counters: &[(&str, i64, i64, i64)]) {
    let config = Config::from_vars(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned())).unwrap();
    let account = config.passwords.lockout.account(email);
    record(operator, &account, counters);
}

fn record(operator: &Operator, account: &str, counters: &[(&str, i64, i64, i64)]) {
    for (client_ip, count, blocked, expires) in counters {
        let sql = "INSERT INTO login_failures VALUES (?1, ?2, ?3, ?4, ?5)";
        operator.database().execute(sql, params![account, client_ip, count, blocked, expires]).unwrap();
    }
}

#[test]
fn failed_logins_are_shown_and_cleared() {
    const LATER: i64 = 4_000_000_000;
    let blocked = [("", 100, LATER, LATER), ("one", 10, LATER, LATER)];
    let from_two = [("", 20, 0, LATER), ("one", 10, LATER, LATER), ("two", 10, LATER + 1, LATER + 1)];
    let from_one = [("one", 10, LATER, LATER), ("two", 3, 5, LATER)];
    let once = [("", 1, 0, LATER), ("one", 1, 0, 5)];
    let expired = [("", 100, 5, 5)];
    for (counters, expected) in [
        (&blocked[..], "blocked until 2096-10-02 07:06:40 UTC; 100 failures recorded"),
        (&from_two, "blocked from 2 IP addresses until 2096-10-02 07:06:41 UTC; 20 failures recorded"),
        (&from_one, "blocked from 1 IP address until 2096-10-02 07:06:40 UTC; 13 failures recorded"),
        (&once, "not blocked; 1 failure recorded"),
        (&expired, "not blocked; 0 failures recorded"),
    ] {
        let operator = with_users(&["ada"]);
        fail(&operator, "ada@example.com", counters);
        fail(&operator, "jake@example.com", &blocked);
        let shown = output_of(&operator, &["users", "show", "ada"]);
        assert!(shown.contains(&format!("\n logins            {expected}\n")), "{shown}");
        let output = output_of(&operator, &["users", "unlock", "ada"]);
        if expected.contains(" 0 ") {
            assert_eq!(
                output,
                "No failed logins and no requests for mail are recorded for ada@example.com; nothing was changed.\n"
            );
            continue;
        }
        assert_eq!(output, format!("Logins as ada@example.com were {expected}. All failures are cleared.\n"));
        assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "2", "jake's are gone too");
    }
}

#[test]
fn wrong_current_passwords_are_shown_and_cleared_with_the_user() {
    let operator = with_users(&["ada"]);
    let config = Config::from_vars(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned())).unwrap();
    record(&operator, &config.passwords.lockout.user(1), &[("one", 10, 4_000_000_000, 4_000_000_000)]);
    let shown = output_of(&operator, &["users", "show", "ada"]);
    let expected = "\n logins            not blocked; 0 failures recorded\n current password  blocked from 1 IP address until \
                    2096-10-02 07:06:40 UTC; 10 failures recorded\n";
    assert!(shown.contains(expected), "{shown}");
    output_of(&operator, &["users", "unlock", "1"]);
    assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "0");
}

#[test]
fn wrong_second_factors_are_shown_and_cleared_with_the_user() {
    let operator = with_users(&["ada", "jake"]);
    let config = Config::from_vars(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned())).unwrap();
    let lockout = config.passwords.lockout;
    for id in ["1", "2"] {
        record(&operator, &lockout.factor(id), &[("", 100, 4_000_000_000, 4_000_000_000)]);
    }
    let shown = output_of(&operator, &["users", "show", "ada"]);
    let expected = "\n second factor     blocked until 2096-10-02 07:06:40 UTC; 100 failures recorded\n";
    assert!(shown.contains(expected), "{shown}");
    for name in ["ada", "jake@example.com"] {
        assert!(output_of(&operator, &["users", "unlock", name]).contains("All failures are cleared."));
    }
    assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "0");
}

#[test]
fn an_unknown_email_is_unlocked_as_the_api_compares_it() {
    let operator = Operator::new();
    fail(&operator, "Eve@example.com", &[("one", 10, 4_000_000_000, 4_000_000_000)]);
    let message = "Logins as eVE@example.com were blocked from 1 IP address until 2096-10-02 07:06:40 UTC; \
                   10 failures recorded. All failures are cleared.\n";
    assert_eq!(output_of(&operator, &["users", "unlock", "eVE@EXAMPLE.com"]), message);
    assert_eq!(operator.sql("SELECT count(*) FROM login_failures"), "0");
    let message =
        "No failed logins and no requests for mail are recorded for eve@example.com; nothing was changed.\n";
    assert_eq!(output_of(&operator, &["users", "unlock", "eve@example.com"]), message);
    operator.write(".dev.vars", "");
    let error = error_of(&operator, &["users", "unlock", "eve@example.com"], "");
    assert!(error.contains("JWT_SECRET is not set"), "{error}");
}
