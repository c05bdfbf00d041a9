//! Errors of the domain. Their statuses and messages are those of a [`Dialect`].

mod dialect;
mod django;
mod factor;
mod fields;
mod realworld;
mod render;
#[cfg(test)]
mod tests;

pub use self::dialect::Dialect;
pub use self::factor::FactorRequired;
pub use self::fields::{Field, FieldErrors, SimilarTo, Violation};

/// Reason for which a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No such path.
    NotFound,
    /// The path exists and does not take this method.
    MethodNotAllowed {
        /// The method, as it was sent.
        method: String,
        /// The methods that the path takes, as the `Allow` header lists them.
        allow: String,
    },
    /// The request has no token that names an active user.
    Unauthenticated(Unauthenticated),
    /// The body is over [`crate::http::MAX_BODY_BYTES`].
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyTimedOut,
    /// The body is of another media type than JSON; the header's value.
    UnsupportedMediaType(String),
    /// The body is not JSON, or not UTF-8; what, line and column.
    MalformedJson(String),
    /// `user` is `null`.
    NoData,
    /// `user`, or the whole body, is JSON and no object; the name of its type in Python.
    NotAnObject(&'static str),
    /// Fields break their rules.
    Invalid(FieldErrors),
    /// The email or the password is wrong.
    WrongCredentials,
    /// The password is right and the account deactivated.
    Deactivated,
    /// The first proof was right, and the user has a second factor.
    FactorRequired(Box<FactorRequired>),
    /// The user's email has to be verified first.
    Unverified,
    /// The session's last proof is too old for a sensitive request, or lacks a second factor that the user has.
    ReauthenticationRequired,
    /// The user may not do this.
    Forbidden,
    /// Too many requests, or too many failed logins.
    Throttled {
        /// Time to wait, 1 or more.
        seconds: i64,
    },
    /// Internal error; the cause, for the log only.
    Internal(String),
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(format!("randomness: {error}"))
    }
}

/// Reason for which a request's token names no active user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No `Authorization` header that carries a token.
    Missing,
    /// Malformed, tampered with, expired, signed with another key, or of a session that has ended.
    Invalid,
    /// Valid token of an unknown user.
    UnknownUser,
    /// Valid token of a deactivated user.
    Deactivated,
}

impl From<Unauthenticated> for Error {
    fn from(reason: Unauthenticated) -> Self {
        Self::Unauthenticated(reason)
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
