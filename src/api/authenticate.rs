//! Authentication of a request: the `Authorization` header, its token, and the token's user.

use super::context::Context;
use super::endpoint::Failure;
use crate::account::user::User;
use crate::auth::session::{RECENT, Session};
use crate::auth::token::{self, VerifiedToken};
use crate::error::{Error, Unauthenticated};
use crate::http::{Header, Request, bookmark};
use crate::platform::Platform;
use crate::store::sessions::{SessionRecord, Standing, Use};
use crate::store::users::FoundSession;
use crate::store::{DAY, Db, users};

/// Sender of a request.
pub struct Caller {
    /// The user, who is active.
    pub user: User,
    /// The token, whose session has not ended.
    pub token: VerifiedToken,
    /// Requests that the token is good for.
    pub standing: Standing,
    /// `true` if the user has a second factor.
    pub has_second_factor: bool,
}

impl Caller {
    /// Tells whether the session proved itself at most `max_age` seconds before `now`, in Unix seconds. That of a user with a second
    /// factor has to have proved both at most ten minutes ago, whatever `max_age` is.
    pub fn is_proved_within(&self, max_age: Option<i64>, now: i64) -> bool {
        if self.has_second_factor {
            return is_proved_twice(&self.token.session, now);
        }
        self.token.session.is_proved_within(max_age, now)
    }

    /// Checks that the session is good for a change of credentials.
    ///
    /// # Errors
    /// [`Unauthenticated::Invalid`] in the grace of a token, or [`Error::ReauthenticationRequired`].
    pub fn check_recent(&self, now: i64) -> Result<(), Error> {
        if self.standing != Standing::Active {
            return Err(Unauthenticated::Invalid.into());
        }
        if self.is_proved_within(Some(RECENT), now) { Ok(()) } else { Err(Error::ReauthenticationRequired) }
    }
}

/// Tells whether the session proved two factors at most ten minutes before `now`, in Unix seconds.
pub fn is_proved_twice(session: &Session, now: i64) -> bool {
    session.has_two_factors() && session.is_proved_within(Some(RECENT), now)
}

/// Failure of sensitive requests.
pub const OLD_PROOF: Failure = Failure {
    name: "OldProof",
    description: "The session's last proof is too old, or lacks the user's second factor, and no `current_password` makes up for it",
    error: || Error::ReauthenticationRequired,
    varying: None,
};

/// Failure of changes of credentials.
pub const NO_RECENT_PROOF: Failure = Failure {
    name: "NoRecentProof",
    description: "The session's last proof is older than ten minutes, or lacks the user's second factor",
    error: || Error::ReauthenticationRequired,
    varying: None,
};

/// Verifies the request's token. The database knows whether its session has ended.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub fn token(cx: &Context<'_, impl Platform, impl Request>) -> Result<VerifiedToken, Error> {
    let token = bearer(cx.request).ok_or(Unauthenticated::Missing)?;
    let token = token::verify(&cx.config.keys, token, cx.now())?;
    token.check_session(cx.config.session_max_age, cx.now())?;
    Ok(token)
}

/// The token that the request carries, unverified.
pub fn bearer(request: &impl Request) -> Option<&str> {
    request.header(Header::Authorization).and_then(credentials)
}

/// Finds the caller where a state of a moment ago will do: for reading, which the nearest replica may answer. If the
/// replica rejects the token, retry on the primary: the user may have registered, or set a new password, a moment ago.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn authenticate_for_read(cx: &Context<'_, impl Platform, impl Request>) -> Result<Caller, Error> {
    if !cx.config.read_replication {
        return authenticate(cx).await;
    }
    let token = token(cx)?;
    let replica = cx.platform.replica(bookmark::from_request(cx.request));
    let found = match find_active(&replica, &token, cx.config.token_ttl, cx.now()).await {
        Ok(found) => found,
        // The replica may also have failed at the bookmark, which a client can make up.
        Err(_) => find_active(cx.db(), &token, cx.config.token_ttl, cx.now()).await?,
    };
    Ok(caller(cx, token, found))
}

