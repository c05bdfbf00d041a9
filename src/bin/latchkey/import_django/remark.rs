//! Remarks on rows, for people and for programs.

use std::fmt::Write as _;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;

use crate::output::escape_for_terminal;

/// Most characters of a value that a line shows.
const SHOWN: usize = 60;

/// Consequence of a remark.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The user can't be imported.
    Problem,
    /// The user can be imported, without their profile.
    ProfileProblem,
    /// An oddity that is imported all the same.
    Note,
}

impl ToSql for Severity {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Severity {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value.as_i64()? {
            0 => Self::Problem,
            1 => Self::ProfileProblem,
            _ => Self::Note,
        })
    }
}

/// A remark on a field of a row.
pub struct Remark {
    pub severity: Severity,
    pub field: String,
    /// Words that follow the field's name.
    pub text: String,
    /// Value of the field; of a password, its algorithm at most.
    pub value: Option<String>,
}

/// The user of a row, as the row describes them.
#[derive(Clone, Default, Serialize)]
pub struct Who {
    pub id: Option<i64>,
    pub username: Option<String>,
    pub email: Option<String>,
}

/// A remark, with its row.
#[derive(Serialize)]
pub struct RowRemark {
    pub severity: Severity,
    /// Number in the file, from 1.
    pub row: i64,
    #[serde(flatten)]
    pub who: Who,
    pub field: String,
    pub text: String,
    pub value: Option<String>,
}

impl RowRemark {
    /// One line for a terminal. What users chose comes last and in quotes.
    pub fn line(&self) -> String {
        let Self { severity, row, who, field, text, value } = self;
        let mut line = match severity {
            Severity::Problem => format!("row {row}"),
            Severity::ProfileProblem => format!("profile, row {row}"),
            Severity::Note => format!("note: row {row}"),
        };
        let id = who.id.map(|id| format!("id {id}"));
        let [email, username] = [&who.email, &who.username]
            .map(|text| text.as_deref().filter(|text| !text.is_empty()).map(quoted));
        let parts: Vec<_> = id.into_iter().chain(email).chain(username).collect();
        if !parts.is_empty() {
            let _ = write!(line, " ({})", parts.join(", ")); // a String takes all
        }
        let _ = write!(line, ": {field} {text}");
        if let Some(value) = value {
            let _ = write!(line, ": {}", quoted(value));
        }
        line
    }
}

fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{}\"", escape_for_terminal(&shown).replace('"', "\\\""))
}
