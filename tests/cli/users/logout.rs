//! `users logout`

use super::{output_of, state, with_users};

#[test]
fn a_logout_ends_all_sessions_and_changes_nothing_else() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET surviving_sid = 'x'", []).unwrap();
    let message = "user 1 (ada@example.com, \"ada\") is logged out; all sessions have ended.\n";
    assert_eq!(output_of(&operator, &["users", "logout", "ada"]), message);
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 1 kept - moved 0");
    assert_eq!(
        operator.sql("SELECT updated_at || ' ' || token_version FROM users WHERE id = 1"),
        "1800000000 1"
    );
    assert_eq!(operator.sql("SELECT token_version || surviving_sid FROM users WHERE id = 2"), "0x");
}
