//! `POST /api/admin/users/{id}/password-reset`: mails a user a link with which they set a new password. Staff learn nothing with which
//! they could.

use super::{ID, UNKNOWN_USER, check_again, find_changeable};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Operation, RateLimit, Success, Tag};
use crate::api::mailed_secret;
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::mail::Message;
use crate::platform::Platform;
use crate::store::email;
use crate::store::events::Report;
use crate::store::secrets::Purpose;
use crate::store::staff::Change;
use crate::store::staff::mails::{self, RequestedReset};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}/password-reset",
    operations: &[Operation {
        method: "POST",
        id: "requestAdminPasswordReset",
        summary: "Mail a user a link with which they set a new password",
    }],
    feature: Some(Feature::StaffMail),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::RequestedMail { description: "The mail is under way" },
    failures: &[
        UNKNOWN_USER,
        Failure {
            name: "DeactivatedErrors",
            description: "The user is deactivated, so no mail is sent",
            error: deactivated,
            varying: None,
        },
    ],
};

/// Not the error of a caller who is deactivated: theirs is another account.
fn deactivated() -> Error {
    FieldErrors::of(Field::Active, Violation::Deactivated).into()
}

/// Handles the request: one statement to find the user, one for their address, one call to issue the secret.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], a deactivated user, or too many mails.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let user_id = find_changeable(cx).await?;
    let addresses = email::find(cx.db(), user_id).await?.ok_or(Error::NotFound)?;
    if !addresses.is_active {
        return Err(deactivated());
    }
    let (secret, mailed) = mailed_secret::draw(cx, Purpose::RequestedReset, &addresses.email)?;
    let report = Report { has_notices: false, ..cx.report() };
    let change = Change { key: cx.staff()?.token.key(), report: &report, is_for_superusers: false };
    let issued = mails::request_reset(cx.db(), change, user_id, &secret, cx.now()).await?;
    let Some(RequestedReset { expires, recipient }) = issued else {
        check_again(cx, false).await?;
        find_changeable(cx).await?;
        return Err(mailed_secret::throttled(cx, &secret).await);
    };
    cx.deliver_later(&report);
    cx.send_later(recipient, Message::RequestedReset(mailed));
    Ok(Response::of_json(202, [r#"{"mail":{"expires":""#, &expires, r#""}}"#].concat()))
}
