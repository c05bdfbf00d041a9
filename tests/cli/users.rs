//! `users`

use rusqlite::params;
use serde_json::{Value, json};

use crate::command::{LOCAL, Operator, Outcome, SECRET};
use crate::createsuperuser::on_a_terminal;
use latchkey::auth::password::{Hasher, Verdict};

const HASH: &str = "pbkdf2_sha256$2$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const CREATED: i64 = 1_800_000_000;

/// A project with these users, of ids from 1 on; their emails are their names at example.com.
pub fn with_users(names: &[&str]) -> Operator {
    let operator = Operator::new();
    let sql =
        "INSERT INTO users (username, email, password, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)";
    for name in names {
        let email = format!("{name}@example.com");
        operator.database().execute(sql, params![name, email, HASH, CREATED]).unwrap();
    }
    operator
}

/// Runs what has to succeed and gives what it prints.
pub fn told(operator: &Operator, arguments: &[&str]) -> String {
    let Outcome { status, stdout, stderr } = operator.run(arguments);
    let reads = [Some(&"list"), Some(&"show")].contains(&arguments.get(1));
    assert_eq!((status, &*stderr), (0, if reads { "" } else { LOCAL }), "{arguments:?}");
    assert!(!stdout.contains("salt") && !stdout.contains(SECRET), "{stdout}");
    stdout
}

/// Runs what has to fail and gives what it says.
pub fn refused(operator: &Operator, arguments: &[&str], input: &str) -> String {
    let Outcome { status, stdout, stderr } = operator.run_with(arguments, input, &[]);
    assert_eq!((status, &*stdout), (1, ""), "{arguments:?}");
    stderr.strip_prefix(LOCAL).unwrap_or(&stderr).to_owned()
}

/// State of the user with id 1.
fn state(operator: &Operator) -> String {
    let sql = "SELECT concat_ws(' ', 'active', is_active, 'staff', is_staff, 'superuser', is_superuser, 'version', \
               token_version, 'kept', ifnull(kept_sid, '-'), 'moved', updated_at > created_at) FROM users WHERE id = 1";
    operator.sql(sql)
}

fn ids(operator: &Operator, arguments: &[&str]) -> Vec<i64> {
    let output = told(operator, &[&["users", "list", "--json"], arguments].concat());
    let users: Vec<Value> = serde_json::from_str(&output).unwrap();
    users.iter().map(|user| user["id"].as_i64().unwrap()).collect()
}

#[test]
fn users_are_listed_page_by_page() {
    let operator = with_users(&["ada", "jake", "zoë"]);
    operator.database().execute("UPDATE users SET is_active = 0, is_staff = 1 WHERE id = 2", []).unwrap();
    let outcome = operator.run(&["users", "list", "--limit", "2"]);
    let expected = "
 id  username  email             active  staff  superuser  created
 1   ada       ada@example.com   yes     no     no         2027-01-15
 2   jake      jake@example.com  no      yes    no         2027-01-15
";
    assert_eq!(outcome.stdout, expected.trim_start_matches('\n'));
    assert_eq!(outcome.stderr, "There are more: add --after 2 for the next page.\n");
    assert_eq!(outcome.status, 0);
    let next = told(&operator, &["users", "list", "--limit", "2", "--after", "2"]);
    assert_eq!(next.lines().count(), 2, "{next}");
    assert!(next.contains("zoë@example.com"), "{next}");
    assert_eq!(told(&operator, &["users", "list", "--after", "3"]), "There is no such user.\n");
    assert_eq!(operator.run(&["users", "list", "--limit", "0"]).status, 1);
}

#[test]
fn users_are_listed_as_json_without_their_hashes() {
    let operator = with_users(&["ada"]);
    let listed: Value = serde_json::from_str(&told(&operator, &["users", "list", "--json"])).unwrap();
    let ada = json!({
        "id": 1, "username": "ada", "email": "ada@example.com", "is_active": true, "is_staff": false,
        "is_superuser": false, "created_at": CREATED,
    });
    assert_eq!(listed, json!([ada]));
    assert_eq!(told(&operator, &["users", "list", "--json", "--after", "1"]), "[]\n");
}

