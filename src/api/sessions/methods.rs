//! `GET /api/users/methods`: ways in that this deployment has.

use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::api::passkey;
use crate::config::Feature;
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
    parameters: &[],
    success: Success::Methods { description: "The ways in" },
    failures: &[],
};

/// Body of the response: a login form shows what it says is there. `passkey` are options in JSON, or `null`.
pub(crate) fn body(has_reset: bool, has_sign_in: bool, passkey: &str) -> String {
    let json = |is_on| if is_on { "true" } else { "false" };
    let parts = [
        r#"{"methods":{"password":true,"reset":"#,
        json(has_reset),
        r#","sign_in":"#,
        json(has_sign_in),
        r#","passkey":"#,
        passkey,
        "}}",
    ];
    parts.concat()
}

/// Handles the request, without a statement.
///
/// # Errors
/// None but internal ones.
#[expect(clippy::unused_async, reason = "every handler is")]
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (passkey, config) = (passkey::request_options(cx)?, cx.config);
    let passkey = passkey.as_deref().unwrap_or("null");
    Ok(Response::of_json(200, body(config.has(Feature::Mail), config.has(Feature::MailSignIn), passkey)))
}
