//! The endpoints, one a file: what is read, what is done, what is answered.

pub mod authenticate;
pub mod body;
pub mod openapi;
pub mod rate_limit;
pub mod route;
pub mod sessions;
pub mod users;

use self::authenticate::Caller;
use crate::account::user::User;
use crate::auth::token::{self, Session};
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::db::{Db, DbError};
use crate::store::{self, Standing};

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
    user_body(status, user, &token)
}

/// Answers with the caller and a fresh token of the session; with the token of the request itself while that is only
/// in [`Standing::Grace`].
fn caller_response(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
    Caller { user, token, standing }: &Caller,
) -> Result<Response, Error> {
    match authenticate::presented(request).filter(|_| *standing == Standing::Grace) {
        Some(token) => user_body(200, user, token),
        None => user_response(200, config, platform, user, &token.session),
    }
}

fn user_body(status: u16, user: &User, token: &str) -> Result<Response, Error> {
    Response::json(status, &user.body(token)).map_err(|error| Error::Fault(format!("answer: {error}")))
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
