//! The endpoints, one a file: what is read, what is done, what is answered.

pub mod body;
pub mod current_user;
pub mod login;
pub mod register;
pub mod update_user;

use crate::config::Config;
use crate::db::DbError;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Response;
use crate::platform::Platform;
use crate::store::Taken;
use crate::token;
use crate::user::User;

/// Answers with the user and a fresh token of this session.
fn user_response(
    status: u16,
    config: &Config,
    platform: &impl Platform,
    user: &User,
    sid: &str,
) -> Result<Response, Error> {
    let token = token::mint(&config.secret, user.id, sid, platform.now(), config.token_ttl)
        .map_err(|error| Error::Fault(format!("token: {error}")))?;
    Response::json(status, &user.body(&token)).map_err(|error| Error::Fault(format!("answer: {error}")))
}

fn add_taken(errors: &mut FieldErrors, taken: Taken) {
    if taken.email {
        errors.add(Field::Email, Violation::Taken);
    }
    if taken.username {
        errors.add(Field::Username, Violation::Taken);
    }
}

/// Translates a broken UNIQUE constraint. The database names one column; `taken`, asked for after the
/// fact, may name both, or none if the other user is gone by now.
fn conflict(column: &str, taken: Taken) -> Error {
    let mut errors = FieldErrors::default();
    add_taken(&mut errors, taken);
    if errors.is_empty() {
        match column {
            "users.email" => errors.add(Field::Email, Violation::Taken),
            "users.username" => errors.add(Field::Username, Violation::Taken),
            _ => return DbError::Unique { column: column.to_owned() }.into(),
        }
    }
    errors.into()
}
