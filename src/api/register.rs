//! `POST /api/users`: makes a user and begins a session.

use crate::api::body::{self, Fields};
use crate::api::{Rejected, conflict, user_response};
use crate::config::Config;
use crate::db::DbError;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store;
use crate::token::Session;
use crate::user::NewUser;
use crate::validate;

/// Answers the request. On success this is one statement: the database decides what is unique.
///
/// # Errors
/// What is wrong with the body or its fields, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let db = platform.db();
    let new = match parse(body::read(request).await?) {
        Ok(new) => new,
        Err(rejected) => return Err(rejected.into_error(db, None).await),
    };
    let hash = config.hasher.hash(&new.password, |bytes| platform.fill_random(bytes))?;
    let user = match store::insert_user(db, &new, &hash, platform.now()).await {
        Err(DbError::Unique { column }) => {
            return Err(conflict(db, column, Some(&new.email), Some(&new.username), None).await);
        }
        inserted => inserted?,
    };
    let session = Session::begin(|bytes| platform.fill_random(bytes))?;
    user_response(201, config, platform, &user, &session)
}

fn parse(mut fields: Fields) -> Result<NewUser, Rejected> {
    let mut errors = FieldErrors::default();
    let email = errors.check(Field::Email, validate::email(fields.take("email")));
    let username = errors.check(Field::Username, validate::username(fields.take("username")));
    let password = errors.check(Field::Password, validate::password(fields.take("password")));
    match (email, username, password) {
        (Some(email), Some(username), Some(password)) => Ok(NewUser { email, username, password }),
        (email, username, _) => Err(Rejected { errors, email, username }),
    }
}
