//! The secret that `npm start` makes

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the step of `npm start` with these arguments, or gives `None` where wrangler is not installed.
fn make_secret(project: &TempDir, arguments: &[&str]) -> Option<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("node_modules/.bin/node"))
        .arg(root.join("scripts/lib/dev-secret.mjs"))
        .args(arguments)
        .current_dir(project.path())
        .env_remove("JWT_SECRET")
        .env_remove("CLOUDFLARE_INCLUDE_PROCESS_ENV")
        .output();
    if output.is_err() {
        eprintln!("skipped: wrangler is not installed");
    }
    output.ok()
}

fn project(files: &[(&str, &str)]) -> TempDir {
    let project = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(project.path().join(name), text).unwrap();
    }
    project
}

fn read(project: &TempDir, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).unwrap()
}

#[test]
fn a_secret_of_the_operators_own_is_kept() {
    for (file, text, arguments) in [
        (".dev.vars", "JWT_SECRET = 'of my own, with a # in it'", &[][..]),
        (".dev.vars", "export JWT_SECRET=x\n", &[]),
        (".dev.vars", "  JWT_SECRET: x\n", &[]),
        (".dev.vars", "\u{feff}JWT_SECRET=x\n", &[]),
        (".env", "JWT_SECRET=x", &[]),
        (".env.local", "JWT_SECRET=x", &[]),
        (".dev.vars.staging", "JWT_SECRET=x", &["--env", "staging"]),
        (".env.staging", "JWT_SECRET=x", &["--port", "8788", "-e", "staging"]),
        ("other.vars", "JWT_SECRET=x", &["--env-file=other.vars"]),
    ] {
        let project = project(&[(file, text)]);
        let Some(output) = make_secret(&project, arguments) else { return };
        assert!(output.status.success() && output.stderr.is_empty(), "{text}: {output:?}");
        assert_eq!(read(&project, file), text);
        assert_eq!(fs::read_dir(project.path()).unwrap().count(), 1, "{text}");
    }
}

#[test]
fn a_secret_is_added_where_wrangler_looks() {
    for (files, arguments, file) in [
        (&[][..], &[][..], ".dev.vars"),
        (&[(".dev.vars", "API_DIALECT=realworld")], &[], ".dev.vars"),
        (&[(".dev.vars", "# JWT_SECRET=x\n"), (".env", "JWT_SECRET=x")], &[], ".dev.vars"),
        (&[(".env", "A=1\r\n")], &[], ".env"),
        (&[(".dev.vars", "A=1\n"), (".dev.vars.staging", "A=1")], &["--env=staging"], ".dev.vars.staging"),
    ] {
        let project = project(files);
        let Some(output) = make_secret(&project, arguments) else { return };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, format!("latchkey: writing a random JWT_SECRET to {file}\n"));
        let before = files.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
        let text = read(&project, file);
        let added = text.strip_prefix(before).unwrap().trim_start_matches('\n');
        let secret = added.strip_prefix("JWT_SECRET=").and_then(|rest| rest.strip_suffix('\n')).unwrap();
        assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
        assert_eq!(text.lines().count(), before.lines().count() + 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = project.path().join(file).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        if file == ".env" {
            let again = make_secret(&project, arguments).unwrap();
            assert!(again.status.success() && again.stderr.is_empty());
            assert_eq!(read(&project, file), text);
        }
    }
}

#[test]
fn a_wrangler_toml_that_is_no_toml_is_named_with_its_line() {
    let project = project(&[("wrangler.toml", "name = \"x\"\n[vars\n")]);
    let Some(output) = make_secret(&project, &[]) else { return };
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "latchkey: wrangler.toml: line 2: illegal character in key\n"
    );
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 1);
}
