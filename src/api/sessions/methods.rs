//! `GET /api/users/methods`: ways in that this deployment has.

use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users/methods",
    operations: &[Operation { method: "GET", id: "methods", summary: "Tell which ways in there are" }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::None,
    rate_limit: RateLimit::None,
    input: None,
    parameter: None,
    success: Success::Methods { description: "The ways in" },
    failures: &[],
};

/// Body of the response: a login form shows what it says is there. It has no password reset, no sign-in by mail and no
/// passkeys.
pub(crate) const METHODS: &str =
    r#"{"methods":{"password":true,"reset":false,"sign_in":false,"passkey":null}}"#;

/// Handles the request, without a statement.
///
/// # Errors
/// None.
#[expect(clippy::unused_async, reason = "every handler is")]
pub async fn handle(_: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    Ok(Response::of_json(200, METHODS.to_owned()))
}
