//! `events`, and the events and notices that other commands write

use serde_json::{Value, json};

use crate::command::{Operator, SECRET};
use crate::users::credentials::give_all;
use crate::users::{insert_session, output_of, with_users};

/// Events since the last call, which deletes them: type, user, actor and detail of each, and the columns that are to be NULL.
fn written(operator: &Operator) -> String {
    let sql = "SELECT ifnull(group_concat(event, ', '), '') FROM (SELECT concat_ws(' ', type, user_id, actor_id, detail, \
               agent, place, due_at, failure) || iif(abs(unixepoch() - at) < 60, '', ' at another time') AS event \
               FROM events ORDER BY id)";
    let events = operator.sql(sql);
    operator.database().execute("DELETE FROM events", []).unwrap();
    events
}

/// Notices since the last call, which deletes them: kind, recipient, and whether an administrator did it.
fn notices(operator: &Operator) -> String {
    let sql = "SELECT ifnull(group_concat(concat_ws(' ', kind, user_id, recipient, by_administrator, agent, place), ', '), '') \
               FROM (SELECT * FROM outbox ORDER BY rowid)"
        .replace(" ORDER BY rowid", " ORDER BY kind");
    let notices = operator.sql(&sql);
    operator.database().execute("DELETE FROM outbox", []).unwrap();
    notices
}

fn set_mail(operator: &Operator, others: &str) {
    let mail = "MAIL_FROM=accounts@example.com\nAPP_URL=https://app.example.com/account\n";
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\n{mail}{others}"));
}

/// Each command, the events that it writes, and the notices that a verified address gets.
const CHANGES: &[(&[&str], &str, &str)] = &[
    (&["activate", "1"], "", ""),
    (&["deactivate", "1"], "user.deactivated 1 0", "account_deactivated 1 ada@example.com 1"),
    (&["deactivate", "1"], "", ""),
    (&["activate", "1"], "user.activated 1 0", ""),
    (&["edit", "1", "--username", "adele"], "user.renamed 1 0", ""),
    (&["edit", "1", "--username", "adele", "--bio", "x"], "", ""),
    (&["edit", "1", "--username", "Adele"], "user.renamed 1 0", ""),
    (&["edit", "1", "--email", "ada@example.com"], "", ""),
    (
        &["set-password", "1", "--password-stdin"],
        "password.changed 1 0",
        "password_changed 1 ada@example.com 1",
    ),
    (&["set-staff", "1", "--staff", "true", "--yes"], "staff.granted 1 0 staff", ""),
    (&["set-staff", "1", "--staff", "true", "--yes"], "", ""),
    (
        &["set-staff", "1", "--staff", "false", "--superuser", "true", "--yes"],
        "staff.revoked 1 0 staff, staff.granted 1 0 superuser",
        "",
    ),
    (&["set-staff", "1", "--superuser", "false", "--yes"], "staff.revoked 1 0 superuser", ""),
    (&["logout", "1", "--session", "sid"], "sessions.ended 1 0 one", ""),
    (&["logout", "1"], "sessions.ended 1 0 all", ""),
    (
        &["credentials", "remove", "1", "--id", "109", "--yes"],
        "credential.removed 1 0 passkey",
        "passkey_removed 1 ada@example.com 1",
    ),
    (
        &["credentials", "remove", "1", "--type", "totp", "--yes"],
        "credential.removed 1 0 totp",
        "two_step_off 1 ada@example.com 1",
    ),
    (&["credentials", "remove", "2", "--type", "recovery", "--yes"], "credential.removed 2 0 recovery", ""),
    (
        &["credentials", "remove", "2", "--all", "--yes"],
        "credential.removed 2 0 totp, credential.removed 2 0 passkey",
        "",
    ),
    (&["unlock", "1"], "", ""),
    (&["edit", "1", "--email", "Ada@example.com"], "email.changed 1 0", "email_replaced 1 ada@example.com 1"),
    (&["verify", "1"], "user.verified 1 0", ""),
    (
        &["edit", "1", "--email", "new@example.com", "--username", "ada"],
        "email.changed 1 0, user.renamed 1 0",
        "email_replaced 1 Ada@example.com 1",
    ),
    (&["edit", "1", "--email", "newer@example.com"], "email.changed 1 0", ""),
    (&["set-password", "1", "--password-stdin"], "password.changed 1 0", ""),
    (&["erase", "1", "--yes"], "user.erased 1 0", ""),
];

