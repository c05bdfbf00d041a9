//! Access through `wrangler d1 execute`, as with `--remote`: on a local database, or with a script in place of Node

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::command::{Operator, Outcome, SECRET};
use crate::createsuperuser::SECOND_FACTOR;
use crate::seals::{NEW, OLD, insert, open, seed, set_secrets};

const HASH: &str = "pbkdf2_sha256$2$salt$V4YBVS0Bu7zKOuDW5eFM7JpnlFrYTDTyCzVnLAEJYbU=";

/// Makes a project with the real wrangler, if it is installed.
fn with_wrangler() -> Option<Operator> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules");
    if !modules.join("wrangler").exists() {
        eprintln!("skipped: wrangler is not installed");
        return None;
    }
    let operator = Operator::new();
    std::os::unix::fs::symlink(modules, operator.path("node_modules")).unwrap();
    Some(operator)
}

/// Runs the command with its own home and temporary directories.
fn run(operator: &Operator, arguments: &[&str], input: &str) -> Outcome {
    let directory = |name: &str| {
        fs::create_dir_all(operator.path(name)).unwrap();
        operator.path(name).to_string_lossy().into_owned()
    };
    let (home, temporary) = (directory("home"), directory("tmp"));
    let variables = [("HOME", &*home), ("XDG_CONFIG_HOME", &home), ("TMPDIR", &temporary)];
    operator.run_with(arguments, input, &variables)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_of_a_user_outlives_a_command() {
    let Some(operator) = with_wrangler() else { return };
    let users = json!([{ "model": "auth.user", "pk": 7, "fields": {
        "username": "jake", "email": "jake@example.com", "password": HASH, "date_joined": "2026-01-02T03:04:05Z",
    }}]);
    operator.write("users.json", &users.to_string());
    let superuser =
        ["createsuperuser", "--email", "ada@example.com", "--username", "ada", "--password-stdin"];
    for (arguments, input) in [
        (&["import-django", "users.json"][..], ""),
        (&superuser, "correct horse"),
        (&["users", "show", "ada@example.com"], ""),
        (&["export-django", "--output", "out.json"], ""),
    ] {
        let outcome = run(&operator, &[arguments, &["--through-wrangler"]].concat(), input);
        assert_eq!(outcome.status, 0, "{arguments:?}: {}", outcome.stderr);
    }
    let exported = fs::read_to_string(operator.path("out.json")).unwrap();
    assert!(exported.contains(HASH) && exported.contains("ada@example.com"), "{exported}");
    let hash = operator.sql("SELECT password FROM users WHERE username = 'ada'");
    for file in [files(&operator.path("home")), files(&operator.path("tmp"))].concat() {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for kept in [HASH, &hash, "example.com", SECRET, "salt", "correct horse"] {
            assert!(!text.contains(kept), "{} has {kept}: {text}", file.display());
        }
    }
}

#[test]
fn no_two_columns_of_a_statement_have_one_name() {
    let Some(operator) = with_wrangler() else { return };
    let sql = "INSERT INTO users (username, email, password, created_at, updated_at) VALUES ('jake', 'j@x.io', ?1, 0, 0)";
    operator.database().execute(sql, [HASH]).unwrap();
    let sql = "INSERT INTO sessions (user_id, sid, version, agent, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
               VALUES (1, 'sid', 0, 'Firefox on Linux', '[]', 1, 2, 3, 2800000000, 4)";
    operator.database().execute(sql, []).unwrap();
    for arguments in [["users", "show", "jake", "--json"], ["users", "sessions", "jake", "--json"]] {
        let through = run(&operator, &[&arguments[..], &["--through-wrangler"]].concat(), "");
        assert_eq!((through.status, &*through.stderr), (0, ""));
        assert_eq!(through.stdout, operator.run(&arguments).stdout);
    }
    let sql = "INSERT INTO secrets (id, purpose, account, network, user_id, email, token_hash, code_hash, created_at, \
               code_expires_at, expires_at, purge_at) SELECT 'x', 'verification', '', '', 1, 'other@x.io', '', '', \
               unixepoch(), 0, 0, 2800000000";
    operator.database().execute(sql, []).unwrap();
    let outcome = run(&operator, &["users", "unlock", "jake", "--through-wrangler"], "");
    assert_eq!(
        outcome.stdout, "Limits of mail no longer count 1 address that the user gave up.\n",
        "{}",
        outcome.stderr
    );
    assert_eq!(operator.sql("SELECT count(*) FROM secrets WHERE email IS NULL"), "1");
    let logout = ["users", "logout", "jake", "--session", "sid", "--through-wrangler"];
    assert_eq!(run(&operator, &logout, "").status, 0);
    assert_eq!(run(&operator, &logout, "").status, 1, "it has ended");
}

#[test]
fn credentials_are_reached_through_wrangler() {
    let Some(operator) = with_wrangler() else { return };
    let sql = "INSERT INTO users (username, email, password, created_at, updated_at) VALUES ('jake', 'j@x.io', ?1, 0, 0)";
    operator.database().execute(sql, [HASH]).unwrap();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, OLD, [1]);
    let resealed = run(&operator, &["reseal", "--yes", "--through-wrangler"], "");
    let expected = "1 of 1 seed resealed; DATA_SECRET_PREVIOUS is not needed any more: remove it\n";
    assert_eq!((resealed.status, &*resealed.stdout), (0, expected), "{}", resealed.stderr);
    assert_eq!(open(&operator, NEW, 1), Some(seed(1)));
    let list = ["users", "credentials", "jake", "--json"];
    let through = run(&operator, &[&list[..], &["--through-wrangler"]].concat(), "");
    assert_eq!((through.status, through.stdout), (0, operator.run(&list).stdout));
    for file in [files(&operator.path("home")), files(&operator.path("tmp"))].concat() {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let sealed = operator.sql("SELECT secret FROM credentials");
        assert!(![NEW, OLD, &sealed].iter().any(|kept| text.contains(*kept)), "{}", file.display());
    }
    let remove = ["users", "credentials", "remove", "jake", "--all", "--yes", "--through-wrangler"];
    let removed = run(&operator, &remove, "");
    let expected = "user 1 (j@x.io, \"jake\") has lost 1 authenticator app.\n";
    assert_eq!((removed.status, &*removed.stdout), (0, expected), "{}", removed.stderr);
}

