//! The endpoints, one a file: what is read, what is done, what is answered.

pub mod body;
pub mod current_user;
pub mod deactivate_user;
pub mod login;
pub mod logout;
pub mod reference;
pub mod register;
pub mod update_user;

use crate::config::Config;
use crate::db::{Db, DbError};
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Response;
use crate::platform::Platform;
use crate::store;
use crate::token::{self, Session};
use crate::user::User;

/// Answers with the user and a fresh token of this session.
fn user_response(
    status: u16,
    config: &Config,
    platform: &impl Platform,
    user: &User,
    session: &Session,
) -> Result<Response, Error> {
    let token =
        token::mint(&config.keys, user.id, user.token_version, session, platform.now(), config.token_ttl)
            .map_err(|error| Error::Fault(format!("token: {error}")))?;
    Response::json(status, &user.body(&token)).map_err(|error| Error::Fault(format!("answer: {error}")))
}

/// Fields that break rules, and what of the rest has to be unique.
struct Rejected {
    errors: FieldErrors,
    email: Option<String>,
    username: Option<String>,
}

impl Rejected {
    /// Adds which of the rest other users than `except` have.
    async fn into_error(mut self, db: &impl Db, except: Option<i64>) -> Error {
        let (email, username) = (self.email.as_deref(), self.username.as_deref());
        match add_taken(&mut self.errors, db, email, username, except).await {
            Ok(()) => self.errors.into(),
            Err(error) => error.into(),
        }
    }
}

/// Translates a broken UNIQUE constraint. The database names one column; asked after the fact, it may
/// name both, or none if the other user is gone by now.
async fn conflict(
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

async fn add_taken(
    errors: &mut FieldErrors,
    db: &impl Db,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Result<(), DbError> {
    if email.is_none() && username.is_none() {
        return Ok(());
    }
    let taken = store::find_taken(db, email, username, except).await?;
    if taken.email {
        errors.add(Field::Email, Violation::Taken);
    }
    if taken.username {
        errors.add(Field::Username, Violation::Taken);
    }
    Ok(())
}
