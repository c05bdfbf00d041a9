//! `DELETE /api/admin/users/{id}/sessions/{session}`: ends one session of a user.

use super::{ID, find_changeable, why_refused};
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
use crate::store::staff::{Change, changes};

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
    let user_id = find_changeable(cx).await?;
    let sid = sid_of(cx.parameters.get(1).copied().unwrap_or_default());
    let (now, report) = (cx.now(), Report { has_notices: false, ..cx.report() });
    let change = Change { key: cx.staff()?.token.key(), report: &report, is_for_superusers: false };
    let (proved_since, last_expiry) = (cx.config.proved_since(now), now.saturating_add(cx.config.token_ttl));
    if !changes::end_session(cx.db(), change, user_id, &sid, proved_since, last_expiry, now).await? {
        return Err(match why_refused(cx, change).await {
            Error::Forbidden => Error::NotFound, // nothing else was wrong
            error => error,
        });
    }
    cx.deliver_later(&report);
    Ok(Response::empty(204))
}
