//! `DELETE /api/admin/users/{id}`: erases a user.

use super::{ID, UNKNOWN_USER, find_changeable, why_refused};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::email;
use crate::store::events::Report;
use crate::store::staff::{Change, changes};

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

/// Handles the request: one statement to find the user, one for their address, one call to erase them.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let user_id = find_changeable(cx).await?;
    let email = email::find(cx.db(), user_id).await?.ok_or(Error::NotFound)?.email;
    let lockout = &cx.config.passwords.lockout;
    let accounts = [lockout.account(&email), lockout.user(user_id), lockout.factor(&user_id.to_string())];
    let report = Report { has_notices: false, ..cx.report() };
    let change = Change { key: cx.staff()?.token.key(), report: &report, is_for_superusers: true };
    let accounts = accounts.each_ref().map(String::as_str);
    if !changes::erase(cx.db(), change, user_id, accounts, cx.now()).await? {
        return Err(why_refused(cx, change).await);
    }
    cx.deliver_later(&report);
    Ok(Response::empty(204))
}
