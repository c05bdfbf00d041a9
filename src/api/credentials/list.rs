//! `GET /api/user/credentials`: the state of the user's email, and whether it and credentials can be changed now.

use serde::Serialize;

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::auth::session::RECENT;
use crate::config::Feature;
use crate::error::{Error, Unauthenticated};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::email::{self, Addresses};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/credentials",
    operations: &[Operation {
        method: "GET",
        id: "credentials",
        summary: "Read the user's credentials, and the state of their email",
    }],
    feature: Some(Feature::Mail),
    tag: Tag::Account,
    authentication: Authentication::Token,
    rate_limit: RateLimit::None,
    input: None,
    parameter: None,
    success: Success::Credentials { description: "The credentials" },
    failures: &[],
};

/// Body of the response. There are no credentials yet but the password.
#[derive(Serialize)]
struct Body<'a> {
    credentials: [(); 0],
    email: EmailView<'a>,
    proof: bool,
    passkey: (),
}

#[derive(Serialize)]
struct EmailView<'a> {
    address: &'a str,
    verified: bool,
    pending: Option<&'a str>,
}

/// Handles the request: one statement to find the caller, one for their addresses.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let addresses = email::find(cx.db(), caller.user.id).await?.ok_or(Unauthenticated::UnknownUser)?;
    let Addresses { email, is_verified, pending } = &addresses;
    let body = Body {
        credentials: [],
        email: EmailView { address: email, verified: *is_verified, pending: pending.as_deref() },
        proof: caller.token.session.is_proved_within(Some(RECENT), cx.now()),
        passkey: (),
    };
    Response::json(200, &body).map_err(|error| Error::Internal(format!("response: {error}")))
}
