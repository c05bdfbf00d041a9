//! `DELETE /api/admin/users/{id}`: erases a user.

use super::{ID, UNKNOWN_USER, change};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::email;
use crate::store::events::Report;
use crate::store::staff::changes;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}",
    operations: &[Operation {
        method: "DELETE",
        id: "eraseUser",
        summary: "Erase a user: all their rows, and all that their events tell of them but the id",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Superuser,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::Empty {
        description: "The user is erased. The id is given to nobody else, and the email is free",
    },
    failures: &[UNKNOWN_USER],
};

/// Handles the request: one statement for the address of the user, one to find their flags, one call to erase them.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let user_id = cx.id(0)?;
    let email = email::find(cx.db(), user_id).await?.ok_or(Error::NotFound)?.email;
    let lockout = &cx.config.passwords.lockout;
    let accounts = [lockout.account(&email), lockout.user(user_id), lockout.factor(&user_id.to_string())];
    let report = Report { has_notices: false, ..cx.report() };
    let accounts = accounts.each_ref().map(String::as_str);
    change(cx, &report, true, [None, None], &|change, user_id, now| {
        changes::erase(change, user_id, accounts, now)
    })
    .await?;
    Ok(Response::empty(204))
}
