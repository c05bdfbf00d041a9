//! Responses with a user and a token.

use super::authenticate::{self, Caller};
use super::context::Context;
use crate::account::user::User;
use crate::auth::session::{Proof, Session};
use crate::auth::token;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::sessions::{SessionRecord, Standing};

/// Begins a session of a user who gave this proof: the one place where any does.
pub(super) fn begin_session(
    status: u16,
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    proof: Proof,
) -> Result<Response, Error> {
    let session = Session::begin(Some(proof), |bytes| cx.platform.fill_random(bytes))?;
    let record = cx.session_record(user.id, user.token_version, &session);
    cx.record_later(SessionRecord { has_begun: true, ..record });
    with_fresh_token(status, cx, user, &session)
}

/// Responds with the user and a fresh token of this session, whose proof is new.
pub(super) fn with_new_proof(
    status: u16,
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    session: &Session,
) -> Result<Response, Error> {
    cx.record_later(cx.session_record(user.id, user.token_version, session));
    with_fresh_token(status, cx, user, session)
}

/// Responds with the user and a fresh token of this session.
fn with_fresh_token(
    status: u16,
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    session: &Session,
) -> Result<Response, Error> {
    let config = cx.config;
    let now = cx.now();
    let until_session_end = session
        .proof
        .as_ref()
        .zip(config.session_max_age)
        .map(|(proof, max_age)| proof.at.saturating_add(max_age).saturating_sub(now));
    let ttl = until_session_end.map_or(config.token_ttl, |seconds| seconds.clamp(1, config.token_ttl));
    let token = token::issue(&config.keys, user.id, user.token_version, session, now, ttl)
        .map_err(|error| Error::Internal(format!("token: {error}")))?;
    with_token(status, user, &token)
}

/// Responds with the caller and a fresh token of the session; with the token of the request itself while that is only
/// in [`Standing::Grace`].
pub(super) fn of_caller(
    cx: &Context<'_, impl Platform, impl Request>,
    Caller { user, token, standing, .. }: &Caller,
) -> Result<Response, Error> {
    match authenticate::bearer(cx.request).filter(|_| *standing == Standing::Grace) {
        Some(token) => with_token(200, user, token),
        None => with_fresh_token(200, cx, user, &token.session),
    }
}

fn with_token(status: u16, user: &User, token: &str) -> Result<Response, Error> {
    Response::json(status, &user.body(token)).map_err(|error| Error::Internal(format!("response: {error}")))
}

/// Adds members, in JSON, beside the user of a response.
pub(super) fn with_members(mut response: Response, members: &str) -> Response {
    if let Some(body) = response.body.as_mut().filter(|body| body.ends_with('}')) {
        body.pop();
        for part in [",", members, "}"] {
            body.push_str(part);
        }
    }
    response
}
