//! `createsuperuser`

mod totp;

use std::process::Command;

use latchkey::account::password::{Password, PasswordHash, to_nfc};
use latchkey::auth::password::{Hasher, Verdict};

use crate::command::{LOCAL, Operator, SECRET};

/// Advice for a superuser without a second factor, where there is no DATA_SECRET.
pub const SECOND_FACTOR: &str = "To use the admin API they need a second factor: set DATA_SECRET (docs/credentials.md); then they \
     log in on the account page (the Worker's own: /) and set up two-step verification.\n";

const SUPERUSER: [&str; 6] =
    ["createsuperuser", "--email", "Ada@EXAMPLE.com", "--username", "ada", "--password-stdin"];

#[test]
fn a_script_creates_a_superuser_who_can_log_in() {
    let operator = Operator::new();
    let outcome = operator.run_with(&SUPERUSER, "\u{feff}  correct horse \nanother line\n", &[]);
    assert_eq!(outcome.stderr, [LOCAL, SECOND_FACTOR].concat());
    assert_eq!(outcome.stdout, "Superuser created successfully. Their id is 1.\n");
    assert_eq!(outcome.status, 0);
    let found = "SELECT concat_ws(' ', id, email, username, is_active, is_staff, is_superuser, token_version, \
                 created_at = updated_at, abs(unixepoch() - created_at) < 60, bio IS NULL) FROM users";
    assert_eq!(operator.sql(found), "1 Ada@example.com ada 1 1 1 0 1 1 1");
    let hash = operator.sql("SELECT password FROM users");
    let hasher: Hasher = "pbkdf2_sha512$2".parse().unwrap();
    // As the API takes it: without white space around it.
    assert_eq!(
        hasher.verify(&Password::new("correct horse".to_owned(), &to_nfc), Some(&PasswordHash::new(hash))),
        Verdict::Match { needs_rehash: false }
    );
}

#[test]
fn errors_are_reported_and_nothing_is_created() {
    let operator = Operator::new();
    for (arguments, input, message) in [
        (vec![], "", "stdin is not a terminal: pass --email and --username and --password-stdin"),
        (vec!["--email", "a@b.io"], "", "stdin is not a terminal: pass --username and --password-stdin"),
        (vec!["--password-stdin"], "correct horse", "stdin is for the password: pass --email and --username"),
        (
            vec!["--email", "jake", "--username", "jake", "--password-stdin"],
            "correct horse",
            "no superuser was created:\n  email: Enter a valid email address.",
        ),
        (
            vec!["--email", "a@b.io", "--username", " ", "--password-stdin"],
            "correct horse",
            "no superuser was created:\n  username: This field may not be blank.",
        ),
        (
            vec!["--email", "a@b.io", "--username", "jake", "--password-stdin"],
            "1234567\n",
            "no superuser was created:\n  password: Ensure this field has at least 8 characters.",
        ),
        (
            vec!["--email", "a@b.io", "--username", "jake", "--password-stdin"],
            "",
            "no superuser was created:\n  password: This field may not be blank.",
        ),
    ] {
        let outcome = operator.run_with(&[&["createsuperuser"], &*arguments].concat(), input, &[]);
        assert_eq!(outcome.stderr.trim_start_matches(LOCAL), format!("latchkey: {message}\n"));
        let is_usage = message.starts_with("stdin");
        assert_eq!((outcome.status, &*outcome.stdout), (1 + i32::from(is_usage), ""));
    }
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

#[test]
fn an_email_and_a_username_are_taken_once_in_any_case() {
    let operator = Operator::new();
    assert_eq!(operator.run_with(&SUPERUSER, "correct horse", &[]).status, 0);
    for (email, username, field) in
        [("ADA@example.com", "other", "email"), ("other@example.com", "ADA", "username")]
    {
        let arguments = ["createsuperuser", "--email", email, "--username", username, "--password-stdin"];
        let outcome = operator.run_with(&arguments, "correct horse", &[]);
        let message = format!(
            "{LOCAL}latchkey: no superuser was created:\n  {field}: user with this {field} already exists.\n"
        );
        assert_eq!((outcome.status, outcome.stdout, outcome.stderr), (1, String::new(), message));
    }
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "1");
}

/// As the API does.
#[test]
fn all_problems_are_reported_at_once() {
    let operator = Operator::new();
    assert_eq!(operator.run_with(&SUPERUSER, "correct horse", &[]).status, 0);
    let report = |email: &str, username: &str, password: &str| {
        let arguments = ["createsuperuser", "--email", email, "--username", username, "--password-stdin"];
        let outcome = operator.run_with(&arguments, password, &[]);
        assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
        outcome.stderr.trim_start_matches(LOCAL).to_owned()
    };
    let taken = "latchkey: no superuser was created:\n\
                 \x20 email: user with this email already exists.\n\
                 \x20 username: user with this username already exists.\n";
    assert_eq!(report("ada@example.com", "Ada", "correct horse"), taken);
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nPASSWORD_MIN_LENGTH=14\n"));
    assert_eq!(
        report("eve@example.com", "eve", "correct horse"),
        "latchkey: no superuser was created:\n  password: Ensure this field has at least 14 characters.\n"
    );
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\n"));
    let short = "  password: Ensure this field has at least 8 characters.\n";
    assert_eq!(report("ada@example.com", "Ada", "short"), [taken, short].concat());
    let invalid = "latchkey: no superuser was created:\n\
                   \x20 email: Enter a valid email address.\n\
                   \x20 username: user with this username already exists.\n";
    assert_eq!(report("ada", "Ada", "short"), [invalid, short].concat());
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "1");
}

