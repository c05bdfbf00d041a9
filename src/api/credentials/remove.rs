//! `DELETE /api/user/credentials/{id}`: removes a credential.

use super::ID;
use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::credentials::{self, Changer, Removal};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/credentials/{id}",
    operations: &[Operation {
        method: "DELETE",
        id: "removeCredential",
        summary: "Remove a passkey, or an authenticator app with its recovery codes",
    }],
    feature: Some(Feature::Credentials),
    tag: Tag::Credentials,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[ID],
    success: Success::Empty { description: "It is removed" },
    failures: &[
        authenticate::NO_RECENT_PROOF,
        Failure {
            name: "UnknownCredential",
            description: "No such credential of the user",
            error: || Error::NotFound,
            varying: None,
        },
        Failure {
            name: "LastWayIn",
            description: "The last passkey of a user without a usable password, where the deployment sends no mail",
            error: last_way_in,
            varying: None,
        },
    ],
};

fn last_way_in() -> Error {
    FieldErrors::of(Field::Credential, Violation::LastWayIn).into()
}

/// Handles the request: one statement to find the caller, one call to remove the credential.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::ReauthenticationRequired`], [`Error::NotFound`], or the last way in.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    caller.check_recent(cx.now())?;
    let id = cx.id(0)?;
    let report = cx.report();
    let changer = Changer { key: caller.token.key(), report: &report };
    let removal = credentials::remove(cx.db(), changer, id, cx.now()).await?;
    if removal != Removal::Removed {
        // The session may have ended meanwhile.
        authenticate::authenticate(cx).await?;
    }
    match removal {
        Removal::Removed => {
            cx.deliver_later(&report);
            Ok(Response::empty(204))
        }
        Removal::LastWayIn => Err(last_way_in()),
        Removal::NotFound => Err(Error::NotFound),
    }
}
