//! Responses with a user and a token.

use super::authenticate::{self, Caller};
use super::context::Context;
use super::endpoint::Handled;
use crate::account::user::User;
use crate::auth::session::Session;
use crate::auth::token;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::sessions::Standing;

/// Responds with the user and a fresh token of this session.
pub(super) fn with_fresh_token(
    status: u16,
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    session: &Session,
) -> Result<Handled, Error> {
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
    Caller { user, token, standing }: &Caller,
) -> Result<Handled, Error> {
    match authenticate::bearer(cx.request).filter(|_| *standing == Standing::Grace) {
        Some(token) => with_token(200, user, token),
        None => with_fresh_token(200, cx, user, &token.session),
    }
}

fn with_token(status: u16, user: &User, token: &str) -> Result<Handled, Error> {
    let response = Response::json(status, &user.body(token));
    response.map(Handled::from).map_err(|error| Error::Internal(format!("response: {error}")))
}