/// Several statements in one command are one transaction, as the Worker's batches are.
#[test]
fn changes_and_their_events_are_written_together() {
    let Some(operator) = with_wrangler() else { return };
    let mail = "MAIL_FROM=accounts@example.com\nAPP_URL=https://example.com/\nWEBHOOK_URL=https://example.org/hook\n";
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nDATA_SECRET=\"{NEW}\"\n{mail}"));
    let through = |arguments: &[&str], input: &str| {
        run(&operator, &[arguments, &["--through-wrangler"]].concat(), input)
    };
    let superuser =
        ["createsuperuser", "--totp", "--email", "ada@example.com", "--username", "ada", "--password-stdin"];
    let outcome = through(&superuser, "correct horse");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 15, "{}", outcome.stdout);
    assert!(open(&operator, NEW, 1).is_some());
    let sql = "INSERT INTO users (username, email, password, created_at, updated_at) VALUES ('jake', 'j@x.io', ?1, 0, 0)";
    operator.database().execute(sql, [HASH]).unwrap();
    let count = "SELECT concat_ws(' ', (SELECT count(*) FROM events WHERE due_at IS NOT NULL), (SELECT count(*) FROM outbox))";
    assert_eq!(operator.sql(count), "5 0");
    let taken = through(&["users", "edit", "ada", "--email", "a@x.io", "--username", "jake"], "");
    assert!(
        taken.stderr.ends_with("username: user with this username already exists.\n"),
        "{}",
        taken.stderr
    );
    assert_eq!(operator.sql(count), "5 0");
    assert_eq!(through(&["users", "edit", "ada", "--email", "a@x.io"], "").status, 0);
    assert_eq!(operator.sql(count), "6 1");
    let kept = through(&["users", "erase", "ada", "--yes"], "");
    assert!(kept.stderr.contains("The last superuser can't be removed"), "{}", kept.stderr);
    assert_eq!(through(&["users", "erase", "jake", "--yes"], "").status, 0);
    assert_eq!(operator.sql("SELECT group_concat(id) FROM users"), "1");
    for arguments in [&["events", "list", "--json"][..], &["webhook", "list", "--json"]] {
        let outcome = through(arguments, "");
        assert_eq!((outcome.status, outcome.stdout), (0, operator.run(arguments).stdout));
    }
}

