//! The database as the rest of the crate sees it: SQL in, rows out.
//!
//! The seam lies below the SQL, so that tests on SQLite exercise the statements and constraints that
//! ship. Implemented by D1 in [`crate::worker`] and by SQLite in the tests.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;

/// A value that is bound to a statement. It owns nothing, so that a list of them is copied as bytes: the Worker is smaller for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Param<'a> {
    /// SQL's NULL.
    Null,
    /// An integer; D1 keeps those up to 2^53 exact.
    Integer(i64),
    /// Text, U+0000 and all.
    Text(&'a str),
}

impl From<i64> for Param<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// A value that is read from a row, or bound by the operator's command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// SQL's NULL.
    Null,
    /// An integer; D1 keeps those up to 2^53 exact.
    Integer(i64),
    /// Text, U+0000 and all.
    Text(Cow<'a, str>),
}

impl<'a> From<Param<'a>> for Value<'a> {
    fn from(param: Param<'a>) -> Self {
        match param {
            Param::Null => Self::Null,
            Param::Integer(integer) => Self::Integer(integer),
            Param::Text(text) => Self::Text(text.into()),
        }
    }
}

impl<'de> Deserialize<'de> for Value<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl Visitor<'_> for ValueVisitor {
            type Value = Value<'static>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, an integer or NULL")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Value::Null)
            }

            fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
                Ok(Value::Integer(integer))
            }

            fn visit_u64<E: de::Error>(self, integer: u64) -> Result<Self::Value, E> {
                integer.try_into().map(Value::Integer).map_err(E::custom)
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Value::Text(text.to_owned().into()))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// One row of a result; its columns are taken in the order of the statement.
#[derive(Debug, Deserialize)]
#[serde(from = "Vec<Value<'static>>")]
pub struct Row(std::vec::IntoIter<Value<'static>>);

impl From<Vec<Value<'static>>> for Row {
    fn from(columns: Vec<Value<'static>>) -> Self {
        Self::new(columns)
    }
}

impl Row {
    /// A row of these columns.
    pub fn new(columns: Vec<Value<'static>>) -> Self {
        Self(columns.into_iter())
    }

    /// Takes the next column, an integer.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none, or it is something else.
    pub fn integer(&mut self) -> Result<i64, DbError> {
        self.optional_integer()?.ok_or_else(|| DbError::decode("an integer", Some(&Value::Null)))
    }

    /// Takes the next column, an integer or NULL.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none, or it is something else.
    pub fn optional_integer(&mut self) -> Result<Option<i64>, DbError> {
        match self.0.next() {
            Some(Value::Integer(integer)) => Ok(Some(integer)),
            Some(Value::Null) => Ok(None),
            other => Err(DbError::decode("an integer or NULL", other.as_ref())),
        }
    }

    /// Takes the next column, a boolean; SQLite has them as the integers 0 and 1.
    ///
    /// # Errors
    /// As for [`Row::integer`].
    pub fn boolean(&mut self) -> Result<bool, DbError> {
        self.integer().map(|integer| integer != 0)
    }

    /// Takes the next column, a text.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none, or it is something else.
    pub fn text(&mut self) -> Result<String, DbError> {
        self.optional_text()?.ok_or_else(|| DbError::decode("text", Some(&Value::Null)))
    }

    /// Takes the next column, a text or NULL.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none, or it is something else.
    pub fn optional_text(&mut self) -> Result<Option<String>, DbError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text.into_owned())),
            Some(Value::Null) => Ok(None),
            other => Err(DbError::decode("text or NULL", other.as_ref())),
        }
    }
}

/// A database: D1, or SQLite in the tests.
pub trait Db {
    /// Runs one statement and gives the first row of its result, if there is one.
    ///
    /// # Errors
    /// [`DbError::Unique`] if the statement broke a UNIQUE constraint, else what went wrong.
    fn first(&self, sql: &str, params: &[Param<'_>]) -> impl Future<Output = Result<Option<Row>, DbError>>;
}

/// A statement and its parameters.
pub struct Statement<'a> {
    /// The text, with `?1` for the first parameter.
    pub sql: &'a str,
    /// The parameters.
    pub params: &'a [Param<'a>],
}

/// The parameters that a text names, of a list that it shares with others.
fn named_by<'a, 'b>(sql: &str, params: &'b [Param<'a>]) -> &'b [Param<'a>] {
    params.get(..number_of_params(sql)).unwrap_or(params)
}

