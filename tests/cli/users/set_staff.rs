//! `users set-staff`

use super::{error_of, output_of, state, with_users};
use crate::command::LOCAL;
use crate::createsuperuser::on_a_terminal;

#[test]
fn a_flag_changes_after_confirmation() {
    let operator = with_users(&["ada"]);
    let arguments = ["users", "set-staff", "1", "--superuser", "true"];
    let message = "latchkey: stdin is not a terminal: pass --yes to skip the confirmation\n";
    assert_eq!(error_of(&operator, &arguments, "y\n"), message);
    let question = "user 1 (ada@example.com, \"ada\") will be staff: no, superuser: yes. Continue? [y/N] ";
    for reply in ["\n", "n\n", "yess\n"] {
        let Some((status, shown)) = on_a_terminal(&operator, &arguments, &[("[y/N] ", reply)]) else {
            return;
        };
        assert_eq!(
            (status, shown),
            (Some(1), format!("{LOCAL}{question}{reply}latchkey: nothing was changed\n"))
        );
    }
    assert_eq!(operator.sql("SELECT is_superuser FROM users"), "0");
    for changed in ["changed", "unchanged"] {
        let dialogue = [("[y/N] ", "Y\n")];
        let dialogue = if changed == "changed" { &dialogue[..] } else { &[] };
        let (status, shown) = on_a_terminal(&operator, &arguments, dialogue).unwrap();
        assert!(status == Some(0) && shown.contains(&format!("is {changed}")), "{shown}");
    }
    assert_eq!(operator.sql("SELECT is_superuser FROM users"), "1");
}

#[test]
fn flags_change_one_by_one() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET is_superuser = 1, is_staff = 1 WHERE id = 2", []).unwrap();
    for (flags, message, after) in [
        (&["--staff", "true"][..], "is changed: staff: yes, superuser: no.", "staff 1 superuser 0"),
        (&["--superuser", "true"], "is changed: staff: yes, superuser: yes.", "staff 1 superuser 1"),
        (
            &["--superuser", "true", "--staff", "true"],
            "is unchanged: staff: yes, superuser: yes.",
            "staff 1 superuser 1",
        ),
        (&["--staff", "false"], "is changed: staff: no, superuser: yes.", "staff 0 superuser 1"),
        (
            &["--staff", "true", "--superuser", "false"],
            "is changed: staff: yes, superuser: no.",
            "staff 1 superuser 0",
        ),
    ] {
        let output = output_of(&operator, &[&["users", "set-staff", "ada", "--yes"], flags].concat());
        assert_eq!(output, format!("user 1 (ada@example.com, \"ada\") {message}\n"));
        let now = state(&operator);
        assert!(now.contains(after) && now.contains("active 1") && now.contains("version 0"), "{now}");
    }
    assert_eq!(operator.run(&["users", "set-staff", "ada"]).status, 2);
    assert_eq!(operator.run(&["users", "set-staff", "ada", "--staff", "maybe"]).status, 2);
}
