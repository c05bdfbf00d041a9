//! `GET /api/users/methods`: ways in that this deployment has.

use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
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
    parameter: None,
    success: Success::Methods { description: "The ways in" },
    failures: &[],
};

/// Body of the response: a login form shows what it says is there. There are no passkeys.
pub(crate) fn body(has_reset: bool, has_sign_in: bool) -> String {
    let json = |is_on| if is_on { "true" } else { "false" };
    let parts = [
        r#"{"methods":{"password":true,"reset":"#,
        json(has_reset),
        r#","sign_in":"#,
        json(has_sign_in),
        r#","passkey":null}}"#,
    ];
    parts.concat()
}

/// Handles the request, without a statement.
///
/// # Errors
/// None.
#[expect(clippy::unused_async, reason = "every handler is")]
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let config = cx.config;
    Ok(Response::of_json(200, body(config.has(Feature::Mail), config.has(Feature::MailSignIn))))
}
