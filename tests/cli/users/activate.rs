//! `users activate` and `users deactivate`

use super::{output_of, state, with_users};

#[test]
fn a_user_is_deactivated_and_activated_once() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET surviving_sid = 'x'", []).unwrap();
    let ada = "user 1 (ada@example.com, \"ada\")";
    let deactivated = "active 0 staff 0 superuser 0 version 1 kept - moved 0";
    operator.database().execute("UPDATE users SET created_at = 4000000000", []).unwrap();
    for (verb, message, after) in [
        (
            "activate",
            "is already active; nothing was changed.",
            "active 1 staff 0 superuser 0 version 0 kept x moved 0",
        ),
        ("deactivate", "is deactivated; all sessions have ended.", deactivated),
        ("deactivate", "is already deactivated; nothing was changed.", deactivated),
        ("activate", "is active.", "active 1 staff 0 superuser 0 version 1 kept - moved 0"),
    ] {
        assert_eq!(output_of(&operator, &["users", verb, "ada"]), format!("{ada} {message}\n"));
        assert_eq!(state(&operator), after);
    }
    assert_eq!(operator.sql("SELECT abs(unixepoch() - updated_at) < 60 FROM users WHERE id = 1"), "1");
    assert_eq!(
        operator.sql("SELECT is_active || surviving_sid || updated_at FROM users WHERE id = 2"),
        "1x1800000000"
    );
}
