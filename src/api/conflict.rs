//! Conflicts: values that have to be unique and that another user has.

use crate::error::{Error, Field, FieldErrors, Violation};
use crate::store::{Db, DbError, users};

/// Translates a broken UNIQUE constraint. The database names one column; asked after the fact, it may
/// name both, or none if the other user is gone by now.
pub(super) async fn from_constraint(
    db: &impl Db,
    column: String,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Error {
    let mut errors = FieldErrors::default();
    if let Err(error) = add_taken(&mut errors, db, email, username, except).await {
        return error.into();
    }
    if errors.is_empty() {
        match column.as_str() {
            "users.email" => errors.add(Field::Email, Violation::Taken),
            "users.username" => errors.add(Field::Username, Violation::Taken),
            _ => return DbError::Unique { column }.into(),
        }
    }
    errors.into()
}

/// Adds a violation for each of these values that a user other than `except` has.
pub(super) async fn add_taken(
    errors: &mut FieldErrors,
    db: &impl Db,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Result<(), DbError> {
    if email.is_none() && username.is_none() {
        return Ok(());
    }
    let taken = users::find_taken(db, email, username, except).await?;
    if taken.email {
        errors.add(Field::Email, Violation::Taken);
    }
    if taken.username {
        errors.add(Field::Username, Violation::Taken);
    }
    Ok(())
}
