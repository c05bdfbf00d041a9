//! `POST /api/users/login`: begins a session of a user who knows the password.

use crate::account::validate;
use crate::api::body::{self, Fields};
use crate::api::user_response;
use crate::auth::credentials::{self, Upgrade};
use crate::auth::token::Session;
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors};
use crate::http::client_ip::ClientIp;
use crate::http::{Request, Response};
use crate::platform::Platform;

/// Answers the request, and says which hash to replace once the response is sent.
///
/// # Errors
/// A body, fields or credentials that are not right, too many failed logins, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(Response, Option<Upgrade>), Error> {
    let Credentials { email, password } = parse(body::read(request).await?, platform)?;
    let (user, upgrade) =
        credentials::by_password(config, platform, ClientIp::of(request), &email, &password).await?;
    let session = Session::begin(|bytes| platform.fill_random(bytes))?;
    Ok((user_response(200, config, platform, &user, &session)?, upgrade))
}

struct Credentials {
    email: String,
    password: String,
}

fn parse(mut fields: Fields, platform: &impl Platform) -> Result<Credentials, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = validate::login_email(fields.take("email"), |domain| platform.domain_to_ascii(domain));
    let email = errors.check(Field::Email, email);
    let password = errors.check(Field::Password, validate::login_password(fields.take("password")));
    match (email, password) {
        (Some(email), Some(password)) => Ok(Credentials { email, password }),
        _ => Err(errors),
    }
}