#[test]
fn users_are_found_by_text_and_flags() {
    let operator = with_users(&["Ada", "100%", "a_b", "ab", "a\\b", "it's"]);
    let flags = "UPDATE users SET is_active = id <> 1, is_staff = id IN (2, 3), is_superuser = id IN (3, 4)";
    operator.database().execute(flags, []).unwrap();
    let long = "x".repeat(300);
    for (arguments, found) in [
        (&["--search", "ADA"][..], &[1][..]),
        (&["--search", "%"], &[2]),
        (&["--search", "_"], &[3]),
        (&["--search", "\\"], &[5]),
        (&["--search", "'"], &[6]),
        (&["--search", "B@EXAMPLE"], &[3, 4, 5]),
        (&["--search", &long], &[]),
        (&["--search", ""], &[1, 2, 3, 4, 5, 6]),
        (&["--inactive"], &[1]),
        (&["--active"], &[2, 3, 4, 5, 6]),
        (&["--staff"], &[2, 3]),
        (&["--superuser"], &[3, 4]),
        (&["--staff", "--superuser", "--search", "a"], &[3]),
        (&["--limit", "2", "--after", "1", "--active"], &[2, 3]),
    ] {
        assert_eq!(ids(&operator, arguments), found, "{arguments:?}");
    }
    assert_eq!(operator.run(&["users", "list", "--active", "--inactive"]).status, 1);
}

#[test]
fn users_are_found_in_any_case_of_any_letter() {
    let operator = with_users(&["Zoë", "ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", "straße", "STRAẞE", "ʬjukebox"]);
    for (text, found) in [
        ("zoË", &[1][..]),
        ("ZOË", &[1]),
        ("οδυσσευς", &[2]),
        ("ΟΔΥΣΣ", &[2, 3]),
        ("ΔΥσς", &[2, 3]),
        ("αßε", &[]),
        ("SSE", &[]),
        ("Aße", &[4, 5]),
        ("ſtra", &[4, 5]),
        ("\u{212a}E", &[6]),
        ("ʬ", &[6]),
    ] {
        assert_eq!(ids(&operator, &["--search", text]), found, "{text}");
    }
    let letters: String = ('α'..='ω').chain('а'..='я').chain('ა'..='ჰ').collect();
    let message = "latchkey: --search has too many different letters: give a part of it\n";
    assert_eq!(refused(&operator, &["users", "list", "--search", &letters], ""), message);
}

#[test]
fn a_flag_changes_when_the_operator_says_so() {
    let operator = with_users(&["ada"]);
    let arguments = ["users", "set-staff", "1", "--superuser", "true"];
    let message =
        "latchkey: standard input is not a terminal: pass --yes to change this without being asked\n";
    assert_eq!(refused(&operator, &arguments, "y\n"), message);
    let question = "user 1 (ada@example.com, \"ada\") will be staff: no, superuser: yes. Go on? [y/N] ";
    for answer in ["\n", "n\n", "yess\n"] {
        let Some((status, shown)) = on_a_terminal(&operator, &arguments, &[("[y/N] ", answer)]) else {
            return;
        };
        assert_eq!(
            (status, shown),
            (Some(1), format!("{LOCAL}{question}{answer}latchkey: nothing was changed\n"))
        );
    }
    assert_eq!(operator.sql("SELECT is_superuser FROM users"), "0");
    for changed in ["changed", "that already"] {
        let dialogue = [("[y/N] ", "Y\n")];
        let dialogue = if changed == "changed" { &dialogue[..] } else { &[] };
        let (status, shown) = on_a_terminal(&operator, &arguments, dialogue).unwrap();
        assert!(status == Some(0) && shown.contains(&format!("is {changed}")), "{shown}");
    }
    assert_eq!(operator.sql("SELECT is_superuser FROM users"), "1");
}

