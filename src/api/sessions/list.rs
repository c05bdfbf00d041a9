//! `GET /api/user/sessions`: lists the user's active sessions.

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::sessions;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/sessions",
    operations: &[Operation { method: "GET", id: "sessions", summary: "List the user's active sessions" }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::Token,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[],
    success: Success::Sessions {
        description: "The current session, and the others from the most recently seen on",
    },
    failures: &[],
};

/// Handles the request: one statement to find the caller, one for the list.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let now = cx.now();
    let current = cx.session_record(caller.user.id, caller.user.token_version, &caller.token.session);
    let (sessions, more) = sessions::list(cx.db(), &current, cx.config.proved_since(now), now).await?;
    let more = if more { "true" } else { "false" };
    Ok(Response::of_json(200, ["{\"sessions\":", &sessions, ",\"more\":", more, "}"].concat()))
}
