//! Runs the command in a temporary project directory.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

pub const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// First line on stderr of a command that writes.
pub const LOCAL: &str = "latchkey: working on the local database in .wrangler/state\n";

/// Directory of wrangler's local databases.
const DATABASE: &str = "v3/d1/miniflare-D1DatabaseObject";

/// A project with `wrangler.toml`, `.dev.vars` and a migrated local database.
pub struct Operator {
    directory: TempDir,
}

pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Operator {
    pub fn new() -> Self {
        let operator = Self { directory: tempfile::tempdir().unwrap() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Hashes of few iterations.
        let config = fs::read_to_string(root.join("wrangler.toml")).unwrap();
        let cheap = config.replace("pbkdf2_sha512$220000", "pbkdf2_sha512$2");
        let cheap = cheap.replace("COSTLIEST_HASH = \"\"", "COSTLIEST_HASH = \"pbkdf2_sha256$2\"");
        operator.write("wrangler.toml", &cheap);
        operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\n"));
        fs::create_dir_all(operator.state().parent().unwrap()).unwrap();
        let database = operator.database();
        database.pragma_update(None, "journal_mode", "WAL").unwrap();
        let mut migrations: Vec<_> =
            fs::read_dir(root.join("migrations")).unwrap().map(|entry| entry.unwrap().path()).collect();
        migrations.sort();
        for migration in migrations {
            database.execute_batch(&fs::read_to_string(migration).unwrap()).unwrap();
        }
        operator
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// File of the local database.
    fn state(&self) -> PathBuf {
        // As wrangler 4 derives it from the id in wrangler.toml.
        let id = "9ba2b04bf514d9facfd57ed57d849e77241a7adc99d1c1545d06688b43d84248";
        self.path(".wrangler/state").join(DATABASE).join(format!("{id}.sqlite"))
    }

    /// Opens the local database, without the command.
    pub fn database(&self) -> Connection {
        Connection::open(self.state()).unwrap()
    }

    /// Returns the first column of the first row as a string.
    pub fn sql(&self, sql: &str) -> String {
        let value: rusqlite::types::Value = self.database().query_row(sql, [], |row| row.get(0)).unwrap();
        match value {
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Integer(integer) => integer.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// Runs a shell script in the project, and returns whether it succeeded.
    pub fn shell(&self, script: &str) -> bool {
        Command::new("sh").args(["-ec", script]).current_dir(self.path("")).status().unwrap().success()
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "", &[])
    }

    /// Runs the command with this stdin and these environment variables.
    pub fn run_with(&self, arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Outcome {
        let mut child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()); // it may not read any
        let output = child.wait_with_output().unwrap();
        Outcome {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