#[test]
fn names_control_no_terminal() {
    let odd = "\x1b]0;x\x07\u{9b}2J\n\r\u{202e}🦀'; DROP TABLE users; --";
    let operator = with_users(&[odd]);
    let shown = r"\u{1b}]0;x\u{7}\u{9b}2J\n\r\u{202e}🦀'; DROP TABLE users; --";
    for arguments in [
        &["users", "list"][..],
        &["users", "show", odd],
        &["users", "deactivate", odd],
        &["users", "activate", "1"],
        &["users", "logout", odd],
        &["users", "set-staff", odd, "--staff", "true", "--yes"],
        &["users", "unthrottle", odd],
    ] {
        let output = told(&operator, arguments);
        assert!(output.contains(shown), "{output}");
        assert!(!output.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{output:?}");
    }
    assert_eq!(told(&operator, &["users", "list"]).lines().count(), 2);
    let listed = told(&operator, &["users", "list", "--json"]);
    assert!(!listed.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{listed:?}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["username"], odd);
}

#[test]
fn nobody_is_an_error() {
    let operator = with_users(&["ada"]);
    for arguments in [
        &["users", "show", "eve"][..],
        &["users", "activate", "eve"],
        &["users", "deactivate", "eve"],
        &["users", "logout", "eve"],
        &["users", "set-staff", "eve", "--staff", "true", "--yes"],
        &["users", "set-password", "eve", "--password-stdin"],
        &["users", "unthrottle", "eve"],
    ] {
        let told = refused(&operator, arguments, "correct horse\n");
        assert_eq!(told, "latchkey: there is no user with the username eve\n");
    }
    assert_eq!(operator.run(&["users", "show"]).status, 1);
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 0 kept - moved 0");
}

/// A username may be anything, another user's email or id too.
#[test]
fn nobody_passes_for_another_by_their_username() {
    let operator = with_users(&["ada", "ceo@corp.io", "1"]);
    assert!(told(&operator, &["users", "show", "1"]).contains(" username          ada\n"));
    operator.database().execute("UPDATE users SET username = '4' WHERE id = 3", []).unwrap();
    for (who, expected) in [
        (
            "ceo@corp.io",
            "there is no user with the email ceo@corp.io; one whose username has an @ in it is found by email or id",
        ),
        ("4", "there is no user with the id 4; one whose username is a number is found by email or id"),
        ("+4", "there is no user with the username +4"),
        ("0x4", "there is no user with the username 0x4"),
    ] {
        let arguments = ["users", "set-staff", who, "--staff", "true", "--yes"];
        assert_eq!(refused(&operator, &arguments, ""), format!("latchkey: {expected}\n"));
    }
    assert_eq!(operator.sql("SELECT sum(is_staff) FROM users"), "0");
}

#[test]
fn a_user_is_shown_with_all_but_the_hash() {
    let operator = with_users(&["ada"]);
    let database = operator.database();
    database.execute("UPDATE users SET bio = 'line' || char(10) || 'line'", []).unwrap();
    database.execute("INSERT INTO ended_sessions VALUES (1, 'a', 9), (1, 'b', 9), (2, 'c', 9)", []).unwrap();
    let expected = "
 id                1
 username          ada
 email             ada@example.com
 active            yes
 staff             no
 superuser         no
 bio               line\\nline
 image             none
 created           2027-01-15 08:00:00 UTC
 updated           2027-01-15 08:00:00 UTC
 password          pbkdf2_sha256$2
 logins            not blocked; 0 failures on record
 current password  not blocked; 0 failures on record
 token version     0
 ended sessions    2
";
    for who in ["1", "ADA", "ada@EXAMPLE.com"] {
        assert_eq!(told(&operator, &["users", "show", who]), expected.trim_start_matches('\n'));
    }
    let shown: Value = serde_json::from_str(&told(&operator, &["users", "show", "ada", "--json"])).unwrap();
    let ada = json!({
        "id": 1, "username": "ada", "email": "ada@example.com", "is_active": true, "is_staff": false,
        "is_superuser": false, "bio": "line\nline", "image": null, "created_at": CREATED, "updated_at": CREATED,
        "token_version": 0, "password_hasher": "pbkdf2_sha256$2", "password_problem": null, "ended_sessions": 2,
        "login_failures": {
            "count": 0, "blocked_until": null, "blocked_addresses": 0, "addresses_blocked_until": null,
        },
        "current_password_failures": {
            "count": 0, "blocked_until": null, "blocked_addresses": 0, "addresses_blocked_until": null,
        },
    });
    assert_eq!(shown, ada);
}

#[test]
fn a_password_that_can_not_be_used_and_a_secret_that_is_not_there_are_no_errors() {
    let operator = with_users(&["ada"]);
    operator.write(".dev.vars", "");
    operator.database().execute("UPDATE users SET password = '!salt'", []).unwrap();
    let shown = told(&operator, &["users", "show", "ada"]);
    assert!(shown.contains("\n password          can't be used: it is no encoded hash\n"), "{shown}");
    assert!(
        shown.contains("\n logins            unknown: the configuration is wrong: JWT_SECRET is not set"),
        "{shown}"
    );
    let shown: Value = serde_json::from_str(&told(&operator, &["users", "show", "ada", "--json"])).unwrap();
    assert_eq!(shown["login_failures"], Value::Null);
    assert_eq!(shown["password_problem"], "is no encoded hash");
}

#[test]
fn a_user_is_deactivated_and_activated_once() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET kept_sid = 'x'", []).unwrap();
    let ada = "user 1 (ada@example.com, \"ada\")";
    let deactivated = "active 0 staff 0 superuser 0 version 1 kept - moved 0";
    operator.database().execute("UPDATE users SET created_at = 4000000000", []).unwrap();
    for (verb, message, after) in [
        (
            "activate",
            "is active already; nothing was changed.",
            "active 1 staff 0 superuser 0 version 0 kept x moved 0",
        ),
        ("deactivate", "is deactivated now; every session has ended.", deactivated),
        ("deactivate", "is deactivated already; nothing was changed.", deactivated),
        ("activate", "is active now.", "active 1 staff 0 superuser 0 version 1 kept - moved 0"),
    ] {
        assert_eq!(told(&operator, &["users", verb, "ada"]), format!("{ada} {message}\n"));
        assert_eq!(state(&operator), after);
    }
    assert_eq!(operator.sql("SELECT abs(unixepoch() - updated_at) < 60 FROM users WHERE id = 1"), "1");
    assert_eq!(
        operator.sql("SELECT is_active || kept_sid || updated_at FROM users WHERE id = 2"),
        "1x1800000000"
    );
}

