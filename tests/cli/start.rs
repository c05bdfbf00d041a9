//! The secrets that `npm start` makes

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
        (".dev.vars", "DATA_SECRET=y\nJWT_SECRET = 'of my own, with a # in it'", &[][..]),
        (".dev.vars", "export JWT_SECRET=x\nexport DATA_SECRET=y\n", &[]),
        (".dev.vars", "  JWT_SECRET: x\n  DATA_SECRET: y\n", &[]),
        (".dev.vars", "\u{feff}JWT_SECRET=x\nDATA_SECRET=\n", &[]),
        (".env", "JWT_SECRET=x\nDATA_SECRET=y", &[]),
        (".env.local", "JWT_SECRET=x\nDATA_SECRET=y", &[]),
        (".dev.vars.staging", "JWT_SECRET=x\nDATA_SECRET=y", &["--env", "staging"]),
        (".env.staging", "JWT_SECRET=x\nDATA_SECRET=y", &["--port", "8788", "-e", "staging"]),
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
fn a_secret_that_is_there_is_kept_beside_one_that_is_added() {
    for (text, missing) in [("JWT_SECRET=x\n", "DATA_SECRET"), ("DATA_SECRET=y\n", "JWT_SECRET")] {
        let project = project(&[(".dev.vars", text)]);
        let Some(output) = make_secret(&project, &[]) else { return };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, format!("latchkey: writing a random {missing} to .dev.vars\n"));
        let written = read(&project, ".dev.vars");
        let added = written.strip_prefix(text).unwrap();
        assert!(added.starts_with(&format!("{missing}=")) && added.lines().count() == 1, "{written}");
    }
}

#[test]
fn secrets_are_added_where_wrangler_looks() {
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
        assert_eq!(stderr, format!("latchkey: writing a random JWT_SECRET and DATA_SECRET to {file}\n"));
        let before = files.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
        let text = read(&project, file);
        let added = text.strip_prefix(before).unwrap().trim_start_matches('\n');
        let secrets: Vec<&str> = added
            .lines()
            .zip(["JWT_SECRET=", "DATA_SECRET="])
            .map(|(line, name)| line.strip_prefix(name).unwrap())
            .collect();
        let is_random =
            |secret: &&str| secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(secrets.len() == 2 && secrets.iter().all(is_random) && secrets[0] != secrets[1], "{text}");
        assert_eq!(text.lines().count(), before.lines().count() + 2);
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

#[test]
fn passkeys_are_on_unless_the_settings_say_otherwise_or_can_have_none() {
    const SCRIPT: &str = "
        const [settings, passkeys] = await Promise.all(process.argv.slice(1).map((path) => import(path)));
        const { setting, ...rest } = settings.readSettings({}, 'wrangler.toml', {});
        console.log(JSON.stringify(passkeys.passkeysFor({ setting, ...rest })));";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let on = r#"{"PASSKEY_RP_ID":{"type":"plain_text","value":"localhost"}}"#;
    for (vars, expected) in [
        ("DATA_SECRET=x", on),
        ("DATA_SECRET=x\nPASSKEY_RP_ID=\nALLOWED_ORIGINS=http://localhost:5173", on),
        ("DATA_SECRET=x\nPASSKEY_RP_ID=example.com", "{}"),
        ("DATA_SECRET=x\nALLOWED_ORIGINS=*", "{}"),
        ("DATA_SECRET=", "{}"),
    ] {
        let project = project(&[("wrangler.toml", "name = \"x\"\n"), (".dev.vars", vars)]);
        let script = |name| root.join("scripts/lib").join(name);
        let output = Command::new(root.join("node_modules/.bin/node"))
            .args(["--input-type=module", "-e", SCRIPT])
            .args([script("dev-settings.mjs"), script("dev-passkeys.mjs")])
            .current_dir(project.path())
            .env_remove("CLOUDFLARE_INCLUDE_PROCESS_ENV")
            .output();
        let Ok(output) = output else { return eprintln!("skipped: wrangler is not installed") };
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{expected}\n"), "{vars}: {output:?}");
    }
}
