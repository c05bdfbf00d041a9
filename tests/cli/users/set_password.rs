//! `users set-password`

use latchkey::account::password::{Password, PasswordHash, to_nfc};
use latchkey::auth::password::{Hasher, Verdict};

use super::{HASH, error_of, state, with_users};
use crate::command::{LOCAL, Operator};
use crate::createsuperuser::on_a_terminal;

fn has_password(operator: &Operator, password: &str) -> bool {
    let hash = operator.sql("SELECT password FROM users WHERE id = 1");
    let hasher: Hasher = "pbkdf2_sha512$2".parse().unwrap();
    let (password, hash) = (Password::new(password.to_owned(), &to_nfc), PasswordHash::new(hash));
    hasher.verify(&password, Some(&hash)) == Verdict::Match { needs_rehash: false }
}

#[test]
fn a_new_password_from_stdin_ends_all_sessions() {
    let operator = with_users(&["ada", "jake"]);
    operator
        .database()
        .execute("UPDATE users SET surviving_sid = 'x', created_at = 0, updated_at = 1", [])
        .unwrap();
    for (arguments, input, message) in [
        (
            &["--password-stdin"][..],
            "short",
            "nothing was changed:\n  password: Ensure this field has at least 8 characters.",
        ),
        (&[], "correct horse", "stdin is not a terminal: pass --password-stdin and the password there"),
    ] {
        let error = error_of(&operator, &[&["users", "set-password", "ada"], arguments].concat(), input);
        assert_eq!(error, format!("latchkey: {message}\n"));
    }
    assert_eq!(operator.sql("SELECT password FROM users WHERE id = 1"), HASH);
    let outcome = operator.run_with(
        &["users", "set-password", "ada", "--password-stdin"],
        "\u{feff}correct horse\n",
        &[],
    );
    let message = "user 1 (ada@example.com, \"ada\") has the new password; all sessions have ended.\n";
    assert_eq!((outcome.status, &*outcome.stdout, &*outcome.stderr), (0, message, LOCAL));
    assert!(has_password(&operator, "correct horse"));
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 1 kept - moved 1");
    assert_eq!(operator.sql("SELECT abs(unixepoch() - updated_at) < 60 FROM users WHERE id = 1"), "1");
    let other = "SELECT password || token_version || surviving_sid || updated_at FROM users WHERE id = 2";
    assert_eq!(operator.sql(other), format!("{HASH}0x1"));
}

#[test]
fn the_hash_is_of_the_form_in_nfc() {
    let operator = with_users(&["ada"]);
    let outcome =
        operator.run_with(&["users", "set-password", "ada", "--password-stdin"], "cafe\u{301} noir\n", &[]);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(has_password(&operator, "caf\u{e9} noir"));
}

#[test]
fn a_terminal_prompts_for_a_new_password() {
    let operator = with_users(&["ada"]);
    let dialogue = [("Password: ", "correct horse\n"), ("Password (again): ", "correct horse\n")];
    let arguments = ["users", "set-password", "ada"];
    let Some((status, shown)) = on_a_terminal(&operator, &arguments, &dialogue) else { return };
    let expected = "latchkey: working on the local database in .wrangler/state\n\
                    New password for user 1 (ada@example.com, \"ada\").\nPassword: \nPassword (again): \n\
                    user 1 (ada@example.com, \"ada\") has the new password; all sessions have ended.\n";
    assert_eq!((status, &*shown), (Some(0), expected));
    assert!(has_password(&operator, "correct horse"));
}