/// The highest number of a parameter in a statement: D1 wants exactly as many values.
pub(super) fn number_of_params(sql: &str) -> usize {
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    };
    sql.split('?').skip(1).map(number).max().unwrap_or_default()
}

/// A database that can run several statements as one. A replica can't: it takes no writes.
pub trait Batch: Db {
    /// Runs statements in one transaction, all or none, and gives the first row of the last one's result. No two
    /// columns of that may have the same name.
    ///
    /// # Errors
    /// As for [`Db::first`]; then nothing was changed.
    fn batch(&self, statements: &[Statement<'_>]) -> impl Future<Output = Result<Option<Row>, DbError>>;
}

/// A statement that owns its text and its parameters.
pub(super) struct OwnedStatement<'a> {
    pub(super) sql: String,
    pub(super) params: Vec<Param<'a>>,
}

/// Statements of one list of parameters: each takes the first of them, as many as its text names.
pub(super) fn sharing<'a>(statements: Vec<String>, params: &[Param<'a>]) -> Vec<OwnedStatement<'a>> {
    let own = |sql: String| OwnedStatement { params: named_by(&sql, params).to_vec(), sql };
    statements.into_iter().map(own).collect()
}

/// Runs statements that share parameters, and gives the first row of the last one's result.
pub(super) async fn run(
    db: &impl Batch,
    statements: Vec<String>,
    params: Vec<Param<'_>>,
) -> Result<Option<Row>, DbError> {
    run_all(db, sharing(statements, &params)).await
}

/// Runs statements in one transaction, and gives the first row of the last one's result. It owns them, so that no caller has to drop
/// them once it has waited: the Worker is smaller for it.
pub(super) async fn run_all(
    db: &impl Batch,
    statements: Vec<OwnedStatement<'_>>,
) -> Result<Option<Row>, DbError> {
    let statements: Vec<_> =
        statements.iter().map(|OwnedStatement { sql, params }| Statement { sql, params }).collect();
    match statements.as_slice() {
        [only] => db.first(only.sql, only.params).await,
        several => db.batch(several).await,
    }
}

impl<D: Db + ?Sized> Db for &D {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        (**self).first(sql, params).await
    }
}

/// Reason for which a statement failed. The texts are for the log; they hold no values of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbError {
    /// A UNIQUE constraint was broken: `users.email`, say. Of several, SQLite names one.
    Unique {
        /// The table and column.
        column: String,
    },
    /// A row that is not what the statement says.
    Decode(String),
    /// Everything else, in the database's words.
    Other(String),
}

impl DbError {
    /// Reads SQLite's message, which D1 hands on with something added.
    pub fn from_message(message: &str) -> Self {
        message.split_once("UNIQUE constraint failed: ").map_or_else(
            || Self::Other(message.to_owned()),
            |(_, rest)| Self::Unique {
                column: rest.split([':', ',', ' ']).next().unwrap_or_default().to_owned(),
            },
        )
    }

    fn decode(expected: &str, found: Option<&Value>) -> Self {
        Self::Decode(format!(
            "expected {expected} in a row, found {}",
            match found {
                None => "no column",
                Some(Value::Null) => "NULL",
                Some(Value::Integer(_)) => "an integer",
                Some(Value::Text(_)) => "text",
            }
        ))
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unique { column } => write!(f, "UNIQUE constraint failed: {column}"),
            Self::Decode(message) | Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for DbError {}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Internal(format!("database: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_a_unique_violation_is_found_in_d1s_and_in_sqlites_words() {
        for message in [
            "UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
            "D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT",
            "UNIQUE constraint failed: users.email",
        ] {
            let column = "users.email".to_owned();
            assert_eq!(DbError::from_message(message), DbError::Unique { column });
        }
        let busy = "database is locked: SQLITE_BUSY";
        assert_eq!(DbError::from_message(busy), DbError::Other(busy.to_owned()));
    }

    #[test]
    fn a_column_of_another_type_is_an_error_that_tells_no_value() {
        let mut row = Row::new(vec![Value::Text("hunter2".into()), Value::Integer(1)]);
        assert_eq!(
            row.integer().unwrap_err().to_string(),
            "expected an integer or NULL in a row, found text"
        );
        assert_eq!(row.boolean(), Ok(true));
        assert_eq!(row.text().unwrap_err().to_string(), "expected text or NULL in a row, found no column");
    }
}
