//! Command lines that npm changes

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::command::{Operator, Outcome};

const DEACTIVATE: [&str; 3] = ["users", "deactivate", "jake"];

fn with_jake() -> Operator {
    let operator = Operator::new();
    let sql = "INSERT INTO users (username, email, password, created_at, updated_at) VALUES ('jake', 'j@x.io', '!', 0, 0)";
    operator.database().execute(sql, []).unwrap();
    operator
}

/// Runs the command as `npm run latchkey` does, with these variables.
fn under_npm(operator: &Operator, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let script = [("npm_lifecycle_event", "latchkey"), ("npm_config_yes", ""), ("npm_config_cache", "/x")];
    operator.run_with(arguments, "", &[&script, variables].concat())
}

#[test]
fn an_option_that_npm_consumed_stops_the_command() {
    let operator = with_jake();
    for (variables, line) in [
        (
            &[("npm_config_remote", "true")][..],
            "npm consumed --remote, so nothing was done; run: npx latchkey users deactivate jake --remote",
        ),
        (
            &[("npm_config_remote", "true"), ("npm_config_env", "it's")],
            "npm consumed --env 'it'\\''s' and --remote, so nothing was done; \
             run: npx latchkey users deactivate jake --env 'it'\\''s' --remote",
        ),
        (
            &[("npm_config_persist_to", "true")],
            "npm consumed --persist-to, so nothing was done; \
             run the same command with 'npx latchkey' in place of 'npm run latchkey'",
        ),
    ] {
        let outcome = under_npm(&operator, &DEACTIVATE, variables);
        assert_eq!((outcome.status, &*outcome.stdout), (2, ""));
        assert_eq!(outcome.stderr, format!("latchkey: {line}\n"));
    }
    assert_eq!(operator.sql("SELECT is_active FROM users"), "1");
}

#[test]
fn no_option_of_any_subcommand_is_missed() {
    let operator = Operator::new();
    let mut options = BTreeSet::new();
    for subcommand in [
        &["createsuperuser"][..],
        &["users", "create"],
        &["users", "edit"],
        &["users", "list"],
        &["users", "show"],
        &["users", "activate"],
        &["users", "deactivate"],
        &["users", "set-password"],
        &["users", "set-staff"],
        &["users", "unlock"],
        &["users", "logout"],
        &["token"],
        &["token", "inspect"],
        &["import-django"],
        &["export-django"],
        &["secret"],
        &["completions"],
        &["doctor"],
    ] {
        let help = operator.run(&[subcommand, &["--help"]].concat()).stdout;
        let words = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
        options.extend(words.map(|rest| rest.split([' ', ',']).next().unwrap().to_owned()));
    }
    assert!(
        options.len() > 15 && options.contains("remote") && options.contains("keep-sha512"),
        "{options:?}"
    );
    for option in options {
        let variable = format!("npm_config_{}", option.replace('-', "_"));
        let outcome = under_npm(&operator, &["users", "list"], &[(&variable, "true")]);
        assert_eq!(outcome.status, 2, "--{option}");
        assert!(outcome.stderr.starts_with(&format!("latchkey: npm consumed --{option}")), "--{option}");
    }
}

#[test]
fn a_setting_of_npm_is_no_option() {
    let operator = with_jake();
    operator.write("user.npmrc", "; a comment\njson = true\nemail=\"j@x.io\"\n");
    operator.write(".npmrc", "yes\n");
    let files = [
        ("npm_config_userconfig", operator.path("user.npmrc").to_string_lossy().into_owned()),
        ("npm_config_local_prefix", operator.path("").to_string_lossy().into_owned()),
    ];
    let mut variables =
        vec![("npm_config_json", "true"), ("npm_config_email", "j@x.io"), ("npm_config_yes", "true")];
    variables.extend(files.iter().map(|(name, file)| (*name, &**file)));
    let outcome = under_npm(&operator, &["users", "list"], &variables);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    variables.push(("npm_config_email", "other@x.io"));
    assert_eq!(under_npm(&operator, &["users", "list"], &variables).status, 2);
    // Any other script's options are its own, and npx has a --yes.
    for (script, variable) in [("deploy", "npm_config_remote"), ("npx", "npm_config_yes")] {
        let variables = [("npm_lifecycle_event", script), (variable, "true")];
        let outcome = operator.run_with(&["users", "list"], "", &variables);
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    }
}

/// Runs npm or npx in a project with this repository's package.json, and no way to a registry.
fn run_npm(operator: &Operator, program: &str, directory: &str, arguments: &[&str]) -> Option<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(operator.path("scripts")).unwrap();
    fs::create_dir_all(operator.path("src/deep")).unwrap();
    fs::copy(root.join("package.json"), operator.path("package.json")).unwrap();
    let _ = fs::remove_file(operator.path("scripts/latchkey.sh"));
    fs::hard_link(env!("CARGO_BIN_EXE_latchkey"), operator.path("scripts/latchkey.sh"))
        .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_latchkey"), operator.path("scripts/latchkey.sh")).map(drop))
        .unwrap();
    let output = Command::new(program)
        .args(arguments)
        .current_dir(operator.path(directory))
        .env("npm_config_cache", operator.path("cache"))
        .env("npm_config_registry", "http://127.0.0.1:9")
        .env("npm_config_fetch_retries", "0")
        .env("npm_config_audit", "false")
        .env("npm_config_update_notifier", "false")
        .output();
    if output.is_err() {
        eprintln!("skipped: there is no {program}");
    }
    output.ok()
}

#[test]
fn npx_runs_the_command_with_its_options_and_npm_run_does_not() {
    let operator = with_jake();
    let arguments = ["latchkey", "users", "list", "--json", "--search", "j"];
    for directory in ["", "src/deep"] {
        let Some(output) = run_npm(&operator, "npx", directory, &arguments) else { return };
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.starts_with("[\n"), "{output:?}");
    }
    for (program, arguments) in [
        ("npm", &["run", "latchkey", "users", "deactivate", "jake", "--remote", "--env=staging"][..]),
        ("npx", &["--remote", "--env=staging", "latchkey", "users", "deactivate", "jake"]),
    ] {
        let Some(output) = run_npm(&operator, program, "", arguments) else { return };
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line = "run: npx latchkey users deactivate jake --env staging --remote\n";
        assert!(stderr.contains(line) && !output.status.success(), "{stderr}");
    }
    assert_eq!(operator.sql("SELECT is_active FROM users"), "1");
}

#[test]
fn files_are_named_from_where_the_command_runs() {
    let operator = with_jake();
    fs::create_dir_all(operator.path("src/deep")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(["export-django", "--output", "users.json"])
        .current_dir(operator.path("src/deep"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(operator.path("src/deep/users.json").exists());
}

#[cfg(unix)]
#[test]
fn a_project_of_another_owner_above_is_not_entered() {
    use std::os::unix::fs::chown;
    let operator = Operator::new();
    fs::create_dir(operator.path("below")).unwrap();
    let show = || {
        let command = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(["users", "list"])
            .current_dir(operator.path("below"))
            .output()
            .unwrap();
        (command.status.code(), String::from_utf8(command.stderr).unwrap())
    };
    assert_eq!(show(), (Some(0), String::new()));
    if chown(operator.path("wrangler.toml"), Some(65_534), None).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    let (status, stderr) = show();
    assert_eq!(status, Some(1));
    assert!(stderr.contains("run this in the project's directory"), "{stderr}");
    // In its own directory it is what the operator asked for.
    assert_eq!(operator.run(&["users", "list"]).status, 0);
}
