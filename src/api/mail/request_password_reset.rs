//! `POST /api/users/password-reset`: mails a secret with which a new password can be set.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::api::{body, mailed_secret};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::mail::Message;
use crate::platform::Platform;
use crate::store::secrets::Purpose;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users/password-reset",
    operations: &[Operation {
        method: "POST",
        id: "requestPasswordReset",
        summary: "Ask for a mail with which a new password can be set",
    }],
    feature: Some(Feature::Mail),
    tag: Tag::Mail,
    authentication: Authentication::None,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "MailRequest",
        rules: || vec![&validate::LOGIN_EMAIL],
        is_patch: false,
        example: r#"{"user":{"email":"jake@example.com"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::Mail { description: "A mail is under way, if an active user has the email" },
    failures: &[body::MISSING_USER],
};

/// Handles the request. On success this is one statement, whoever has the email or nobody.
///
/// # Errors
/// The errors of [`body::read_required`], an invalid email, or too many requests for mail.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let fields = body::read_required(cx.request).await?;
    mailed_secret::request(cx, fields, Purpose::PasswordReset, Message::PasswordReset).await
}
