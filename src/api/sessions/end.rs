//! `DELETE /api/user/sessions/{id}`: ends one session of the user.

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Operation, Parameter, RateLimit, Success, Tag,
};
use crate::error::{Error, Unauthenticated};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::events::Report;
use crate::store::sessions::{self, Standing};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/sessions/{id}",
    operations: &[Operation { method: "DELETE", id: "endSession", summary: "End one session of the user" }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[Parameter {
        name: "id",
        place: "path",
        description: "The `id` of a session in the list",
        values: &[],
    }],
    success: Success::Empty { description: "The session has ended" },
    failures: &[Failure {
        name: "UnknownSession",
        description: "No active session of the user has this id",
        error: || Error::NotFound,
        varying: None,
    }],
};

/// Handles the request. On success this is one statement.
///
/// # Errors
/// [`Error::Unauthenticated`], or [`Error::NotFound`] if no active session of the user has this id.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (db, token) = (cx.db(), authenticate::token(cx)?);
    let (record, now) = (authenticate::record(cx, &token), cx.now());
    let sid = sessions::sid_of(cx.parameters.first().copied().unwrap_or_default());
    let is_own = sid == token.session.sid;
    let has_ended = if is_own {
        sessions::revoke(db, &record, now).await?
    } else {
        let last_expiry = now.saturating_add(cx.config.token_ttl);
        let (proved_since, report) =
            (cx.config.proved_since(now), Report { has_notices: false, ..cx.report() });
        cx.deliver_later(&report);
        sessions::revoke_other(db, token.key(), &sid, proved_since, last_expiry, &report, now).await?
    };
    if !has_ended {
        let found = authenticate::find_active(db, &token, cx.config.token_ttl, cx.now()).await?;
        if is_own || found.standing != Standing::Active {
            return Err(Unauthenticated::Invalid.into());
        }
    }
    if !is_own {
        cx.record_later(record);
    }
    if has_ended { Ok(Response::empty(204)) } else { Err(Error::NotFound) }
}
