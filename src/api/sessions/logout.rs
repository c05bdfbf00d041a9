//! `POST /api/users/logout`: ends the session of the token, or sessions of its user.

use crate::api::authenticate;
use crate::auth::token::MAX_SAFE_INTEGER;
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::{self, Standing};

/// How long after a session's end a request that was under way may still sign a token of it, in seconds.
const UNDER_WAY: i64 = 3_600;

/// Which sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// That of the token: every token with its `sid`.
    Local,
    /// Every other one of the user.
    Others,
    /// Every one of the user.
    All,
}

/// The scopes and their names.
pub const SCOPES: [(&str, Scope); 3] =
    [("local", Scope::Local), ("others", Scope::Others), ("all", Scope::All)];

/// Answers the request. On success this is one statement.
///
/// # Errors
/// A token or scope that is not right, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let db = platform.db();
    let token = authenticate::token(config, platform, request)?;
    let scope = match Scope::parse(request.query()) {
        Ok(scope) => scope,
        Err(errors) => {
            // What is wrong with the token comes first.
            let (_, standing) = authenticate::find_active(db, &token, platform.now()).await?;
            return Err(if standing == Standing::Active {
                errors.into()
            } else {
                Unauthenticated::Invalid.into()
            });
        }
    };
    let now = platform.now();
    let has_ended = match scope {
        Scope::Local => {
            let longest = token.session.lifetime.max(config.token_ttl).saturating_add(UNDER_WAY);
            let last_expiry = now.saturating_add(longest).min(MAX_SAFE_INTEGER);
            store::end_session(db, &token, last_expiry, now).await?
        }
        Scope::Others => store::end_other_sessions(db, &token, now).await?,
        Scope::All => store::end_all_sessions(db, &token, now).await?,
    };
    if has_ended {
        Ok(Response::empty(204))
    } else {
        Err(authenticate::refusal(db, &token, platform.now()).await)
    }
}

impl Scope {
    /// Reads the parameter `scope`; of several the last counts.
    fn parse(query: &str) -> Result<Self, FieldErrors> {
        let scope = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "scope").last();
        let Some((_, scope)) = scope else { return Ok(Self::Local) };
        SCOPES.iter().find(|(name, _)| *name == scope).map(|(_, scope)| *scope).ok_or_else(|| {
            let mut errors = FieldErrors::default();
            errors.add(Field::Scope, Violation::NotAChoice(scope.into_owned()));
            errors
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_one_of_three() {
        for (query, scope) in [
            ("", Scope::Local),
            ("x=all", Scope::Local),
            ("scope=local", Scope::Local),
            ("scope=others", Scope::Others),
            ("x&scope=%61ll", Scope::All),
            ("scope=all&scope=others", Scope::Others),
        ] {
            assert_eq!(Scope::parse(query), Ok(scope), "{query}");
        }
        for query in ["scope", "scope=", "scope=ALL", "scope=all+", "scope=global", "scope=all&scope=%ff"] {
            assert!(Scope::parse(query).is_err(), "{query}");
        }
    }
}
