//! User as the operator sees them, and the lookup of one.

use anyhow::{Result, bail};
use latchkey::account::email;
use latchkey::store::db::{DbError, Row, Value};
use serde::Serialize;

use crate::database::Database;
use crate::output::escape_for_terminal;

/// The columns that [`Record::read`] takes, in their order.
pub const COLUMNS: &str = "id, username, email, is_active, is_staff, is_superuser, bio, image, created_at, updated_at, token_version";

/// A user, without the password's hash.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub bio: Option<String>,
    pub image: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    pub token_version: i64,
}

impl Record {
    /// Reads a row of [`COLUMNS`].
    pub fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.integer()?,
            username: row.text()?,
            email: row.text()?,
            is_active: row.boolean()?,
            is_staff: row.boolean()?,
            is_superuser: row.boolean()?,
            bio: row.optional_text()?,
            image: row.optional_text()?,
            created_at: row.integer()?,
            updated_at: row.integer()?,
            token_version: row.integer()?,
        })
    }

    /// Finds a user by email, id or username.
    pub fn find(database: &dyn Database, text: &str) -> Result<Self> {
        let selector = Selector::parse(text)?;
        let (column, value) = match &selector {
            Selector::Email(email) => ("email", email.as_str().into()),
            Selector::Id(id) => ("id", Value::Integer(*id)),
            Selector::Username(username) => ("username", username.as_str().into()),
        };
        let sql = ["SELECT ", COLUMNS, " FROM users WHERE ", column, " = ?1"].concat();
        match database.row(&sql, &[value])? {
            Some(mut row) => Ok(Self::read(&mut row)?),
            None => bail!("{}", selector.not_found()),
        }
    }
}

/// Argument that identifies a user. Anyone can choose a username that looks like another user's email or id, so an
/// argument has only one meaning.
#[derive(Debug, PartialEq)]
pub enum Selector {
    /// Normalized like the API does.
    Email(String),
    Id(i64),
    Username(String),
}

impl Selector {
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            bail!("no user given: pass an email, a username or an id");
        }
        if text.contains('@') {
            return Ok(Self::Email(email::normalize(text.to_owned(), email::domain_to_ascii)));
        }
        let is_number =
            text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        // A number that is too large for an id is not a username either.
        Ok(if is_number {
            Self::Id(text.parse().unwrap_or(i64::MAX))
        } else {
            Self::Username(text.to_owned())
        })
    }

    fn not_found(&self) -> String {
        match self {
            Self::Email(email) => format!(
                "there is no user with the email {}; one whose username has an @ in it is found by email or id",
                escape_for_terminal(email)
            ),
            Self::Id(id) => format!(
                "there is no user with the id {id}; one whose username is a number is found by email or id"
            ),
            Self::Username(username) => {
                format!("there is no user with the username {}", escape_for_terminal(username))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_has_one_meaning() {
        let email = |text: &str| Selector::Email(text.to_owned());
        let username = |text: &str| Selector::Username(text.to_owned());
        for (text, selector) in [
            ("jake", username("jake")),
            (" \u{a0}jake\u{3000}\n", username("jake")),
            ("Jake@EXAMPLE.com ", email("Jake@example.com")),
            ("jake@BÜCHER.example", email("jake@xn--bcher-kva.example")),
            ("not an address@", email("not an address@")),
            ("@jake", email("@jake")),
            ("7", Selector::Id(7)),
            (" 7\n", Selector::Id(7)),
            ("0", Selector::Id(0)),
            ("9223372036854775807", Selector::Id(i64::MAX)),
            ("9223372036854775808", Selector::Id(i64::MAX)),
            ("+1", username("+1")),
            ("-1", username("-1")),
            ("01", username("01")),
            ("00", username("00")),
            ("0x1", username("0x1")),
            ("1.0", username("1.0")),
            ("1_000", username("1_000")),
            ("\u{ff11}", username("\u{ff11}")),
        ] {
            assert_eq!(Selector::parse(text).unwrap(), selector, "{text:?}");
        }
        for text in ["", " \u{2003}\n"] {
            assert!(Selector::parse(text).is_err());
        }
    }
}
