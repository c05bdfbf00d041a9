//! `users logout`

use super::{CREATED, DAY, error_of, insert_session, output_of, state, with_users};
use crate::command::{Operator, SECRET};

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Column of a session, or `-` for NULL.
fn column(operator: &Operator, sid: &str, column: &str) -> String {
    operator.sql(&format!("SELECT ifnull({column}, '-') FROM sessions WHERE user_id = 1 AND sid = '{sid}'"))
}

fn number(operator: &Operator, sid: &str, name: &str) -> i64 {
    column(operator, sid, name).parse().unwrap()
}

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

#[test]
fn one_session_is_ended_by_its_id() {
    let operator = with_users(&["ada", "jake"]);
    let token = operator.run(&["token", "ada", "--raw"]).stdout;
    let inspect = || operator.run_with(&["token", "inspect", "-", "--json"], &token, &[]);
    let claims: serde_json::Value = serde_json::from_str(&inspect().stdout).unwrap();
    let sid = claims["claims"]["sid"].as_str().unwrap();
    for (user_id, sid) in [(1, sid), (1, "-other"), (2, sid)] {
        insert_session(&operator, user_id, sid, 0, CREATED, now());
    }
    let message = format!("The session {sid} of user 1 (ada@example.com, \"ada\") has ended.\n");
    assert_eq!(output_of(&operator, &["users", "logout", "ada", "--session", sid]), message);
    assert_eq!(inspect().status, 1, "its token is not good any more");
    assert!((0..60).contains(&(now() - number(&operator, sid, "ended_at"))));
    let kept_for = number(&operator, sid, "expires_at") - now();
    assert!((60 * DAY - 60..=60 * DAY).contains(&kept_for), "as long as a token is valid: {kept_for}");
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 0 kept - moved 0");
    assert_eq!(operator.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "2");

    // An id in base64url may begin with a hyphen.
    assert!(output_of(&operator, &["users", "logout", "ada", "--session", "-other"]).contains(" -other "));
    assert_ne!(column(&operator, "-other", "ended_at"), "-");
    assert_eq!(operator.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
}

#[test]
fn a_session_that_is_not_active_is_an_error() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET token_version = 1", []).unwrap();
    for (user_id, sid, version, expires_at) in [
        (1, "ended", 1, 2_800_000_000),
        (1, "outrun", 0, 2_800_000_000),
        (1, "gone", 1, 5),
        (2, "jakes", 1, 2_800_000_000),
    ] {
        insert_session(&operator, user_id, sid, version, CREATED, expires_at);
    }
    operator.database().execute("UPDATE sessions SET ended_at = 5 WHERE sid = 'ended'", []).unwrap();
    let rows = "SELECT group_concat(sid || ifnull(ended_at, '-') || expires_at) FROM sessions";
    let before = operator.sql(rows);
    for (sid, shown) in [
        ("ended", "ended"),
        ("outrun", "outrun"),
        ("gone", "gone"),
        ("jakes", "jakes"),
        ("", ""),
        ("\x1b[2J", r"\u{1b}[2J"),
    ] {
        let error = error_of(&operator, &["users", "logout", "ada", "--session", sid], "");
        let expected = format!(
            "latchkey: user 1 (ada@example.com, \"ada\") has no active session with the id {shown}; \
             'users sessions 1 --all' lists those that have ended too\n"
        );
        assert_eq!(error, expected);
    }
    assert_eq!(operator.sql(rows), before);
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 1 kept - moved 0");
}

/// A higher `SESSION_MAX_DAYS`, or `users activate`, would make them good again.
#[test]
fn a_session_that_could_be_good_again_is_ended_too() {
    let operator = with_users(&["ada"]);
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nSESSION_MAX_DAYS=30\n"));
    operator.database().execute("UPDATE users SET is_active = 0", []).unwrap();
    insert_session(&operator, 1, "old", 0, CREATED, 2_800_000_000);
    output_of(&operator, &["users", "logout", "ada", "--session", "old"]);
    assert_ne!(column(&operator, "old", "ended_at"), "-");
}

#[test]
fn an_end_is_remembered_until_every_token_has_expired() {
    let operator = with_users(&["ada"]);
    let secret = format!("JWT_SECRET=\"{SECRET}\"\n");
    let kept_for = |sid: &str, variables: &str, expires_in: i64| {
        operator.write(".dev.vars", variables);
        insert_session(&operator, 1, sid, 0, CREATED, now() + expires_in);
        output_of(&operator, &["users", "logout", "ada", "--session", sid]);
        (number(&operator, sid, "expires_at") - now() + 30) / 60 * 60
    };
    let week = format!("{secret}TOKEN_TTL_DAYS=7\n");
    assert_eq!(kept_for("configured", &week, 0), 7 * DAY);
    assert_eq!(kept_for("longer", &week, 9 * DAY), 9 * DAY, "it has tokens from before the TTL was lowered");
    assert_eq!(kept_for("without-secret", "TOKEN_TTL_DAYS=7\n", 0), 7 * DAY);
    assert_eq!(kept_for("unknown", &format!("{secret}TOKEN_TTL_DAYS=x\n"), 0), 3_650 * DAY);
}
