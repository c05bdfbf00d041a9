//! Who sends a request: the `Authorization` header, its token, and the token's user.

use crate::bookmark;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::platform::Platform;
use crate::store;
use crate::token::{self, Token};
use crate::user::User;

/// The request's token, as it was signed. Whether its session has ended, the database knows.
///
/// # Errors
/// Why there is none.
pub fn token(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Token, Unauthenticated> {
    let token = request.header("authorization").and_then(credentials).ok_or(Unauthenticated::Missing)?;
    token::read(&config.keys, token, platform.now())
}

/// Finds the active user of the request's token, and the token, where a state of a moment ago will do: for
/// reading. Whom the nearest copy of the database refuses, the primary decides about: they may have
/// registered, or logged in with a new password, a moment ago.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate_reader(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(User, Token), Error> {
    let token = token(config, platform, request)?;
    let bookmark = bookmark::presented(request);
    let user = match find_active(&platform.nearest(bookmark), &token).await {
        Ok(user) => user,
        // The copy may also have failed at the bookmark, which a client can make up.
        Err(_) => find_active(platform.db(), &token).await?,
    };
    Ok((user, token))
}

/// Finds the active user of the request's token, and the token, as of now.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(User, Token), Error> {
    let token = token(config, platform, request)?;
    let user = find_active(platform.db(), &token).await?;
    Ok((user, token))
}

/// The user of a token, if they are active and its session has not ended.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn find_active(db: &impl Db, token: &Token) -> Result<User, Error> {
    match store::find_user(db, token).await? {
        None => Err(Unauthenticated::NoUser.into()),
        Some((user, _)) if !user.is_active => Err(Unauthenticated::Deactivated.into()),
        Some((_, is_live)) if !is_live => Err(Unauthenticated::Invalid.into()),
        Some((user, _)) => Ok(user),
    }
}

/// Why a statement that asks for an active user and a live session found none: what a new look says.
pub async fn refusal(db: &impl Db, token: &Token) -> Error {
    find_active(db, token).await.err().unwrap_or(Unauthenticated::Invalid.into())
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
