//! `users create`

use crate::command::{LOCAL, Operator};
use crate::createsuperuser::on_a_terminal;

const JAKE: [&str; 7] =
    ["users", "create", "--email", "Jake@EXAMPLE.com", "--username", "jake", "--password-stdin"];

#[test]
fn a_user_without_privileges_is_created_by_the_rules_of_the_api() {
    let operator = Operator::new();
    let outcome = operator.run_with(&JAKE, "correct horse\n", &[]);
    assert_eq!(
        (outcome.status, &*outcome.stdout, &*outcome.stderr),
        (0, "User created successfully. Their id is 1.\n", LOCAL)
    );
    let found =
        "SELECT concat_ws(' ', email, username, is_active, is_staff, is_superuser, token_version) FROM users";
    assert_eq!(operator.sql(found), "Jake@example.com jake 1 0 0 0");
    let again = operator.run_with(&JAKE, "short", &[]);
    assert_eq!(
        (again.status, again.stderr.trim_start_matches(LOCAL)),
        (
            1,
            "latchkey: no user was created:\n  email: user with this email already exists.\n  \
             username: user with this username already exists.\n  \
             password: Ensure this field has at least 8 characters.\n"
        )
    );
    assert_eq!(operator.run(&["users", "create"]).status, 2);
}

#[test]
fn a_password_counts_in_nfc() {
    let operator = Operator::new();
    let outcome = operator.run_with(&JAKE, "cafe\u{301}noi\n", &[]);
    assert!(
        outcome.stderr.ends_with("password: Ensure this field has at least 8 characters.\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn at_a_terminal_it_asks() {
    let operator = Operator::new();
    let dialogue = [
        ("Email: ", "jake@example.com\n"),
        ("Username: ", "jake\n"),
        ("Password: ", "hunter2hunter2\n"),
        ("Password (again): ", "hunter2hunter2\n"),
    ];
    let Some((status, shown)) = on_a_terminal(&operator, &["users", "create"], &dialogue) else { return };
    assert!(shown.ends_with("User created successfully. Their id is 1.\n"), "{shown}");
    assert_eq!((status, &*operator.sql("SELECT is_superuser FROM users")), (Some(0), "0"));
}
