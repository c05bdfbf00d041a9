//! Who sends a request: the `Authorization` header, its token, and the token's user.

use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::platform::Platform;
use crate::store;
use crate::token::{self, Session};
use crate::user::User;

/// The session of the request's token, as the token says it. Whether it has not ended, the database knows.
///
/// # Errors
/// Why there is none.
pub fn session(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Session, Unauthenticated> {
    let header = request.header("authorization");
    let token = header.as_deref().and_then(credentials).ok_or(Unauthenticated::Missing)?;
    token::read(&config.keys, token, platform.now())
}

/// Finds the active user of the request's token, and its session.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(User, Session), Error> {
    let session = session(config, platform, request)?;
    let user = find_active(platform.db(), &session).await?;
    Ok((user, session))
}

/// The user of a session, if they are active and it has not ended.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn find_active(db: &impl Db, session: &Session) -> Result<User, Error> {
    match store::find_user(db, session).await? {
        None => Err(Unauthenticated::NoUser.into()),
        Some((user, _)) if !user.is_active => Err(Unauthenticated::Deactivated.into()),
        Some((_, is_live)) if !is_live => Err(Unauthenticated::Invalid.into()),
        Some((user, _)) => Ok(user),
    }
}

/// Why a statement that asks for an active user and a live session found none: what a new look says.
pub async fn refusal(db: &impl Db, session: &Session) -> Error {
    find_active(db, session).await.err().unwrap_or(Unauthenticated::Invalid.into())
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