#[test]
fn each_change_writes_its_events_and_notices() {
    let operator = with_users(&["ada", "jake", "root"]);
    set_mail(&operator, "");
    let verified =
        "UPDATE users SET email_verified = id = 1, verified_at = 5, is_superuser = id = 3, is_staff = id = 3";
    operator.database().execute(verified, []).unwrap();
    insert_session(&operator, 1, "sid", 1, 1_800_000_000, 4_000_000_000);
    give_all(&operator, 1);
    give_all(&operator, 2);
    operator.database().execute("UPDATE users SET token_version = 0", []).unwrap();
    for (arguments, events, expected) in CHANGES {
        if arguments.contains(&"--session") {
            operator
                .database()
                .execute("UPDATE sessions SET version = (SELECT token_version FROM users WHERE id = 1)", [])
                .unwrap();
        }
        let outcome = operator.run_with(&[&["users"], *arguments].concat(), "correct horse\n", &[]);
        assert_eq!(outcome.status, 0, "{arguments:?}: {}", outcome.stderr);
        assert_eq!(written(&operator), *events, "{arguments:?}");
        assert_eq!(notices(&operator), *expected, "{arguments:?}");
    }
}

#[test]
fn those_who_are_created_are_reported() {
    let operator = Operator::new();
    let options = ["--email", "a@example.com", "--username", "a", "--password-stdin"];
    let superuser =
        "user.registered 1 0, user.verified 1 0, staff.granted 1 0 staff, staff.granted 1 0 superuser";
    assert_eq!(
        operator.run_with(&[&["createsuperuser"], &options[..]].concat(), "correct horse", &[]).status,
        0
    );
    assert_eq!(written(&operator), superuser);
    assert_eq!(
        operator.sql("SELECT concat(email_verified, abs(verified_at - unixepoch()) < 60) FROM users"),
        "11"
    );
    // A user who was not created is not reported.
    let create = ["users", "create", "--username", "b", "--password-stdin", "--email"];
    let run = |email: &str| operator.run_with(&[&create[..], &[email]].concat(), "correct horse", &[]).status;
    assert_eq!((run("a@example.com"), written(&operator)), (1, String::new()));
    assert_eq!((run("b@example.com"), written(&operator)), (0, "user.registered 2 0".to_owned()));
    assert_eq!(operator.sql("SELECT email_verified FROM users WHERE id = 2"), "0");
}

#[test]
fn a_change_that_fails_writes_nothing() {
    let operator = with_users(&["ada", "jake"]);
    set_mail(&operator, "");
    operator.database().execute("UPDATE users SET email_verified = 1, verified_at = 5", []).unwrap();
    let outcome = operator.run(&["users", "edit", "1", "--email", "jake@example.com", "--username", "x"]);
    assert_eq!((outcome.status, written(&operator), notices(&operator)), (1, String::new(), String::new()));
}

#[test]
fn the_configuration_decides_on_notices_and_on_the_webhook() {
    for (variables, is_due, notice) in [
        ("", false, "account_deactivated 1 ada@example.com 1"),
        ("NOTICES=essential\nWEBHOOK_URL=\n", false, ""),
        // Even if it is not valid: a change is not held up.
        ("NOTICES=essential\nWEBHOOK_URL=https://example.org/hook\n", true, ""),
    ] {
        let operator = with_users(&["ada"]);
        set_mail(&operator, variables);
        operator.database().execute("UPDATE users SET email_verified = 1, verified_at = 5", []).unwrap();
        output_of(&operator, &["users", "deactivate", "1"]);
        assert_eq!(
            operator.sql("SELECT due_at IS at FROM events"),
            if is_due { "1" } else { "0" },
            "{variables}"
        );
        assert_eq!(notices(&operator), notice, "{variables}");
    }
}

