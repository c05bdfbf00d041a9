//! `DELETE /api/admin/users/{id}/sessions`: ends every session of a user, and every secret with them.

use super::{ID, UNKNOWN_USER, change};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::events::Report;
use crate::store::staff::changes;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}/sessions",
    operations: &[Operation {
        method: "DELETE",
        id: "endAdminUserSessions",
        summary: "End every session of a user, and every mailed secret with them",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::Empty { description: "The sessions have ended" },
    failures: &[UNKNOWN_USER],
};

/// Handles the request: one statement to find the user, one call to end the sessions.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let report = Report { has_notices: false, ..cx.report() };
    change(cx, &report, false, [None, None], &changes::end_sessions).await?;
    Ok(Response::empty(204))
}
