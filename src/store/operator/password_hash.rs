//! Properties of a stored hash, which itself never leaves the database.

use super::Database;
use crate::store::{DbError, Row};

/// SQL: the number of dollar signs in a hash.
macro_rules! dollars {
    () => {
        "length(password) - length(replace(password, '$', ''))"
    };
}

/// SQL: the part before the salt.
macro_rules! hasher {
    () => {
        "substr(password, 1, instr(password, '$') + instr(substr(password, instr(password, '$') + 1), '$') - 1)"
    };
}

/// SQL: the part after the last dollar sign.
macro_rules! digest {
    () => {
        "substr(password, 1 + length(rtrim(password, replace(password, '$', ''))))"
    };
}

/// SQL: the part of a hash before the salt.
pub const HASHER: &str = hasher!();

/// Columns that [`HashShape::read`] takes, of a row of `users`.
pub const COLUMNS: &str = concat!(
    dollars!(),
    " AS dollars, CASE WHEN password GLOB '!*' THEN '!' WHEN ",
    dollars!(),
    " < 2 THEN '' WHEN ",
    dollars!(),
    " = 2 THEN substr(password, 1, instr(password, '$') - 1) ELSE ",
    hasher!(),
    " END AS hasher, length(",
    digest!(),
    ") AS digest_length, length(rtrim(",
    digest!(),
    ", '=')) AS unpadded_length, rtrim(",
    digest!(),
    ", '=') NOT GLOB '*[^A-Za-z0-9+/]*' AND (password GLOB '*[AEIMQUYcgkosw048]=' OR password GLOB '*[AQgw]==' \
     OR password NOT GLOB '*=') AS is_base64"
);

/// Form of a stored hash, without its salt and digest.
pub struct HashShape {
    /// Number of dollar signs.
    pub dollars: i64,
    /// The part before the salt; of an unusable password only `!`.
    pub hasher: String,
    /// Length of the part after the salt.
    pub digest_length: i64,
    /// The same without padding.
    pub unpadded_length: i64,
    /// True if the part after the salt has the form of Base64.
    pub is_base64: bool,
}

impl HashShape {
    /// Reads a row of [`COLUMNS`].
    ///
    /// # Errors
    /// [`DbError::Decode`] for any other row.
    pub fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self {
            dollars: row.integer()?,
            hasher: row.text()?,
            digest_length: row.integer()?,
            unpadded_length: row.integer()?,
            is_base64: row.boolean()?,
        })
    }
}

/// Counts users by the part of their hash before the salt, most frequent first.
pub fn count_hashers(database: &dyn Database) -> Result<Vec<(String, i64)>, DbError> {
    let sql = concat!(
        "SELECT hasher, count(*) AS users FROM (SELECT ",
        hasher!(),
        " AS hasher FROM users WHERE ",
        dollars!(),
        " = 3) GROUP BY hasher ORDER BY users DESC"
    );
    database.rows(sql, &[])?.into_iter().map(|mut row| Ok((row.text()?, row.integer()?))).collect()
}