/// An import of thousands would be a flood of calls for the webhook's server.
#[test]
fn an_import_writes_no_events() {
    let operator = Operator::new();
    let users = json!([{ "model": "auth.user", "pk": 7, "fields": {
        "username": "jake", "email": "jake@example.com", "password": "!", "date_joined": "2026-01-02T03:04:05Z",
    }}]);
    operator.write("users.json", &users.to_string());
    let outcome = operator.run(&["import-django", "users.json", "--unusable-passwords"]);
    assert_eq!((outcome.status, written(&operator)), (0, String::new()), "{}", outcome.stderr);
}

/// Makes a project with four events.
pub fn with_events() -> Operator {
    let operator = with_users(&["ada", "jake"]);
    let sql = "INSERT INTO events (at, type, user_id, actor_id, agent, place, detail) VALUES \
               (1800000000, 'user.registered', 1, 1, 'Firefox on Linux', 'Berlin, DE', NULL), \
               (1800000060, 'staff.granted', 1, 0, NULL, NULL, 'staff'), \
               (1800000120, 'user.registered', 2, 2, NULL, '\u{202e}', NULL), \
               (1800000180, 'account.locked', 9, NULL, NULL, NULL, NULL)";
    operator.database().execute(sql, []).unwrap();
    operator
}

#[test]
fn events_are_listed_from_the_newest_on() {
    let operator = with_events();
    let expected = "
 id  time                     type             user  actor     detail  agent             place
 4   2027-01-15 08:03:00 UTC  account.locked   9
 3   2027-01-15 08:02:00 UTC  user.registered  2     2                                   \\u{202e}
 2   2027-01-15 08:01:00 UTC  staff.granted    1     operator  staff
 1   2027-01-15 08:00:00 UTC  user.registered  1     1                 Firefox on Linux  Berlin, DE
";
    let listed = output_of(&operator, &["events", "list"]);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&listed), squeezed(expected));
    let ids = |options: &[&str]| {
        let outcome = operator.run(&[&["events", "list", "--json"], options].concat());
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{options:?}");
        let listed: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let ids: Vec<_> =
            listed["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
        json!([ids, listed["next"]])
    };
    assert_eq!(ids(&["ada@example.com"]), json!([[2, 1], null]));
    assert_eq!(ids(&["9"]), json!([[4], null]), "a user who was erased");
    assert_eq!(ids(&["--type", "user.registered"]), json!([[3, 1], null]));
    assert_eq!(ids(&["jake", "--type", "staff.granted"]), json!([[], null]));
    assert_eq!(ids(&["--limit", "3"]), json!([[4, 3, 2], 2]));
    assert_eq!(ids(&["--limit", "3", "--after", "2"]), json!([[1], null]));
    let first = operator.run(&["events", "list", "--json", "--after", "2"]);
    let first: Value = serde_json::from_str(&first.stdout).unwrap();
    assert_eq!(
        first["events"][0],
        json!({ "id": 1, "at": 1_800_000_000, "type": "user.registered", "user_id": 1, "actor_id": 1,
                "agent": "Firefox on Linux", "place": "Berlin, DE", "detail": null })
    );
    let more = operator.run(&["events", "list", "--limit", "1"]);
    assert_eq!(&*more.stderr, "More events match: pass --after 4.\n");
    assert_eq!(operator.run(&["events", "list", "--type", "user.gone"]).status, 2);
    let unknown = operator.run(&["events", "list", "eve"]);
    assert_eq!(&*unknown.stderr, "latchkey: there is no user with the username eve\n");
    assert_eq!(output_of(&operator, &["events", "list", "8"]), "No events are recorded.\n");
}

/// A table of millions is not read, nor sorted.
#[test]
fn events_are_found_by_an_index() {
    let operator = with_events();
    for (condition, index) in [
        ("1", "SCAN events"),
        ("1 AND id < 9", "SEARCH events USING INTEGER PRIMARY KEY (rowid<?)"),
        ("1 AND user_id = 1 AND id < 9", "SEARCH events USING INDEX events_by_user (user_id=? AND rowid<?)"),
        ("1 AND type = 'x'", "SEARCH events USING INDEX events_by_type (type=?)"),
    ] {
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT * FROM events WHERE {condition} ORDER BY id DESC LIMIT 2");
        let database = operator.database();
        let mut statement = database.prepare(&sql).unwrap();
        let plan: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert_eq!(plan, [index], "{condition}");
    }
}
