//! `GET /api/user/credentials`: the state of the user's email, and whether it and credentials can be changed now.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

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
    parameter: None,
    success: Success::Credentials { description: "The credentials" },
    failures: &[],
};

/// Body of the response.
#[derive(Serialize)]
struct Body<'a> {
    credentials: &'a RawValue,
    email: EmailView<'a>,
    proof: bool,
    passkey: Option<Value>,
}

#[derive(Serialize)]
struct EmailView<'a> {
    address: &'a str,
    verified: bool,
    pending: Option<&'a str>,
}

/// Handles the request: one statement to find the caller, one for their credentials and addresses.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let has_passkeys = cx.config.passkeys.is_some();
    let listed = credentials::list(cx.db(), caller.user.id, has_passkeys).await?;
    let Listed { credentials, passkeys, user_handle, email, is_verified, pending } =
        listed.ok_or(Unauthenticated::UnknownUser)?;
    let is_proved = caller.check_recent(cx.now()).is_ok();
    let creation_options = || passkey::creation_options(cx, &caller.user, user_handle, &passkeys);
    let internal = |error| Error::Internal(format!("response: {error}"));
    let body = Body {
        credentials: serde_json::from_str(&credentials).map_err(internal)?,
        email: EmailView { address: &email, verified: is_verified, pending: pending.as_deref() },
        proof: is_proved,
        passkey: if is_proved { creation_options()? } else { None },
    };
    Response::json(200, &body).map_err(internal)
}
