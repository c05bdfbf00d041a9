//! `POST /api/users/logout`: ends the session of the token, or sessions of its user.

use crate::api::authenticate;
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Operation, Parameter, Placeholder, RateLimit, Success, Tag,
};
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::events::Report;
use crate::store::sessions::{self, Standing};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users/logout",
    operations: &[Operation { method: "POST", id: "logout", summary: "End sessions of the user" }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::Token,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[Parameter {
        name: "scope",
        place: "query",
        description: "Sessions that end: that of the token, the user's others, or all",
        values: &["local", "others", "all"],
    }],
    success: Success::Empty { description: "The sessions have ended" },
    failures: &[Failure {
        name: "ScopeErrors",
        description: "An unknown scope",
        error: || unknown_scope("everywhere").into(),
        varying: Some(Placeholder { part: "everywhere", pattern: r"[\s\S]*" }),
    }],
};

/// Sessions that end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The token's: every token with its `sid`.
    Local,
    /// Every other one of the user.
    Others,
    /// Every one of the user.
    All,
}

/// Handles the request. On success this is one statement.
///
/// # Errors
/// [`Error::Unauthenticated`], or an unknown scope.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let db = cx.db();
    let token = authenticate::token(cx)?;
    let scope = match Scope::parse(cx.request.query()) {
        Ok(scope) => scope,
        Err(errors) => {
            // Errors of the token come first.
            let caller = authenticate::authenticate_with(cx, token).await?;
            return Err(if caller.standing == Standing::Active {
                errors.into()
            } else {
                Unauthenticated::Invalid.into()
            });
        }
    };
    let key = token.key();
    let now = cx.now();
    let report = Report { has_notices: false, ..cx.report() };
    let has_ended = match scope {
        Scope::Local => sessions::revoke(db, &authenticate::record(cx, &token), now).await?,
        Scope::Others => sessions::revoke_others(db, key, &report, now).await?,
        Scope::All => sessions::revoke_all(db, key, &report, now).await?,
    };
    if has_ended {
        if scope != Scope::Local {
            cx.deliver_later(&report);
        }
        if scope == Scope::Others {
            cx.record_later(authenticate::record(cx, &token));
        }
        Ok(Response::empty(204))
    } else {
        Err(authenticate::why_rejected(cx, &token).await)
    }
}

impl Scope {
    /// Reads the parameter `scope`; of several the last counts.
    fn parse(query: &str) -> Result<Self, FieldErrors> {
        let scope = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "scope").last();
        match scope.as_ref().map(|(_, scope)| scope.as_ref()) {
            None | Some("local") => Ok(Self::Local),
            Some("others") => Ok(Self::Others),
            Some("all") => Ok(Self::All),
            Some(other) => Err(unknown_scope(other)),
        }
    }
}

fn unknown_scope(scope: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add(Field::Scope, Violation::NotAChoice(scope.to_owned()));
    errors
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