/// Makes a project in which this shell script replaces Node.
fn with_node(script: &str) -> Operator {
    let operator = Operator::new();
    for directory in ["node_modules/.bin", "node_modules/wrangler/wrangler-dist", "tmp"] {
        fs::create_dir_all(operator.path(directory)).unwrap();
    }
    operator.write("node_modules/wrangler/wrangler-dist/cli.js", "");
    operator.write("node.sh", script);
    // A file that this process had open for writing can't be run everywhere.
    let made = operator.shell(
        "printf '#!/bin/sh\\n. ./node.sh\\n' > node_modules/.bin/node; chmod +x node_modules/.bin/node",
    );
    assert!(made);
    operator
}

#[test]
fn no_value_is_on_a_command_line() {
    let operator =
        with_node("echo \"$@\" > arguments; cat > statement; echo '[{\"results\": [{\"id\": 7}]}]'\n");
    let superuser =
        ["createsuperuser", "--email", "ada@example.com", "--username", "ada", "--password-stdin"];
    let outcome = run(&operator, &[&superuser[..], &["--remote"]].concat(), "correct horse");
    let second_factor = SECOND_FACTOR.replace("set DATA_SECRET (docs/credentials.md); then they", "they");
    assert_eq!(
        (outcome.status, &*outcome.stderr),
        (0, &*format!("latchkey: working on the deployed database of wrangler.toml\n{second_factor}"))
    );
    let read = |file: &str| fs::read_to_string(operator.path(file)).unwrap();
    let (arguments, statement) = (read("arguments"), read("statement"));
    assert!(arguments.trim_end().ends_with("cli.js d1 execute DB --json --yes --remote"), "{arguments}");
    assert!(
        statement.starts_with("INSERT INTO users") && statement.contains("pbkdf2_sha512$2$"),
        "{statement}"
    );
}

/// A node that finds the user 7, who has no sessions and yet one to end.
const FINDS_JAKE: &str = r#"cat > statement; case $(cat statement) in
INSERT*) echo '[{"results": [{"user_id": 7}]}]';;
*sessions*) echo '[{"results": []}]';;
*) echo '[{"results": [{"a": 7, "b": "jake", "c": "j@x.io", "d": 0, "e": null, "f": 1, "g": 0, "h": 0, "i": null,
                        "j": null, "k": 0, "l": 0, "m": 0}]}]';;
esac
"#;

/// The deployed Worker may have other variables than this `wrangler.toml`.
#[test]
fn what_is_assumed_of_a_deployed_worker_is_the_safe_side_or_is_said() {
    let operator = with_node(FINDS_JAKE);
    let config = fs::read_to_string(operator.path("wrangler.toml")).unwrap();
    let list = || {
        let outcome = run(&operator, &["users", "sessions", "jake", "--remote"], "");
        assert_eq!(
            (outcome.status, &*outcome.stdout),
            (0, "user 7 (j@x.io, \"jake\") has no active sessions.\n")
        );
        outcome.stderr
    };
    let assumed = |days: &str| {
        format!(
            "latchkey: SESSION_MAX_DAYS is taken as {days}, by wrangler.toml; the deployed Worker may have another\n"
        )
    };
    assert_eq!(list(), assumed("0, no limit"));
    let variable = "SESSION_MAX_DAYS = \"0\"";
    assert!(config.contains(variable));
    operator.write("wrangler.toml", &config.replace(variable, "SESSION_MAX_DAYS = \"30\""));
    assert_eq!(list(), assumed("30"));

    let outcome = run(&operator, &["users", "logout", "jake", "--session", "sid", "--remote"], "");
    assert_eq!(
        (outcome.status, &*outcome.stdout),
        (0, "The session sid of user 7 (j@x.io, \"jake\") has ended.\n")
    );
    let statement = fs::read_to_string(operator.path("statement")).unwrap();
    let (_, expires_at) = statement.split_once("max(expires_at, ").unwrap();
    let expires_at: i64 = expires_at.split_once(')').unwrap().0.parse().unwrap();
    let days = (expires_at - chrono::Utc::now().timestamp() + 60) / 86_400;
    assert_eq!(days, 3_650, "the greatest TOKEN_TTL_DAYS: {statement}");
}

