//! `users erase`

use latchkey::auth::lockout::Lockout;
use latchkey::auth::secret::Secret;

use super::{error_of, output_of, with_users};
use crate::command::{LOCAL, SECRET};
use crate::createsuperuser::on_a_terminal;

#[test]
fn a_user_is_erased_with_the_failures_under_keyed_hashes() {
    let operator = with_users(&["ada", "jake"]);
    let lockout = Lockout::new(&Secret::new(SECRET.to_owned()).unwrap(), 0, 0);
    let accounts =
        [lockout.account("ada@example.com"), lockout.user(1), lockout.factor("1"), lockout.user(2)];
    for account in &accounts {
        let sql = "INSERT INTO login_failures VALUES (?1, '', 1, 0, 4000000000)";
        operator.database().execute(sql, [account]).unwrap();
    }
    assert_eq!(
        output_of(&operator, &["users", "erase", "ada", "--yes"]),
        "user 1 (ada@example.com, \"ada\") is erased.\n"
    );
    assert_eq!(operator.sql("SELECT group_concat(id) FROM users"), "2");
    assert_eq!(operator.sql("SELECT group_concat(account) FROM login_failures"), accounts[3]);
    let error = error_of(&operator, &["users", "erase", "ada", "--yes"], "");
    assert_eq!(error, "latchkey: there is no user with the username ada\n");
}

#[test]
fn without_the_secret_failures_go_by_themselves() {
    let operator = with_users(&["ada"]);
    operator.write(".dev.vars", "");
    let outcome = operator.run(&["users", "erase", "ada", "--yes"]);
    assert_eq!((outcome.status, &*outcome.stdout), (0, "user 1 (ada@example.com, \"ada\") is erased.\n"));
    let note = outcome.stderr.strip_prefix(LOCAL).unwrap();
    assert!(note.starts_with("Failed logins, if any are recorded, go when they expire, since "), "{note}");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

#[test]
fn it_asks_for_the_email() {
    let operator = with_users(&["ada"]);
    let arguments = ["users", "erase", "1"];
    let message = "latchkey: stdin is not a terminal: pass --yes to skip the confirmation\n";
    assert_eq!(error_of(&operator, &arguments, "ada@example.com\n"), message);
    let question = "user 1 (ada@example.com, \"ada\") will be erased, with all data of theirs, for good.\n\
                    Type ada@example.com to continue: ";
    for reply in ["\n", "y\n", "jake@example.com\n"] {
        let Some((status, shown)) = on_a_terminal(&operator, &arguments, &[("continue: ", reply)]) else {
            return;
        };
        let refusal = "latchkey: this is not the email; nothing was changed\n";
        assert_eq!((status, shown), (Some(1), format!("{LOCAL}{question}{reply}{refusal}")));
    }
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "1");
    let (status, shown) =
        on_a_terminal(&operator, &arguments, &[("continue: ", "ada@example.com\n")]).unwrap();
    assert_eq!((status, shown.ends_with("is erased.\n")), (Some(0), true), "{shown}");
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

#[test]
fn the_last_active_superuser_stays_one() {
    let operator = with_users(&["ada", "jake"]);
    operator
        .database()
        .execute("UPDATE users SET is_superuser = 1, is_staff = 1, is_active = id = 1", [])
        .unwrap();
    let refusal = "latchkey: The last superuser can't be removed, and user 1 (ada@example.com, \"ada\") is the only active \
                   one: create another with 'createsuperuser' first; nothing was changed\n";
    let removals = [
        &["users", "erase", "ada", "--yes"][..],
        &["users", "deactivate", "ada"],
        &["users", "set-staff", "ada", "--superuser", "false", "--staff", "true", "--yes"],
        // Who may do nothing under admin/ then.
        &["users", "set-staff", "ada", "--staff", "false", "--yes"],
    ];
    for arguments in removals {
        assert_eq!(error_of(&operator, arguments, ""), refusal, "{arguments:?}");
    }
    assert_eq!(
        operator.sql("SELECT concat(is_active, is_superuser, is_staff) FROM users WHERE id = 1"),
        "111"
    );
    assert_eq!(operator.sql("SELECT count(*) FROM events"), "0");
    // One who is deactivated is not active: nothing is lost with them.
    output_of(&operator, &["users", "set-staff", "jake", "--superuser", "false", "--yes"]);
    output_of(&operator, &["users", "set-staff", "jake", "--superuser", "true", "--yes"]);
    output_of(&operator, &["users", "activate", "jake"]);
    for arguments in [removals[2], removals[1], removals[0]] {
        output_of(&operator, arguments);
    }
}
