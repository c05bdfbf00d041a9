//! `DELETE /api/admin/users/{id}/credentials/{credential}`: removes an authenticator app or a passkey of a user.

use super::{ID, change};
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Operation, Parameter, RateLimit, Success, Tag,
};
use crate::config::Feature;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::staff::changes;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}/credentials/{credential}",
    operations: &[Operation {
        method: "DELETE",
        id: "removeAdminUserCredential",
        summary: "Remove an authenticator app, with its recovery codes, or a passkey of a user",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Superuser,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[
        ID,
        Parameter {
            name: "credential",
            place: "path",
            description: "The `id` of a credential among the user's `methods`",
            values: &[],
        },
    ],
    success: Success::Empty { description: "The credential is removed" },
    failures: &[Failure {
        name: "UnknownCredential",
        description: "No such user, or no such app or passkey of theirs",
        error: || Error::NotFound,
        varying: None,
    }],
};

/// Handles the request: one statement to find the user, one call to remove the credential.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (id, report) = (cx.id(1)?, cx.report());
    change(cx, &report, true, [None, None], &|change, user_id, now| {
        changes::remove_credential(change, user_id, id, now)
    })
    .await?;
    Ok(Response::empty(204))
}
