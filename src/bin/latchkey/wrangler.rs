//! D1 through `wrangler d1 execute`: the deployed database, or the local one.
//!
//! Wrangler takes statements without parameters, so parameters are inlined as literals.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::{env, iter};

use anyhow::{Context as _, Result, bail};
use latchkey::store::operator::{Database, Statement};
use latchkey::store::{DbError, Row, Value};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::members::Members;
use crate::wrangler_error;

const BIN: &str = "node_modules/.bin";
const CLI: &str = "node_modules/wrangler/wrangler-dist/cli.js";

/// Runs in Node before wrangler, and passes it the statements from stdin, since everyone on the machine can read a
/// command line. With a file, wrangler returns no rows from the deployed database.
const STATEMENT_FROM_STDIN: &str = "data:text/javascript,import fs from 'node:fs'; \
                                    process.argv.push('--command', fs.readFileSync(0, 'utf8'));";

/// PATH with the project's own Node first.
pub fn path_with_node() -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(iter::once(PathBuf::from(BIN)).chain(env::split_paths(&path)))?)
}

/// Makes a command that runs wrangler, without arguments.
pub fn command() -> Result<Command> {
    prepared(Command::new(Path::new(BIN).join("wrangler")))
}

/// Makes wrangler keep no logs: by default it writes statements and rows to files that everyone can read, and keeps
/// them for a month.
fn prepared(mut command: Command) -> Result<Command> {
    command
        .env("PATH", path_with_node()?)
        .env("WRANGLER_LOG", "log") // a lower level drops the result too
        .env("WRANGLER_WRITE_LOGS", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env_remove("JWT_SECRET") // not for wrangler
        .env_remove("JWT_SECRET_PREVIOUS")
        .env_remove("DATA_SECRET")
        .env_remove("DATA_SECRET_PREVIOUS")
        .env_remove("WEBHOOK_SECRET")
        .env_remove("WEBHOOK_SECRET_PREVIOUS")
        .env_remove("WRANGLER_OUTPUT_FILE_PATH")
        .env_remove("WRANGLER_OUTPUT_FILE_DIRECTORY")
        .stdin(Stdio::null());
    Ok(command)
}

pub struct Wrangler {
    /// Arguments that select the database.
    target: Vec<String>,
    /// Size of the database after the last statement, in bytes.
    size: Cell<Option<u64>>,
}

impl Wrangler {
    pub fn new(target: Vec<String>) -> Self {
        Self { target, size: Cell::default() }
    }

    /// Runs statements, and returns the rows of the last one.
    fn query(&self, sql: &str) -> Result<Vec<Row>> {
        let executed = self.execute(&["--import", STATEMENT_FROM_STDIN], &[], sql)?;
        let last = executed.into_iter().next_back();
        Ok(last
            .into_iter()
            .flat_map(|executed| executed.results)
            .map(|Members(columns)| Row::new(columns.into_iter().map(|(_, value)| value).collect()))
            .collect())
    }

    /// Runs the statements of a file in one transaction.
    fn import(&self, file: &Path) -> Result<Vec<Executed>> {
        self.execute(&[], &["--file", &file.to_string_lossy()], "")
    }

    fn execute(&self, before: &[&str], source: &[&str], input: &str) -> Result<Vec<Executed>> {
        const MISSING: &str = "wrangler is not installed: run 'npm ci' first";
        if !Path::new(CLI).exists() {
            bail!(MISSING);
        }
        let mut child = prepared(Command::new("node"))?
            .arg("--no-warnings")
            .args(before)
            .args([CLI, "d1", "execute", "DB", "--json", "--yes"])
            .args(&self.target)
            .args(source)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context(MISSING)?;
        // It reads all of it first; if it fails before, its output has the reason.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().context("can't read wrangler's output")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (start, end) = (text.find('[').unwrap_or(0), text.rfind(']').map_or(0, |end| end + 1));
        if output.status.success() {
            let executed: Vec<Executed> = serde_json::from_str(text.get(start..end).unwrap_or_default())
                .context("can't read wrangler's output")?;
            let size = executed.iter().rev().find_map(|executed| executed.meta.size_after);
            self.size.set(size.or(self.size.get()));
            return Ok(executed);
        }
        bail!("{}", wrangler_error::describe(&text, &String::from_utf8_lossy(&output.stderr)))
    }
}

/// Makes a file that can't outlive this process, however that ends, with a path for a child process.
#[cfg(target_os = "linux")]
fn temporary_file() -> io::Result<(File, impl AsRef<Path>)> {
    use std::os::fd::AsRawFd as _;
    let file = tempfile::tempfile()?; // it has no name
    let path = format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd());
    Ok((file, path))
}

