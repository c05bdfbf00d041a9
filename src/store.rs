//! Every SQL statement, as functions over a [`Db`].

use crate::db::{Db, DbError, Row, Value};
use crate::user::{NewUser, User, UserPatch};

/// The columns that [`user`] reads.
const USER: &str = "id, email, username, bio, image, is_active";

fn user(row: &mut Row) -> Result<User, DbError> {
    Ok(User {
        id: row.integer()?,
        email: row.text()?,
        username: row.text()?,
        bio: row.optional_text()?,
        image: row.optional_text()?,
        is_active: row.boolean()?,
    })
}

/// Which of two values other users have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Another user has the email.
    pub email: bool,
    /// Another user has the username.
    pub username: bool,
}

/// Makes a user; `password` is the hash, `now` in Unix seconds.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn insert_user(db: &impl Db, new: &NewUser, password: &str, now: i64) -> Result<User, DbError> {
    let sql = format!(
        "INSERT INTO users (email, username, password, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4) RETURNING {USER}"
    );
    let params = [new.email.as_str().into(), new.username.as_str().into(), password.into(), now.into()];
    match db.first(&sql, &params).await? {
        Some(mut row) => user(&mut row),
        None => Err(DbError::Decode("INSERT … RETURNING gave no row".to_owned())),
    }
}

/// The user with this id.
///
/// # Errors
/// Those of the database.
pub async fn find_user(db: &impl Db, id: i64) -> Result<Option<User>, DbError> {
    let sql = format!("SELECT {USER} FROM users WHERE id = ?1");
    let row = db.first(&sql, &[id.into()]).await?;
    row.map(|mut row| user(&mut row)).transpose()
}

/// The user with this email, whatever its case, and the stored password.
///
/// # Errors
/// Those of the database.
pub async fn find_login(db: &impl Db, email: &str) -> Result<Option<(User, String)>, DbError> {
    let sql = format!("SELECT {USER}, password FROM users WHERE email = ?1");
    let row = db.first(&sql, &[email.into()]).await?;
    row.map(|mut row| Ok((user(&mut row)?, row.text()?))).transpose()
}

/// Changes an active user; the patch holds the hash of a password, `now` is in Unix seconds. Gives
/// `None`, and changes nothing, if there is no such user or they are deactivated.
///
/// Only what changes is named: an index is written again for each column that is, changed or not.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn update_user(
    db: &impl Db,
    id: i64,
    patch: &UserPatch,
    now: i64,
) -> Result<Option<User>, DbError> {
    let mut params: Vec<Value> = vec![id.into(), now.into()];
    let mut set = String::from("updated_at = ?2");
    let changes: [(&str, Option<Option<&str>>); 5] = [
        ("email", patch.email.as_deref().map(Some)),
        ("username", patch.username.as_deref().map(Some)),
        ("password", patch.password.as_deref().map(Some)),
        ("bio", patch.bio.as_ref().map(Option::as_deref)),
        ("image", patch.image.as_ref().map(Option::as_deref)),
    ];
    for (column, change) in changes {
        if let Some(value) = change {
            params.push(value.into());
            set.push_str(&format!(", {column} = ?{}", params.len()));
        }
    }
    let sql = format!("UPDATE users SET {set} WHERE id = ?1 AND is_active RETURNING {USER}");
    let row = db.first(&sql, &params).await?;
    row.map(|mut row| user(&mut row)).transpose()
}

/// Which of these values are taken by users other than `except`. For failure paths only: on the good
/// path the UNIQUE constraints decide, and of two that are broken SQLite names one.
///
/// # Errors
/// Those of the database.
pub async fn find_taken(
    db: &impl Db,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Result<Taken, DbError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1 AND id IS NOT ?3), \
               EXISTS (SELECT 1 FROM users WHERE username = ?2 AND id IS NOT ?3)";
    let row = db.first(sql, &[email.into(), username.into(), except.into()]).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT EXISTS gave no row".to_owned()))?;
    Ok(Taken { email: row.boolean()?, username: row.boolean()? })
}

/// Puts a new hash of the same password in the place of the one that was checked. If another request
/// has changed the password meanwhile, this changes nothing. `updated_at` does not move.
///
/// # Errors
/// Those of the database.
pub async fn replace_hash(db: &impl Db, id: i64, old: &str, new: &str) -> Result<(), DbError> {
    let sql = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
    db.first(sql, &[id.into(), old.into(), new.into()]).await?;
    Ok(())
}
