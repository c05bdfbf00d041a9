//! Who sends a request: the `Authorization` header, its token, and the token's user.

use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::platform::Platform;
use crate::store;
use crate::token;
use crate::user::User;

/// Finds the active user of the request's token, and the name of its session.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn authenticate(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(User, String), Error> {
    let header = request.header("authorization");
    let token = header.as_deref().and_then(credentials).ok_or(Unauthenticated::Missing)?;
    let session = token::read(&config.secret, token, platform.now()).ok_or(Unauthenticated::Invalid)?;
    let id = session.user.ok_or(Unauthenticated::NoUser)?;
    let user = find_active(platform.db(), id).await?;
    Ok((user, session.sid))
}

/// The user with this id, if they are active.
///
/// # Errors
/// Why there is none, or a fault.
pub async fn find_active(db: &impl Db, id: i64) -> Result<User, Error> {
    match store::find_user(db, id).await? {
        None => Err(Unauthenticated::NoUser.into()),
        Some(user) if !user.is_active => Err(Unauthenticated::Deactivated.into()),
        Some(user) => Ok(user),
    }
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
