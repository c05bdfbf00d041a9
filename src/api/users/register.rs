//! `POST /api/users`: makes a user and begins a session.

use crate::account::user::NewUser;
use crate::account::validate;
use crate::api::body::{self, Fields};
use crate::api::{add_taken, conflict, user_response};
use crate::auth::registration_limit;
use crate::auth::token::Session;
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors};
use crate::http::client_ip::ClientIp;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store;
use crate::store::db::{Db, DbError};

/// Answers the request. On success this is one call of the database, which decides what is unique.
///
/// # Errors
/// A body or fields that are not right, too many registrations from the network, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let db = platform.db();
    let new = match parse(body::read(request).await?, platform) {
        Ok(new) => new,
        Err(rejected) => return Err(rejected.into_error(db).await),
    };
    let hash = config.hasher.hash(&new.password, |bytes| platform.fill_random(bytes))?;
    let now = platform.now();
    let limit = config.registrations.counters(ClientIp::of(request), now);
    let user = match store::insert_user(db, &new, &hash, limit.as_ref(), now).await {
        Err(DbError::Unique { column }) => {
            return Err(conflict(db, column, Some(&new.email), Some(&new.username), None).await);
        }
        inserted => inserted?.ok_or(Error::Throttled { seconds: registration_limit::wait(now) })?,
    };
    let session = Session::begin(|bytes| platform.fill_random(bytes))?;
    user_response(201, config, platform, &user, &session)
}

/// Fields that break rules, and what of the rest has to be unique.
struct Rejected {
    errors: FieldErrors,
    email: Option<String>,
    username: Option<String>,
}

impl Rejected {
    /// Adds which of the rest other users have.
    async fn into_error(mut self, db: &impl Db) -> Error {
        let (email, username) = (self.email.as_deref(), self.username.as_deref());
        match add_taken(&mut self.errors, db, email, username, None).await {
            Ok(()) => self.errors.into(),
            Err(error) => error.into(),
        }
    }
}

fn parse(mut fields: Fields, platform: &impl Platform) -> Result<NewUser, Rejected> {
    let mut errors = FieldErrors::default();
    let email = validate::email(fields.take("email"), |domain| platform.domain_to_ascii(domain));
    let email = errors.check(Field::Email, email);
    let username = errors.check(Field::Username, validate::username(fields.take("username")));
    let password = errors.check(Field::Password, validate::password(fields.take("password")));
    match (email, username, password) {
        (Some(email), Some(username), Some(password)) => Ok(NewUser { email, username, password }),
        (email, username, _) => Err(Rejected { errors, email, username }),
    }
}
