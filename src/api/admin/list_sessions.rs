//! `GET /api/admin/users/{id}/sessions`: lists the active sessions of a user.

use super::{ID, UNKNOWN_USER};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::staff::sessions;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}/sessions",
    operations: &[Operation {
        method: "GET",
        id: "adminUserSessions",
        summary: "List the active sessions of a user",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::UserSessions { description: "The sessions, from the most recently seen on" },
    failures: &[UNKNOWN_USER],
};

/// Handles the request, in one statement.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (user_id, now) = (cx.id(0)?, cx.now());
    let (own, proved_since) = (cx.staff()?.token.key(), cx.config.proved_since(now));
    let listed = sessions::list(cx.db(), user_id, own, proved_since, now).await?;
    let (sessions, more) = listed.ok_or(Error::NotFound)?;
    let more = if more { "true" } else { "false" };
    Ok(Response::of_json(200, ["{\"sessions\":", &sessions, ",\"more\":", more, "}"].concat()))
}
