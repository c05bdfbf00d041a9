//! Outputs whose reader has closed the pipe

use std::io::pipe;
use std::process::{Command, Stdio};

use crate::command::Operator;

/// Runs the command with nobody who reads stdout (nor stderr), and returns the exit status and stderr.
fn run_unread(operator: &Operator, arguments: &[&str], is_stderr_closed: bool) -> (Option<i32>, String) {
    let closed = || {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let output = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(arguments)
        .current_dir(operator.path(""))
        .stdin(Stdio::null())
        .stdout(closed())
        .stderr(if is_stderr_closed { closed() } else { Stdio::piped() })
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_closed_pipe_ends_a_command_in_silence() {
    let operator = Operator::new();
    let hash = "pbkdf2_sha256$2$salt$V4YBVS0Bu7zKOuDW5eFM7JpnlFrYTDTyCzVnLAEJYbU=";
    let sql = "INSERT INTO users (username, email, password, created_at, updated_at) VALUES ('jake', 'j@x.io', ?1, 0, 0)";
    operator.database().execute(sql, [hash]).unwrap();
    operator.shell("printf '[]' > users.json");
    for (arguments, status) in [
        (&["token", "jake"][..], 0),
        (&["token", "jake", "--raw"], 0),
        (&["token", "jake", "--json"], 0),
        (&["secret"], 0),
        (&["users", "list"], 0),
        (&["users", "show", "jake"], 0),
        (&["users", "logout", "jake"], 0),
        (&["export-django", "--output", "out.json"], 0),
        (&["--help"], 0),
        (&["token", "inspect", "x.y"], 1),
        (&["doctor"], 1),
        (&["import-django", "users.json"], 1),
        (&["users", "show", "eve"], 1),
        (&["users", "--wrong"], 2),
        // What is missing of these matters.
        (&["export-django"], 141),
        (&["completions", "bash"], 141),
    ] {
        let (code, stderr) = run_unread(&operator, arguments, false);
        assert_eq!(code, Some(status), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("pipe"), "{arguments:?}: {stderr}");
        assert_eq!(run_unread(&operator, arguments, true).0, Some(status), "{arguments:?}");
    }
    assert_eq!(operator.sql("SELECT token_version FROM users"), "2"); // the work was done
}
