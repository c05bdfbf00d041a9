//! `DELETE /api/admin/users/{id}/sessions/{session}`: ends one session of a user.

use super::{ID, change};
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Operation, Parameter, RateLimit, Success, Tag,
};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::events::Report;
use crate::store::sessions::sid_of;
use crate::store::staff::changes;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}/sessions/{session}",
    operations: &[Operation {
        method: "DELETE",
        id: "endAdminUserSession",
        summary: "End one session of a user",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[
        ID,
        Parameter {
            name: "session",
            place: "path",
            description: "The `id` of a session in the list",
            values: &[],
        },
    ],
    success: Success::Empty { description: "The session has ended" },
    failures: &[Failure {
        name: "UnknownSession",
        description: "No such user, or no active session of theirs has this id",
        error: || Error::NotFound,
        varying: None,
    }],
};

/// Handles the request: one statement to find the user, one call to end the session.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let sid = sid_of(cx.parameters.get(1).copied().unwrap_or_default());
    let report = Report { has_notices: false, ..cx.report() };
    let (config, sid) = (cx.config, &*sid);
    change(cx, &report, false, [None, None], &|change, user_id, now| {
        let last_expiry = now.saturating_add(config.token_ttl);
        changes::end_session(change, user_id, sid, config.proved_since(now), last_expiry, now)
    })
    .await?;
    Ok(Response::empty(204))
}
