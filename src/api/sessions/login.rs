//! `POST /api/users/login`: begins a session of a user who knows the password, or has a mailed secret.

use crate::account::password::Password;
use crate::account::validate;
use crate::api::body::{self, Fields};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{mailed_secret, proof, user_response};
use crate::auth::credentials;
use crate::auth::session::Proof;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users/login",
    operations: &[Operation { method: "POST", id: "login", summary: "Log a user in" }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::None,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "Credentials",
        rules: || vec![&validate::LOGIN_EMAIL, &validate::LOGIN_PASSWORD],
        is_patch: false,
        example: r#"{"user":{"email":"jake@example.com","password":"correct horse"}}"#,
        alternative: Some(&mailed_secret::INPUT),
    }),
    parameter: None,
    success: Success::User { status: 200, description: "The user", has_profile: false, may_have_mail: false },
    failures: &[
        Failure {
            name: "WrongCredentials",
            description: "An unknown email, or a wrong password",
            error: || Error::WrongCredentials,
            varying: None,
        },
        Failure {
            name: "Deactivated",
            description: "The right password of a deactivated user",
            error: || Error::Deactivated,
            varying: None,
        },
    ],
};

/// Handles the request, and defers the rehash of an outdated hash.
///
/// # Errors
/// Those of [`body::read`], invalid fields, wrong credentials, a deactivated user, or too many failed logins.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut fields = body::read(cx).await?;
    if let Some(secret) = proof::take_mailed_secret(cx, &mut fields) {
        let user = proof::redeem_sign_in(cx, secret, None).await?;
        return user_response::begin_session(200, cx, &user, Proof::of_email(cx.now()));
    }
    let Credentials { email, password } = parse(fields, cx.platform)?;
    let client_ip = cx.client_ip().rate_limit_key();
    let (user, rehash) =
        credentials::verify(&cx.config.passwords, cx.platform, &client_ip, &email, &password).await?;
    if let Some(rehash) = rehash {
        cx.rehash_later(rehash);
    }
    user_response::begin_session(200, cx, &user, Proof::of_password(cx.now()))
}

struct Credentials {
    email: String,
    password: Password,
}

fn parse(mut fields: Fields, platform: &impl Platform) -> Result<Credentials, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = validate::login_email(fields.take("email"), |domain| platform.domain_to_ascii(domain));
    let email = errors.check(Field::Email, email);
    let password = validate::login_password(fields.take("password"), &|text| platform.to_nfc(text));
    let password = errors.check(Field::Password, password);
    match (email, password) {
        (Some(email), Some(password)) => Ok(Credentials { email, password }),
        _ => Err(errors),
    }
}
