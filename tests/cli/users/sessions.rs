//! `users sessions`

use serde_json::{Value, json};

use super::{CREATED, DAY, insert_session, output_of, with_users};
use crate::command::{Operator, Outcome, SECRET};

const FAR: i64 = 2_800_000_000;

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

fn set(operator: &Operator, sid: &str, assignments: &str) {
    let sql = format!("UPDATE sessions SET {assignments} WHERE sid = '{sid}'");
    assert_eq!(operator.database().execute(&sql, []).unwrap(), 1);
}

/// Lists Ada's sessions in JSON: the id and the state of each, and whether there are more.
fn listed(operator: &Operator, arguments: &[&str]) -> (Vec<String>, bool) {
    let output = operator.run(&[&["users", "sessions", "ada", "--json"], arguments].concat()).stdout;
    let output: Value = serde_json::from_str(&output).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sessions = output["sessions"].as_array().unwrap().iter();
    let sessions = sessions.map(|session| format!("{} {}", text(&session["id"]), text(&session["state"])));
    (sessions.collect(), output["more"].as_bool().unwrap())
}

/// Makes a project with Ada and Jake, and a session of Ada's in every state.
fn with_sessions() -> Operator {
    let operator = with_users(&["ada", "jake"]);
    let database = operator.database();
    database.execute("UPDATE users SET token_version = 3, surviving_sid = 'kept'", []).unwrap();
    for (user_id, sid, version, seen_at) in [
        (1, "old", 3, CREATED),
        (1, "kept", 1, CREATED + DAY),
        (1, "outrun", 2, CREATED),
        (1, "out", 3, CREATED + 2),
        (1, "gone", 3, CREATED + 1),
        (2, "jakes", 3, CREATED),
    ] {
        insert_session(&operator, user_id, sid, version, seen_at, FAR);
    }
    set(&operator, "kept", "agent = 'Firefox on Linux', place = 'Berlin, DE', methods = '[\"pwd\",\"otp\"]'");
    set(&operator, "out", &format!("ended_at = {CREATED}"));
    set(&operator, "gone", &format!("expires_at = {}", now() - DAY));
    operator
}

#[test]
fn the_active_sessions_are_listed_from_the_most_recently_seen_on() {
    let operator = with_sessions();
    let expected = "
 device            place       methods   created                  last seen   expires     id
 Firefox on Linux  Berlin, DE  pwd, otp  2027-01-15 08:00:00 UTC  2027-01-16  2058-09-23  kept
 unknown           unknown     unknown   2027-01-15 08:00:00 UTC  2027-01-15  2058-09-23  old
";
    assert_eq!(output_of(&operator, &["users", "sessions", "ada"]), expected.trim_start_matches('\n'));
    let json: Value =
        serde_json::from_str(&output_of(&operator, &["users", "sessions", "ada", "--json"])).unwrap();
    let kept = json!({
        "id": "kept", "state": "active", "agent": "Firefox on Linux", "place": "Berlin, DE", "methods": ["pwd", "otp"],
        "created_at": CREATED, "seen_at": CREATED + DAY, "ended_at": null, "expires_at": FAR,
    });
    let old = json!({
        "id": "old", "state": "active", "agent": null, "place": null, "methods": [],
        "created_at": CREATED, "seen_at": CREATED, "ended_at": null, "expires_at": FAR,
    });
    assert_eq!(json, json!({ "sessions": [kept, old], "more": false }));
}

#[test]
fn the_sessions_that_have_ended_are_listed_with_the_way_in_which_they_did() {
    let operator = with_sessions();
    let table = output_of(&operator, &["users", "sessions", "ada", "--all"]);
    let rows: Vec<_> = table.lines().map(|line| line.split_once("UTC  ").map(|(_, end)| end)).collect();
    let expected = [
        None,
        Some("2027-01-16  2058-09-23  active                         kept"),
        Some("2027-01-15              ended 2027-01-15 08:00:00 UTC  out"),
        Some("2027-01-15              expired                        gone"),
        Some("2027-01-15  2058-09-23  active                         old"),
        Some("2027-01-15              ended with others              outrun"),
    ];
    assert_eq!(rows, expected, "{table}");
    let json: Value =
        serde_json::from_str(&output_of(&operator, &["users", "sessions", "ada", "--all", "--json"]))
            .unwrap();
    let json = &json["sessions"][1];
    assert_eq!(
        (&json["state"], &json["ended_at"], &json["expires_at"]),
        (&json!("ended"), &json!(CREATED), &Value::Null)
    );
    let states = ["kept active", "out ended", "gone expired", "old active", "outrun ended_with_others"];
    assert_eq!(listed(&operator, &["--all"]), (states.map(str::to_owned).to_vec(), false));
    // Tokens of the last day may outlive `expires_at` by a day.
    set(&operator, "gone", &format!("expires_at = {}", now() - DAY + 100));
    assert_eq!(listed(&operator, &[]).0, ["kept active", "gone active", "old active"]);
}

