//! D1 through `wrangler d1 execute`: the deployed database, or the local one.
//!
//! Wrangler takes whole statements, no parameters; so those are written into them as literals.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, iter};

use anyhow::{Context as _, Result};
use latchkey::db::{DbError, Row, Value};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::database::{Database, Statement};

const BIN: &str = "node_modules/.bin";

/// PATH with the project's own Node first.
pub fn path_with_node() -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(iter::once(PathBuf::from(BIN)).chain(env::split_paths(&path)))?)
}

/// Wrangler, without arguments.
pub fn command() -> Result<Command> {
    let mut command = Command::new(Path::new(BIN).join("wrangler"));
    command
        .env("PATH", path_with_node()?)
        .env("WRANGLER_LOG", "log") // less, and the answer is left out too
        .env("WRANGLER_SEND_METRICS", "false")
        .stdin(Stdio::null());
    Ok(command)
}

pub struct Wrangler {
    /// The arguments that say which database.
    pub target: Vec<String>,
}

impl Wrangler {
    fn execute(&self, source: &[&str]) -> Result<Vec<Executed>> {
        let output = command()?
            .args(["d1", "execute", "DB", "--json", "--yes"])
            .args(&self.target)
            .args(source)
            .output()
            .context("wrangler is not installed: run 'npm ci' first")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (start, end) = (text.find('[').unwrap_or(0), text.rfind(']').map_or(0, |end| end + 1));
        if output.status.success() {
            return serde_json::from_str(text.get(start..end).unwrap_or_default())
                .with_context(|| format!("wrangler's answer can't be read: {}", text.trim()));
        }
        let told = [text, String::from_utf8_lossy(&output.stderr)].join("\n");
        anyhow::bail!("wrangler failed: {}", told.trim())
    }
}

#[derive(Deserialize)]
struct Executed {
    #[serde(default)]
    results: Vec<Columns>,
}

/// A row, which wrangler gives as an object, in the order of its columns.
struct Columns(Vec<Value<'static>>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Columns;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some((_, value)) = map.next_entry::<IgnoredAny, Value<'static>>()? {
                    columns.push(value);
                }
                Ok(Columns(columns))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl Database for Wrangler {
    fn rows(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let sql = inline(sql, params);
        let executed = self.execute(&["--command", &sql]).map_err(error)?;
        let last = executed.into_iter().next_back();
        Ok(last
            .into_iter()
            .flat_map(|executed| executed.results)
            .map(|columns| Row::new(columns.0))
            .collect())
    }

    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError> {
        let mut file =
            tempfile::Builder::new().suffix(".sql").tempfile().map_err(|cause| error(cause.into()))?;
        for Statement { sql, params } in statements {
            writeln!(file, "{};", inline(sql, params)).map_err(|cause| error(cause.into()))?;
        }
        file.flush().map_err(|cause| error(cause.into()))?;
        let path = file.path().to_string_lossy();
        self.execute(&["--file", &path]).map(drop).map_err(error)
    }
}

fn error(error: anyhow::Error) -> DbError {
    DbError::from_message(&format!("{error:#}"))
}

/// A statement with its parameters written into it.
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

/// A value as SQL. What could mean anything to SQL, to wrangler, which splits statements itself, or to a terminal is
/// written in hexadecimal, so there is nothing to quote.
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
