//! `GET /api/admin/users/{id}`: shows a user, with their ways in.

use super::{ID, UNKNOWN_USER};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::staff;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}",
    operations: &[Operation { method: "GET", id: "adminUser", summary: "Show a user, with their ways in" }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::StaffUser { status: 200, description: "The user", has_methods: true },
    failures: &[UNKNOWN_USER],
};

/// Handles the request, in one statement.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let user = staff::find(cx.db(), cx.id(0)?).await?.ok_or(Error::NotFound)?;
    Ok(respond_with(200, &user))
}

/// Responds with a user, who is an object in JSON.
pub(super) fn respond_with(status: u16, user: &str) -> Response {
    Response::of_json(status, [r#"{"user":"#, user, "}"].concat())
}