#[test]
fn a_logout_ends_every_session_and_moves_nothing_else() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET kept_sid = 'x'", []).unwrap();
    let message = "Every session of user 1 (ada@example.com, \"ada\") has ended.\n";
    assert_eq!(told(&operator, &["users", "logout", "ada"]), message);
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 1 kept - moved 0");
    assert_eq!(
        operator.sql("SELECT updated_at || ' ' || token_version FROM users WHERE id = 1"),
        "1800000000 1"
    );
    assert_eq!(operator.sql("SELECT token_version || kept_sid FROM users WHERE id = 2"), "0x");
}

#[test]
fn flags_change_one_by_one() {
    let operator = with_users(&["ada"]);
    for (flags, message, after) in [
        (&["--staff", "true"][..], "is changed; staff: yes, superuser: no.", "staff 1 superuser 0"),
        (&["--superuser", "true"], "is changed; staff: yes, superuser: yes.", "staff 1 superuser 1"),
        (
            &["--superuser", "true", "--staff", "true"],
            "is that already (staff: yes, superuser: yes); nothing was changed.",
            "staff 1 superuser 1",
        ),
        (&["--staff", "false"], "is changed; staff: no, superuser: yes.", "staff 0 superuser 1"),
        (
            &["--staff", "true", "--superuser", "false"],
            "is changed; staff: yes, superuser: no.",
            "staff 1 superuser 0",
        ),
    ] {
        let told = told(&operator, &[&["users", "set-staff", "ada", "--yes"], flags].concat());
        assert_eq!(told, format!("user 1 (ada@example.com, \"ada\") {message}\n"));
        let now = state(&operator);
        assert!(now.contains(after) && now.contains("active 1") && now.contains("version 0"), "{now}");
    }
    assert_eq!(operator.run(&["users", "set-staff", "ada"]).status, 1);
    assert_eq!(operator.run(&["users", "set-staff", "ada", "--staff", "maybe"]).status, 1);
}

fn has_password(operator: &Operator, password: &str) -> bool {
    let hash = operator.sql("SELECT password FROM users WHERE id = 1");
    let hasher: Hasher = "pbkdf2_sha512$2".parse().unwrap();
    hasher.verify(password, Some(&hash)) == Verdict::Match { outdated: false }
}

#[test]
fn a_new_password_comes_from_a_program_and_ends_every_session() {
    let operator = with_users(&["ada", "jake"]);
    operator
        .database()
        .execute("UPDATE users SET kept_sid = 'x', created_at = 0, updated_at = 1", [])
        .unwrap();
    for (arguments, input, message) in [
        (
            &["--password-stdin"][..],
            "short",
            "the password is refused: Ensure this field has at least 8 characters.",
        ),
        (
            &[],
            "correct horse",
            "standard input is not a terminal: pass --password-stdin, and the password there",
        ),
    ] {
        let told = refused(&operator, &[&["users", "set-password", "ada"], arguments].concat(), input);
        assert_eq!(told, format!("latchkey: {message}\n"));
    }
    assert_eq!(operator.sql("SELECT password FROM users WHERE id = 1"), HASH);
    let outcome =
        operator.run_with(&["users", "set-password", "ada", "--password-stdin"], "correct horse\n", &[]);
    let message = "user 1 (ada@example.com, \"ada\") has the new password now; every session has ended.\n";
    assert_eq!((outcome.status, &*outcome.stdout, &*outcome.stderr), (0, message, LOCAL));
    assert!(has_password(&operator, "correct horse"));
    assert_eq!(state(&operator), "active 1 staff 0 superuser 0 version 1 kept - moved 1");
    assert_eq!(operator.sql("SELECT abs(unixepoch() - updated_at) < 60 FROM users WHERE id = 1"), "1");
    let other = "SELECT password || token_version || kept_sid || updated_at FROM users WHERE id = 2";
    assert_eq!(operator.sql(other), format!("{HASH}0x1"));
}

#[test]
fn a_new_password_is_asked_for_at_a_terminal() {
    let operator = with_users(&["ada"]);
    let dialogue = [("Password: ", "correct horse\n"), ("Password (again): ", "correct horse\n")];
    let arguments = ["users", "set-password", "ada"];
    let Some((status, shown)) = on_a_terminal(&operator, &arguments, &dialogue) else { return };
    let expected = "latchkey: working on the local database in .wrangler/state\n\
                    A new password for user 1 (ada@example.com, \"ada\").\nPassword: \nPassword (again): \n\
                    user 1 (ada@example.com, \"ada\") has the new password now; every session has ended.\n";
    assert_eq!((status, &*shown), (Some(0), expected));
    assert!(has_password(&operator, "correct horse"));
}
