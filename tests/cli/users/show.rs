//! `users show`

use serde_json::{Value, json};

use super::{CREATED, insert_session, output_of, with_users};

#[test]
fn a_user_is_shown_with_all_but_the_hash() {
    let operator = with_users(&["ada"]);
    let database = operator.database();
    database.execute("UPDATE users SET bio = 'line' || char(10) || 'line'", []).unwrap();
    database.execute("UPDATE users SET token_version = 1 WHERE id = 1", []).unwrap();
    for (user_id, sid, version) in [(1, "a", 1), (1, "b", 1), (1, "ended", 1), (1, "outrun", 0), (2, "c", 1)]
    {
        insert_session(&operator, user_id, sid, version, CREATED, 2_800_000_000);
    }
    database.execute("UPDATE sessions SET ended_at = 5 WHERE sid = 'ended'", []).unwrap();
    let expected = "
 id                1
 username          ada
 email             ada@example.com
 verified          no
 active            yes
 staff             no
 superuser         no
 bio               line\\nline
 image             none
 created           2027-01-15 08:00:00 UTC
 updated           2027-01-15 08:00:00 UTC
 password          pbkdf2_sha256$2
 two-step          off
 passkeys          0
 logins            not blocked; 0 failures recorded
 current password  not blocked; 0 failures recorded
 second factor     not blocked; 0 failures recorded
 token version     1
 active sessions   2
";
    for selector in ["1", "ADA", "ada@EXAMPLE.com"] {
        assert_eq!(output_of(&operator, &["users", "show", selector]), expected.trim_start_matches('\n'));
    }
    let shown: Value =
        serde_json::from_str(&output_of(&operator, &["users", "show", "ada", "--json"])).unwrap();
    let ada = json!({
        "id": 1, "username": "ada", "email": "ada@example.com", "email_verified": false, "pending_email": null,
        "is_active": true, "is_staff": false,
        "is_superuser": false, "bio": "line\nline", "image": null, "created_at": CREATED, "updated_at": CREATED,
        "token_version": 1, "password_hasher": "pbkdf2_sha256$2", "password_problem": null, "active_sessions": 2,
        "two_step": false, "recovery_codes_left": 0, "passkeys": 0,
        "login_failures": {
            "count": 0, "blocked_until": null, "blocked_ips": 0, "ips_blocked_until": null,
        },
        "current_password_failures": {
            "count": 0, "blocked_until": null, "blocked_ips": 0, "ips_blocked_until": null,
        },
        "factor_failures": {
            "count": 0, "blocked_until": null, "blocked_ips": 0, "ips_blocked_until": null,
        },
    });
    assert_eq!(shown, ada);
}

#[test]
fn an_email_that_is_verified_or_waits_is_told() {
    let operator = with_users(&["ada"]);
    for (pending, text) in
        [("NULL", "yes"), ("'new@example.com'", "yes; new@example.com waits to be verified")]
    {
        let sql = format!("UPDATE users SET email_verified = 1, pending_email = {pending}");
        operator.database().execute(&sql, []).unwrap();
        let shown = output_of(&operator, &["users", "show", "ada"]);
        assert!(shown.contains(&format!("\n verified          {text}\n")), "{shown}");
    }
    let shown: Value =
        serde_json::from_str(&output_of(&operator, &["users", "show", "ada", "--json"])).unwrap();
    assert_eq!(
        (&shown["email_verified"], &shown["pending_email"]),
        (&json!(true), &json!("new@example.com"))
    );
}

#[test]
fn an_unusable_password_and_a_missing_secret_are_no_errors() {
    let operator = with_users(&["ada"]);
    operator.write(".dev.vars", "");
    operator.database().execute("UPDATE users SET password = '!salt'", []).unwrap();
    let shown = output_of(&operator, &["users", "show", "ada"]);
    let password = "\n password          no usable password: the stored one is unusable, as Django calls it; \
                    set one with 'users set-password 1'\n";
    assert!(shown.contains(password), "{shown}");
    assert!(
        shown.contains("\n logins            unknown: invalid configuration: JWT_SECRET is not set"),
        "{shown}"
    );
    let shown: Value =
        serde_json::from_str(&output_of(&operator, &["users", "show", "ada", "--json"])).unwrap();
    assert_eq!(shown["login_failures"], Value::Null);
    assert_eq!(shown["password_problem"], "is unusable, as Django calls it");
}