/// Makes a file, readable by its owner only, that is deleted unless this process is killed.
#[cfg(not(target_os = "linux"))]
fn temporary_file() -> io::Result<(File, impl AsRef<Path>)> {
    tempfile::NamedTempFile::new().map(tempfile::NamedTempFile::into_parts)
}

#[derive(Deserialize)]
struct Executed {
    #[serde(default)]
    results: Vec<Columns>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    /// Size of the database in bytes, only from a deployed one.
    size_after: Option<u64>,
}

/// Row that wrangler returns as an object, in the order of its columns.
type Columns = Members<IgnoredAny, Value<'static>>;

impl Database for Wrangler {
    fn rows(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        self.query(&inline(sql, params)).map_err(error)
    }

    /// Wrangler passes several statements on in one request, which D1 runs as a batch: one transaction.
    fn transaction(&self, statements: &[Statement<'_>]) -> Result<Vec<Row>, DbError> {
        let statements: Vec<_> =
            statements.iter().map(|Statement { sql, params }| inline(sql, params)).collect();
        self.query(&statements.join(";\n")).map_err(error)
    }

    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError> {
        let import = || {
            let (file, path) = temporary_file().context("a temporary file can't be made")?;
            let mut file = BufWriter::new(file);
            for Statement { sql, params } in statements {
                writeln!(file, "{};", inline(sql, params))?;
            }
            file.flush()?;
            self.import(path.as_ref()).map(drop)
        };
        import().map_err(error)
    }

    fn size(&self) -> Result<Option<u64>, DbError> {
        Ok(self.size.get())
    }
}

fn error(error: anyhow::Error) -> DbError {
    DbError::from_message(&format!("{error:#}"))
}

/// Inlines the parameters of a statement.
fn inline(sql: &str, params: &[Value<'_>]) -> String {
    let mut inlined = String::with_capacity(sql.len() + 64);
    let mut rest: VecDeque<char> = sql.chars().collect();
    while let Some(next) = rest.pop_front() {
        if next != '?' {
            inlined.push(next);
            continue;
        }
        let mut number = String::new();
        while let Some(digit) = rest.front().copied().filter(char::is_ascii_digit) {
            number.push(digit);
            rest.pop_front();
        }
        let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        inlined.push_str(&literal(index.and_then(|index| params.get(index)).unwrap_or(&Value::Null)));
    }
    inlined
}

/// Writes a value as an SQL literal. Anything with a meaning in SQL, in wrangler, which splits statements itself, or
/// in a terminal is written in hexadecimal, so there is nothing to quote.
fn literal(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Text(text) if text.chars().all(|c| c.is_ascii_alphanumeric() || "@._+$/=:".contains(c)) => {
            format!("'{text}'")
        }
        Value::Text(text) => {
            let mut hex = String::with_capacity(2 * text.len());
            for byte in text.bytes() {
                let _ = write!(hex, "{byte:02X}"); // a String takes all
            }
            format!("CAST(X'{hex}' AS TEXT)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_where_they_belong() {
        let params: [Value; 3] = [1.into(), "a@b.c".into(), "?1; --'\n\0é".into()];
        assert_eq!(
            inline("SELECT ?1, ?3, ?2, ?1 WHERE ?4", &params),
            "SELECT 1, CAST(X'3F313B202D2D270A00C3A9' AS TEXT), 'a@b.c', 1 WHERE NULL"
        );
        assert_eq!(literal(&"".into()), "''");
        assert_eq!(literal(&Value::Integer(-5)), "-5");
    }
}
