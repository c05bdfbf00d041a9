//! `GET /api/user`: the user of the token. One statement, by primary key, and no write; with
//! `READ_REPLICATION` on the nearest replica, and a second one on the primary if that knows no such user or session.

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, Parameter, RateLimit, Success, Tag};
use crate::api::user_response;
use crate::error::Error;
use crate::http::{Request, Response, bookmark};
use crate::platform::Platform;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user",
    operations: &[Operation { method: "GET", id: "currentUser", summary: "Read the user of the token" }],
    feature: None,
    tag: Tag::Account,
    authentication: Authentication::Token,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[Parameter {
        name: bookmark::HEADER,
        place: "header",
        description: "The last one that a response carried: the user is then at least as new",
        values: &[],
    }],
    success: Success::User { status: 200, description: "The user", has_profile: false, may_have_mail: false },
    failures: &[],
};

/// Handles the request.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate_for_read(cx).await?;
    user_response::of_caller(cx, &caller)
}
