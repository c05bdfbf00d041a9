//! The sender of a request: the `Authorization` header, its token, and the token's user.

use crate::account::user::User;
use crate::auth::token::{self, Token};
use crate::config::Config;
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::http::bookmark;
use crate::platform::Platform;
use crate::store::db::Db;
use crate::store::{self, Standing};

/// Sender of a request.
pub struct Caller {
    /// The user, who is active.
    pub user: User,
    /// The token, whose session has not ended.
    pub token: Token,
    /// Requests that the token is good for.
    pub standing: Standing,
}

/// The request's token, as it was signed. Whether its session has ended, the database knows.
///
/// # Errors
/// Why there is none.
pub fn token(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Token, Unauthenticated> {
    let token = presented(request).ok_or(Unauthenticated::Missing)?;
    token::read(&config.keys, token, platform.now())
}

/// The token that the request carries, unread.
pub fn presented(request: &impl Request) -> Option<&str> {
    request.header("authorization").and_then(credentials)
}

/// Finds the caller where a state of a moment ago will do: for reading, which the nearest replica may answer. If that
/// refuses the token, the primary decides: the user may have registered, or logged in with a new password, a moment ago.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate_reader(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Caller, Error> {
    if !config.read_replication {
        return authenticate(config, platform, request).await;
    }
    let token = token(config, platform, request)?;
    let bookmark = bookmark::presented(request);
    let (user, standing) = match find_active(&platform.nearest(bookmark), &token, platform.now()).await {
        Ok(found) => found,
        // The replica may also have failed at the bookmark, which a client can make up.
        Err(_) => find_active(platform.db(), &token, platform.now()).await?,
    };
    Ok(Caller { user, token, standing })
}

/// Finds the caller as of now.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Caller, Error> {
    let token = token(config, platform, request)?;
    let (user, standing) = find_active(platform.db(), &token, platform.now()).await?;
    Ok(Caller { user, token, standing })
}

/// The user of a token, if they are active and the token is good, and what it is good for at `now`, in Unix seconds.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn find_active(db: &impl Db, token: &Token, now: i64) -> Result<(User, Standing), Error> {
    match store::find_user(db, token, now).await? {
        None => Err(Unauthenticated::NoUser.into()),
        Some((user, _)) if !user.is_active => Err(Unauthenticated::Deactivated.into()),
        Some((_, Standing::Ended)) => Err(Unauthenticated::Invalid.into()),
        Some(found) => Ok(found),
    }
}

/// Looks up why a guarded statement found no active user with a token that is good enough.
pub async fn refusal(db: &impl Db, token: &Token, now: i64) -> Error {
    find_active(db, token, now).await.err().unwrap_or(Unauthenticated::Invalid.into())
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
