//! `doctor`

mod credentials;
mod database;
mod mail;
mod secrets;
mod tools;
mod variables;
mod webhook;
mod wrangler_config;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{Operator, SECRET};

const OTHER: &str = "the secret that was there before this one";

/// Programs with the output of a healthy project's, and the versions to compare it with. A shell writes them, since a
/// file that this process has open for writing can't be run.
const TOOLS: &str = r#"
mkdir -p node_modules/.bin node_modules/wrangler .tools/bin sysroot/lib/rustlib/wasm32-unknown-unknown/lib
touch sysroot/lib/rustlib/wasm32-unknown-unknown/lib/libstd-1234.rlib
program() { printf '#!/bin/sh\necho "%s"\n' "$2" > "$1"; chmod +x "$1"; }
program node_modules/.bin/node v22.15.0
program node_modules/.bin/rustc '$PWD/sysroot'
program .tools/bin/wasm-bindgen 'wasm-bindgen 0.2.129'
echo '{"version": "4.156.0"}' > node_modules/wrangler/package.json
echo '{"devDependencies": {"wrangler": "4.156.0"}}' > package.json
printf '[[package]]\nname = "wasm-bindgen"\nversion = "0.2.129"\n' > Cargo.lock
chmod 600 .dev.vars
"#;

fn shell(operator: &Operator, script: &str) {
    assert!(operator.shell(script));
}

/// Makes a project without problems.
fn healthy() -> Operator {
    let operator = Operator::new();
    shell(&operator, TOOLS);
    operator.write("wrangler.toml", &wrangler_config());
    fs::create_dir(operator.path("migrations")).unwrap();
    // The table that wrangler makes.
    let mut sql = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, \
                   applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
        .to_owned();
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        operator.write(&format!("migrations/{name}"), "");
        sql.push_str(&format!("INSERT INTO d1_migrations (name) VALUES ('{name}');"));
    }
    operator.database().execute_batch(&sql).unwrap();
    operator
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn wrangler_config() -> String {
    fs::read_to_string(root().join("wrangler.toml")).unwrap()
}

/// Replaces wrangler by a script that lists secrets of these names, separated by spaces.
fn list_deployed_secrets(operator: &Operator, names: &str) {
    let json = names.split(' ').map(|name| format!(r#"{{"name":"{name}","type":"secret_text"}}"#));
    let json = json.collect::<Vec<_>>().join(",");
    shell(
        operator,
        &format!(
            "printf '#!/bin/sh\necho '\\''[{json}]'\\''' > node_modules/.bin/wrangler; chmod +x node_modules/.bin/wrangler"
        ),
    );
}

/// Runs it and returns the lines that begin with this word.
fn lines(operator: &Operator, arguments: &[&str], word: &str) -> (i32, Vec<String>) {
    let outcome = operator.run(&[&["doctor"], arguments].concat());
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(SECRET) && !text.contains(OTHER), "{text}");
    }
    let word = format!("{word:<9}");
    let lines = outcome.stdout.lines().filter_map(|line| line.strip_prefix(&word)).map(str::to_owned);
    (outcome.status, lines.collect())
}

/// Asserts that these are all errors.
fn assert_errors(operator: &Operator, expected: &[&str]) {
    let (status, errors) = lines(operator, &[], "error");
    assert_eq!((status, errors), (1, expected.iter().map(|&line| line.to_owned()).collect()));
}

/// Asserts that these are all warnings, and that there are no errors.
fn assert_warnings(operator: &Operator, expected: &[&str]) {
    let (status, warnings) = lines(operator, &[], "warning");
    assert_eq!((status, warnings), (0, expected.iter().map(|&line| line.to_owned()).collect()));
}

#[test]
fn a_healthy_project_has_no_errors() {
    let operator = healthy();
    let bytes: u64 = operator.sql("SELECT page_count * 4096 FROM pragma_page_count").parse().unwrap();
    let outcome = operator.run(&["doctor"]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let expected = format!(
        "\
ok       Node is v22.15.0
ok       wrangler is 4.156.0
ok       Rust can build for wasm32-unknown-unknown
ok       wasm-bindgen is 0.2.129
ok       a D1 database is bound as DB
ok       static assets are bound as ASSETS
ok       rate limits are bound as LIMITER, NETWORK_LIMITER, UPDATE_LIMITER
note     workers_dev and preview_urls are on: hosts under workers.dev serve the API too, with this database, and bypass the rules of your own domain. Set what you don't need to false in wrangler.toml
ok       .dev.vars exists, and only you can read it
ok       all variables are valid
note     PASSWORD_HASHER is pbkdf2_sha512$220000, which needs the Workers Paid plan: the Free plan stops a login after 10 ms of CPU time
note     as compatible with old clients as these are, they are weaker than NIST SP 800-63B-4 recommends: PASSWORD_MIN_LENGTH, PASSWORD_BLOCKLIST, BREACHED_PASSWORDS, SESSION_MAX_DAYS, REAUTHENTICATE_MINUTES. docs/hardening.md has the values
note     MAIL_FROM is not set, so mail is off: nobody can reset a forgotten password or verify an email. ('npm start' turns it on, with a mailbox on this machine)
note     DATA_SECRET is not set, so two-step verification and passkeys are off: docs/credentials.md
ok       the database can be reached
ok       the database has {:.2} kB of the 10 GB that D1 allows
ok       failed logins cost as much as the costliest stored hash
ok       all migrations are applied
",
        bytes as f64 / 1000.0
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn json_has_all_findings() {
    let operator = healthy();
    shell(&operator, "rm node_modules/wrangler/package.json");
    let outcome = operator.run(&["doctor", "--json"]);
    assert_eq!((outcome.status, &*outcome.stderr), (1, "latchkey: 1 error, described above\n"));
    let json: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json[0], serde_json::json!({"state": "ok", "text": "Node is v22.15.0"}));
    assert_eq!(json[1], serde_json::json!({"state": "error", "text": "wrangler is missing: run 'npm ci'"}));
}

#[test]
fn an_empty_directory_breaks_no_check() {
    let operator = healthy();
    shell(
        &operator,
        "rm -r node_modules .tools Cargo.lock package.json wrangler.toml migrations .wrangler .dev.vars",
    );
    let (status, errors) = lines(&operator, &[], "error");
    assert_eq!(status, 1);
    assert!(
        errors
            .iter()
            .any(|line| line.starts_with("can't read wrangler.toml: run this in the project's directory")),
        "{errors:?}"
    );
}