#[test]
fn a_user_without_sessions_is_no_error() {
    let operator = with_users(&["ada", "jake"]);
    insert_session(&operator, 2, "jakes", 0, CREATED, FAR);
    let message = "user 1 (ada@example.com, \"ada\") has no active sessions.\n";
    assert_eq!(output_of(&operator, &["users", "sessions", "ada"]), message);
    let message = message.replace("active", "recorded");
    assert_eq!(output_of(&operator, &["users", "sessions", "ada", "--all"]), message);
    assert_eq!(listed(&operator, &[]), (Vec::new(), false));
    // Theirs end with their user, if the command has deactivated that one.
    operator.database().execute("UPDATE users SET is_active = 0", []).unwrap();
    let Outcome { status, stdout, stderr } = operator.run(&["users", "sessions", "jake"]);
    assert_eq!((status, stdout.lines().count()), (0, 2), "{stdout}");
    assert_eq!(stderr, "The user is deactivated: no session is good until 'users activate'.\n");
}

#[test]
fn a_list_that_is_cut_says_so() {
    let operator = with_users(&["ada"]);
    for number in 0..3 {
        insert_session(&operator, 1, &format!("sid{number}"), 0, CREATED, FAR);
    }
    let outcome = operator.run(&["users", "sessions", "ada", "--limit", "2"]);
    assert_eq!((outcome.status, outcome.stdout.lines().count()), (0, 3));
    assert_eq!(outcome.stderr, "More sessions match: pass a higher --limit.\n");
    assert_eq!(
        listed(&operator, &["--limit", "2"]),
        (vec!["sid0 active".into(), "sid1 active".into()], true)
    );
    assert_eq!(output_of(&operator, &["users", "sessions", "ada", "--limit", "3"]).lines().count(), 4);
    assert_eq!(operator.run(&["users", "sessions", "ada", "--limit", "0"]).status, 2);
}

/// A script that logs in each minute has some hundred thousand.
#[test]
fn the_most_recent_of_very_many_sessions_are_found() {
    let operator = with_users(&["ada"]);
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
                INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
                SELECT 1, printf('%06d', i), 0, '[]', 0, 5, i, ?1, ?1 FROM n";
    operator.database().execute(rows, [FAR]).unwrap();
    assert_eq!(
        listed(&operator, &["--limit", "2"]),
        (vec!["100000 active".into(), "099999 active".into()], true)
    );
    assert_eq!(listed(&operator, &[]).0.len(), 50);
    let shown = output_of(&operator, &["users", "show", "ada"]);
    assert!(shown.contains("\n active sessions   100000\n"), "{shown}");
}

#[test]
fn sessions_end_by_their_age_where_the_configuration_says_so() {
    let operator = with_users(&["ada"]);
    for (sid, days) in [("fresh", 1), ("stale", 31)] {
        insert_session(&operator, 1, sid, 0, CREATED, FAR);
        set(&operator, sid, &format!("auth_time = {}", now() - days * DAY));
    }
    assert_eq!(listed(&operator, &[]).0, ["fresh active", "stale active"]);
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nSESSION_MAX_DAYS=30\n"));
    assert_eq!(listed(&operator, &["--all"]).0, ["fresh active", "stale too_old"]);
    let json: Value =
        serde_json::from_str(&output_of(&operator, &["users", "sessions", "ada", "--json"])).unwrap();
    assert_eq!(json["sessions"].as_array().unwrap().len(), 1);
    let end = operator.sql(&format!("SELECT auth_time + {} FROM sessions WHERE sid = 'fresh'", 30 * DAY));
    assert_eq!(json["sessions"][0]["expires_at"].to_string(), end);
    let shown = output_of(&operator, &["users", "show", "ada"]);
    assert!(shown.contains("\n active sessions   1\n"), "{shown}");
    // It does not need the secret.
    operator.write(".dev.vars", "SESSION_MAX_DAYS=30\n");
    assert_eq!(listed(&operator, &[]).0, ["fresh active"]);
    // Nor a configuration that is right.
    operator.write(".dev.vars", "SESSION_MAX_DAYS=x\n");
    for command in ["sessions", "show"] {
        let Outcome { status, stderr, .. } = operator.run(&["users", command, "ada", "--json"]);
        assert_eq!(status, 0);
        let note = "latchkey: SESSION_MAX_DAYS is taken as 0, no limit: invalid configuration: SESSION_MAX_DAYS is \"x\"";
        assert!(stderr.starts_with(note), "{stderr}");
    }
    assert_eq!(listed(&operator, &[]).0, ["fresh active", "stale active"]);
}

#[test]
fn what_a_session_says_of_itself_does_not_control_a_terminal() {
    let operator = with_users(&["ada"]);
    let odd = "\x1b]0;x\x07\u{9b}2J\n\r\u{202e}\u{3164}🦀";
    insert_session(&operator, 1, odd, 0, CREATED, FAR);
    let sql = "UPDATE sessions SET agent = ?1, place = ?1, methods = ?2";
    for methods in [odd.to_owned(), json!([odd]).to_string()] {
        operator.database().execute(sql, [odd, &methods]).unwrap();
        let table = output_of(&operator, &["users", "sessions", "ada", "--all"]);
        assert_eq!(table.matches(r"\u{1b}]0;x\u{7}\u{9b}2J\n\r\u{202e}\u{3164}🦀").count(), 4, "{table}");
        let json = output_of(&operator, &["users", "sessions", "ada", "--json"]);
        for output in [table, json.clone()] {
            let is_obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}' || c == '\u{3164}');
            assert!(!output.contains(is_obeyed), "{output:?}");
        }
        let json: Value = serde_json::from_str(&json).unwrap();
        let session = &json["sessions"][0];
        for value in [&session["id"], &session["agent"], &session["place"], &session["methods"][0]] {
            assert_eq!(value, odd);
        }
    }
}