/// Finds the caller as of now.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn authenticate(cx: &Context<'_, impl Platform, impl Request>) -> Result<Caller, Error> {
    let token = token(cx)?;
    authenticate_with(cx, token).await
}

/// Finds the caller as of now by a token that was verified.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn authenticate_with(
    cx: &Context<'_, impl Platform, impl Request>,
    token: VerifiedToken,
) -> Result<Caller, Error> {
    let found = find_active(cx.db(), &token, cx.config.token_ttl, cx.now()).await?;
    Ok(caller(cx, token, found))
}

/// Makes the caller. Their session is recorded later if that was not done for a day, its record was lost, or its tokens live
/// for longer by now.
fn caller(
    cx: &Context<'_, impl Platform, impl Request>,
    token: VerifiedToken,
    FoundSession { user, standing, seen_at, has_second_factor }: FoundSession,
) -> Caller {
    if seen_at.is_none_or(|seen_at| cx.now() - seen_at >= DAY) {
        cx.record_later(cx.session_record(user.id, user.token_version, &token.session));
    }
    Caller { user, token, standing, has_second_factor }
}

/// The user of a token, if they are active and the token is good, and what it is good for at `now`, in Unix seconds.
/// `token_ttl` is the validity of fresh tokens, in seconds.
///
/// # Errors
/// [`Error::Unauthenticated`].
pub async fn find_active(
    db: &impl Db,
    token: &VerifiedToken,
    token_ttl: i64,
    now: i64,
) -> Result<FoundSession, Error> {
    let Session { lifetime, proof, .. } = &token.session;
    let auth_time = proof.as_ref().map_or(0, |proof| proof.at);
    let current_use = Use::new(now, token_ttl.max(*lifetime), auth_time);
    match users::find_by_session(db, token.key(), current_use, now).await? {
        None => Err(Unauthenticated::UnknownUser.into()),
        Some(found) if !found.user.is_active => Err(Unauthenticated::Deactivated.into()),
        Some(found) if found.standing == Standing::Ended => Err(Unauthenticated::Invalid.into()),
        Some(found) => Ok(found),
    }
}

/// Record of the session of a token that the database was not asked about, as this request tells it.
pub fn record(cx: &Context<'_, impl Platform, impl Request>, token: &VerifiedToken) -> SessionRecord {
    let record = cx.session_record(token.user_id, token.token_version, &token.session);
    SessionRecord { issued_at: token.issued_at, ..record }
}

/// Looks up why a guarded statement matched no row.
pub async fn why_rejected(cx: &Context<'_, impl Platform, impl Request>, token: &VerifiedToken) -> Error {
    find_active(cx.db(), token, cx.config.token_ttl, cx.now())
        .await
        .err()
        .unwrap_or(Unauthenticated::Invalid.into())
}

/// The token of `Token <jwt>` or `Bearer <jwt>`: exactly two words, the first in any case (RFC 9110 §11.1).
fn credentials(header: &str) -> Option<&str> {
    let mut words = header.split_ascii_whitespace();
    let (scheme, token) = (words.next()?, words.next()?);
    let is_ours = scheme.eq_ignore_ascii_case("Token") || scheme.eq_ignore_ascii_case("Bearer");
    (is_ours && words.next().is_none()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_two_words_and_the_first_is_token_or_bearer() {
        for header in ["Token jwt", "token jwt", "TOKEN  jwt", "Bearer jwt", "bEARER\tjwt "] {
            assert_eq!(credentials(header), Some("jwt"), "{header:?}");
        }
        for header in ["", " ", "Token", "jwt", "Token a b", "Basic jwt", "Tokenjwt", "Token,jwt"] {
            assert_eq!(credentials(header), None, "{header:?}");
        }
    }
}
