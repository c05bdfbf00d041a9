//! `GET /api/user/credentials`: the state of the user's email, and whether it and credentials can be changed now.

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::api::passkey;
use crate::config::Feature;
use crate::error::{Error, Unauthenticated};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::credentials::{self, Listed};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/credentials",
    operations: &[Operation {
        method: "GET",
        id: "credentials",
        summary: "Read the user's credentials, and the state of their email",
    }],
    feature: Some(Feature::Credentials),
    tag: Tag::Credentials,
    authentication: Authentication::Token,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[],
    success: Success::Credentials { description: "The credentials" },
    failures: &[],
};

/// Handles the request: one statement to find the caller, one for their credentials and addresses.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let has_passkeys = cx.config.passkeys.is_some();
    let listed = credentials::list(cx.db(), caller.user.id, has_passkeys).await?;
    let Listed { credentials, passkeys, user_handle, email } = listed.ok_or(Unauthenticated::UnknownUser)?;
    let is_proved = caller.check_recent(cx.now()).is_ok();
    let options =
        if is_proved { passkey::creation_options(cx, &caller.user, user_handle, &passkeys)? } else { None };
    let parts = [
        r#"{"credentials":"#,
        &credentials,
        r#","email":"#,
        &email,
        r#","proof":"#,
        if is_proved { "true" } else { "false" },
        r#","passkey":"#,
        options.as_deref().unwrap_or("null"),
        "}",
    ];
    Ok(Response::of_json(200, parts.concat()))
}
