//! Users on their way from and to Django.

use super::users::{COLUMNS, UserRecord};
use super::{Database, Statement};
use crate::store::{DbError, Row, Value};

/// Reads up to `limit` users after an id, with their password hashes, for an export.
pub fn export_page(
    database: &dyn Database,
    after: i64,
    limit: usize,
) -> Result<Vec<(UserRecord, String)>, DbError> {
    let sql = format!("SELECT {}, password FROM users WHERE id > ?1 ORDER BY id LIMIT {limit}", *COLUMNS);
    let rows = database.rows(&sql, &[after.into()])?;
    rows.into_iter().map(|mut row| Ok((UserRecord::read(&mut row)?, row.text()?))).collect()
}

/// Identity of a user, and facts that tell whether their profile is still to come.
pub struct UserKeys {
    pub id: i64,
    pub username: String,
    pub email: String,
    /// Unix seconds.
    pub updated_at: i64,
    pub has_profile: bool,
}

/// Reads the keys of up to `limit` users after an id, for an import.
pub fn keys_page(database: &dyn Database, after: i64, limit: usize) -> Result<Vec<UserKeys>, DbError> {
    let sql = format!(
        "SELECT id, username, email, updated_at, bio IS NOT NULL OR image IS NOT NULL AS has_profile FROM users \
         WHERE id > ?1 ORDER BY id LIMIT {limit}"
    );
    let read = |mut row: Row| {
        Ok(UserKeys {
            id: row.integer()?,
            username: row.text()?,
            email: row.text()?,
            updated_at: row.integer()?,
            has_profile: row.boolean()?,
        })
    };
    database.rows(&sql, &[after.into()])?.into_iter().map(read).collect()
}

/// Makes a statement that imports a user; `params` are the values of its columns, in this order.
pub fn import(params: Vec<Value<'static>>) -> Statement<'static> {
    let sql = "INSERT INTO users (id, username, email, password, is_active, is_staff, is_superuser, bio, image, \
               created_at, updated_at, email_verified, verified_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, iif(?12, unixepoch(), NULL))";
    Statement { sql, params }
}

/// Makes a statement that gives a user a TOTP; `params` are its id, the user's, the sealed seed, the last time step that was
/// used, and the times at which it was added and used last.
pub fn import_app(params: Vec<Value<'static>>) -> Statement<'static> {
    let sql = "INSERT INTO credentials (id, user_id, type, key, secret, counter, created_at, used_at) \
               VALUES (?1, ?2, 'totp', ?2 || '', ?3, min(?4, unixepoch() / 30), ifnull(?5, unixepoch()), ?6)";
    Statement { sql, params }
}

/// Makes a statement that adds a profile to a user who has none and is unchanged since `params`: id, bio, image and
/// `updated_at`.
pub fn add_profile(params: Vec<Value<'static>>) -> Statement<'static> {
    let sql = "UPDATE users SET bio = ?2, image = ?3 \
               WHERE id = ?1 AND bio IS NULL AND image IS NULL AND updated_at = ?4";
    Statement { sql, params }
}

/// Makes statements that raise the last assigned id, and never lower it.
pub fn raise_last_id(last_id: i64) -> [Statement<'static>; 2] {
    [
        "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'users' AND seq < ?1",
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'users', ?1 \
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')",
    ]
    .map(|sql| Statement { sql, params: vec![last_id.into()] })
}