#[test]
fn a_deployed_user_is_erased_with_the_failures_if_the_secret_is_given() {
    let operator = with_node(&FINDS_JAKE.replace("INSERT*", "DELETE*"));
    let erase = ["users", "erase", "jake", "--remote", "--yes"];
    let erased = "user 7 (j@x.io, \"jake\") is erased.\n";
    let note = "Failed logins, if any are recorded, go when they expire, since JWT_SECRET is not in the environment; no name or \
                address is in them.\n";
    for (secret, has_note) in [(None, true), (Some(("JWT_SECRET", SECRET)), false)] {
        let outcome = operator.run_with(&erase, "", secret.as_slice());
        assert_eq!((outcome.status, &*outcome.stdout), (0, erased), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.ends_with(note), has_note, "{}", outcome.stderr);
        let statement = fs::read_to_string(operator.path("statement")).unwrap();
        assert_eq!(statement.contains("DELETE FROM login_failures"), !has_note);
        assert!(
            statement.contains("'user.erased'") && statement.contains("DELETE FROM users"),
            "{statement}"
        );
    }
}

#[test]
fn a_failure_tells_what_to_do() {
    for (error, expected) in [
        (
            "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable",
            "log in with 'npx wrangler login', or set CLOUDFLARE_API_TOKEN (wrangler: In a",
        ),
        (
            "no such table: users: SQLITE_ERROR",
            "apply the migrations with 'npx wrangler d1 migrations apply DB', and the same options (wrangler: no such",
        ),
    ] {
        operator_fails(error, expected);
    }
    let operator = with_node("exit 1");
    let outcome = run(&operator, &["users", "list", "--remote", "--env", "nope"], "");
    assert_eq!((outcome.status, &*outcome.stderr), (1, "latchkey: wrangler.toml has no [env.nope]\n"));
}

fn operator_fails(error: &str, expected: &str) {
    let json = json!({ "error": { "text": error } });
    let operator = with_node("cat > statement; cat failure.json; exit 1\n");
    operator.write("failure.json", &format!("{json:#}"));
    let outcome = run(&operator, &["users", "list", "--remote"], "");
    assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
    assert!(
        outcome.stderr.starts_with(&format!("latchkey: {expected}")) && !outcome.stderr.contains('{'),
        "{}",
        outcome.stderr
    );
}

/// The signal comes while wrangler runs.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_leaves_no_file_behind() {
    let users = json!([{ "model": "auth.user", "pk": 7, "fields": {
        "username": "jake", "email": "jake@example.com", "password": HASH, "date_joined": "2026-01-02T03:04:05Z",
    }}]);
    for signal in ["INT", "TERM", "KILL"] {
        let operator = with_node(&format!(
            "for file; do :; done\n\
             case \"$*\" in *--file*) cat \"$file\" > script; find tmp > there; kill -{signal} $PPID;; esac\n\
             cat > statement; echo '[{{\"results\": []}}]'\n"
        ));
        operator.write("users.json", &users.to_string());
        let outcome = run(&operator, &["import-django", "users.json", "--remote"], "");
        assert_eq!((outcome.status, &*outcome.stdout), (-1, ""), "{signal}");
        let read = |file: &str| fs::read_to_string(operator.path(file)).unwrap();
        assert!(read("script").contains(HASH));
        assert_eq!((&*read("there"), files(&operator.path("tmp")).len()), ("tmp\n", 0), "{signal}");
    }
}

#[test]
fn an_export_that_is_interrupted_leaves_no_file_behind() {
    for signal in ["INT", "TERM"] {
        let operator =
            with_node(&format!("kill -{signal} $PPID; cat > statement; echo '[{{\"results\": []}}]'\n"));
        fs::create_dir(operator.path("out")).unwrap();
        let outcome = run(&operator, &["export-django", "--output", "out/users.json", "--remote"], "");
        assert_eq!((outcome.status, &*outcome.stderr), (1, "latchkey: interrupted: no file was written\n"));
        assert_eq!(files(&operator.path("out")), [""; 0].map(PathBuf::from));
    }
}

#[test]
fn the_size_of_a_deployed_database_comes_with_its_rows() {
    for (size, word) in [("7999999999", "ok"), ("8100000000", "warning")] {
        let operator = with_node(&format!(
            "cat > statement; echo '[{{\"results\": [], \"meta\": {{\"duration\": 0.1, \"size_after\": {size}}}}}]'\n"
        ));
        let config = fs::read_to_string(operator.path("wrangler.toml")).unwrap();
        let deployed = config.replace("00000000-0000-0000-0000-000000000000", "a-database");
        operator.write("wrangler.toml", &deployed);
        let stdout = run(&operator, &["doctor", "--remote"], "").stdout;
        let gigabytes = if word == "ok" { "8.00" } else { "8.10" };
        let line = format!("{word:<9}the database has {gigabytes} GB of the 10 GB that D1 allows");
        assert!(stdout.contains(&line), "{stdout}");
    }
}
