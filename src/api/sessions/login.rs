//! `POST /api/users/login`: begins a session of a user who proves who they are.

use crate::account::validate;
use crate::api::body;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{proof, user_response};
use crate::error::Error;
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
        alternatives: proof::OTHERS,
        ..Input::USER
    }),
    parameters: &[],
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
        proof::FACTOR_REQUIRED,
    ],
};

/// Handles the request, and defers the rehash of an outdated hash.
///
/// # Errors
/// Errors of [`body::read`] and of [`proof::verify`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let fields = body::read(cx).await?;
    let (user, proof) = proof::verify(cx, fields, None).await?;
    user_response::begin_session(200, cx, &user, proof)
}
