//! A user as the operator sees them, and how one is found.

use anyhow::{Result, bail};
use latchkey::db::{DbError, Row, Value};
use latchkey::email;
use serde::Serialize;

use crate::database::Database;
use crate::output::shown;

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

    /// The user with this email, username or id.
    ///
    /// What is an email names only who has it: usernames may look like one, and are free for anyone to choose.
    ///
    /// # Errors
    /// If there is none, or if it is the id of one and the username of another.
    pub fn find(database: &dyn Database, who: &str) -> Result<Self> {
        let (id, column) = match who.parse() {
            _ if email::is_valid(who) => (Value::Null, "email"),
            Ok(id) => (Value::Integer(id), "username"),
            Err(_) => (Value::Null, "username"),
        };
        let sql = ["SELECT ", COLUMNS, " FROM users WHERE id = ?1 OR ", column, " = ?2 ORDER BY id"].concat();
        let rows = database.rows(&sql, &[id, who.into()])?;
        let mut found =
            rows.into_iter().map(|mut row| Self::read(&mut row)).collect::<Result<Vec<_>, _>>()?;
        match (found.pop(), found.pop()) {
            (None, _) => bail!("there is no user {}: give an email, a username or an id", shown(who)),
            (Some(user), None) => Ok(user),
            (Some(one), Some(other)) => bail!(
                "{who} is the id of one user and the username of another: name them by their email, {} or {}",
                shown(&other.email),
                shown(&one.email)
            ),
        }
    }
}