/// Python script that runs a command on its own terminal, replies to each prompt, and prints the terminal's output.
const ON_A_TERMINAL: &str = r#"
import os, pty, select, sys, termios, time
command, *dialogue = sys.argv[1].split("\x1f"), *sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown, seen = b"", 0
def read_until(prompt):
    global shown, seen
    while prompt is None or prompt.encode() not in shown[seen:]:
        if not select.select([terminal], [], [], 30)[0]:
            sys.exit("no %r in %r" % (prompt, shown))
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            chunk = b""
        if not chunk:
            break
        shown += chunk
    seen = len(shown)
for turn in dialogue:
    prompt, answer = turn.split("\x1f")
    read_until(prompt)
    while "Password" in prompt and termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.001)
    os.write(terminal, answer.encode())
read_until(None)
if not termios.tcgetattr(terminal)[3] & termios.ECHO:
    sys.exit("the terminal is left without echo")
sys.stdout.write(shown.decode().replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

/// Returns the exit status and the terminal's output, or `None` where there is no Python.
pub fn on_a_terminal(
    operator: &Operator,
    arguments: &[&str],
    dialogue: &[(&str, &str)],
) -> Option<(Option<i32>, String)> {
    let command = [&[env!("CARGO_BIN_EXE_latchkey")], arguments].concat().join("\x1f");
    let turns = dialogue.iter().map(|(prompt, answer)| format!("{prompt}\x1f{answer}"));
    let output = Command::new("python3")
        .args(["-c", ON_A_TERMINAL, &command])
        .args(turns)
        .current_dir(operator.path(""))
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no python3, whose pty this takes");
        return None;
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some((output.status.code(), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn at_a_terminal_it_asks_until_the_replies_are_valid() {
    let operator = Operator::new();
    assert_eq!(operator.run_with(&SUPERUSER, "correct horse", &[]).status, 0);
    let dialogue = [
        ("Email: ", "jake\n"),
        ("Email: ", "ADA@example.COM\n"),
        ("Email: ", "jake@example.com\n"),
        ("Username: ", "\n"),
        ("Username: ", "Ada\n"),
        ("Username: ", "jake\n"),
        ("Password: ", "hunter2hunter2\n"),
        ("Password (again): ", "hunter3hunter3\n"),
        ("Password: ", "hunter2\n"),
        ("Password (again): ", "hunter2\n"),
        ("Password: ", "hunter2hunter2\n"),
        ("Password (again): ", "hunter2hunter2\n"),
    ];
    let Some((status, shown)) = on_a_terminal(&operator, &["createsuperuser"], &dialogue) else { return };
    let expected = "\
latchkey: working on the local database in .wrangler/state
Email: jake
Error: Enter a valid email address.
Email: ADA@example.COM
Error: user with this email already exists.
Email: jake@example.com
Username: 
Error: This field may not be blank.
Username: Ada
Error: user with this username already exists.
Username: jake
Password: 
Password (again): 
Error: Your passwords didn't match.
Password: 
Password (again): 
Error: Ensure this field has at least 8 characters.
Password: 
Password (again): 
Superuser created successfully. Their id is 2.
";
    assert_eq!((status, shown), (Some(0), [expected, SECOND_FACTOR].concat()));
    assert_eq!(operator.sql("SELECT email || is_superuser FROM users WHERE id = 2"), "jake@example.com1");
}

#[test]
fn at_a_terminal_it_asks_for_what_is_not_given_and_ends_with_the_input() {
    let operator = Operator::new();
    let arguments = ["createsuperuser", "--email", "jake@example.com"];
    let ended = "latchkey: the input ended: nothing was changed\n";
    let name = ("Username: ", "jake\n");
    for (dialogue, before) in [
        (&[("Username: ", "\x04")][..], "Username: \n"),
        (&[name, ("Password: ", "\x04")], "Username: jake\nPassword: \n"),
        (&[name, ("Password: ", "hunter2\x03")], "Username: jake\nPassword: \n"),
    ] {
        let Some((status, shown)) = on_a_terminal(&operator, &arguments, dialogue) else { return };
        assert_eq!((status, shown), (Some(1), format!("{LOCAL}{before}{ended}")));
    }
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
}

#[test]
fn at_a_terminal_it_rejects_taken_options_at_once() {
    let operator = Operator::new();
    assert_eq!(operator.run_with(&SUPERUSER, "correct horse", &[]).status, 0);
    let arguments = ["createsuperuser", "--username", "ADA"];
    let Some((status, shown)) = on_a_terminal(&operator, &arguments, &[]) else { return };
    let refusal =
        "latchkey: no superuser was created:\n  username: user with this username already exists.\n";
    assert_eq!(shown, format!("{LOCAL}{refusal}"));
    assert_eq!(status, Some(1));
}
