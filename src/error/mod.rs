//! What can go wrong, in the words of the domain. Statuses and messages are [`crate::error::dialect`]'s.

pub mod dialect;

use std::collections::BTreeMap;

pub use self::dialect::Dialect;

use crate::store::db::DbError;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No such path.
    NotFound,
    /// The path exists and does not take this method.
    MethodNotAllowed {
        /// The method, as it was sent.
        method: String,
        /// The methods that the path takes, as the `Allow` header lists them.
        allow: &'static str,
    },
    /// The request has no token that names an active user.
    Unauthenticated(Unauthenticated),
    /// The body is over [`crate::api::body::MAX_BYTES`].
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyTimedOut,
    /// The body is of another media type than JSON; the header's value.
    UnsupportedMediaType(String),
    /// The body is not JSON, or not UTF-8; what, line and column.
    MalformedJson(String),
    /// `user` is `null`.
    NoData,
    /// `user`, or the whole body, is JSON and no object; its type in Python's words.
    NotAnObject(&'static str),
    /// Fields break their rules.
    Invalid(FieldErrors),
    /// The email or the password is wrong.
    WrongCredentials,
    /// The password is right and the account deactivated.
    Deactivated,
    /// Too many requests, or too many failed logins.
    Throttled {
        /// How long to wait, 1 or more.
        seconds: i64,
    },
    /// A fault of ours; the cause, for the log only.
    Fault(String),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Fault(format!("database: {error}"))
    }
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(format!("randomness: {error}"))
    }
}

/// Why a request's token names no active user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No `Authorization` header that carries a token.
    Missing,
    /// Malformed, tampered with, expired, of another making, or of a session that has ended.
    Invalid,
    /// A good token of nobody.
    NoUser,
    /// A good token of a deactivated user.
    Deactivated,
}

impl From<Unauthenticated> for Error {
    fn from(reason: Unauthenticated) -> Self {
        Self::Unauthenticated(reason)
    }
}

/// A field of a request, in the order in which errors are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field {
    Email,
    Username,
    Password,
    Bio,
    Image,
    CurrentPassword,
    User,
    Scope,
}

impl Field {
    /// The field's name in a request and in an error.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::Password => "password",
            Self::Bio => "bio",
            Self::Image => "image",
            Self::CurrentPassword => "current_password",
            Self::User => "user",
            Self::Scope => "scope",
        }
    }
}

/// A rule that a field breaks. Lengths count Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It has to be there.
    Required,
    /// It may not be `null`.
    Null,
    /// It may not be empty, or all white space.
    Blank,
    /// It is no string, and no number either.
    NotAString,
    /// It is over this length.
    TooLong(usize),
    /// It is under this length.
    TooShort(usize),
    /// It has a U+0000 in it.
    NullCharacter,
    /// It is no email address.
    InvalidEmail {
        /// Whether it is a string at all.
        is_string: bool,
    },
    /// It is no username: nothing in it can be seen, or something controls how other text is shown.
    InvalidUsername,
    /// It is not what it should be equal to: the current password.
    Wrong,
    /// It is none of those that it can be; what was sent.
    NotAChoice(String),
    /// Another user has it.
    Taken,
}

/// The rules that fields break; in the order of the fields, and for each in the order of its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<Field, Vec<Violation>>);

impl FieldErrors {
    /// Notes a violation.
    pub fn add(&mut self, field: Field, violation: Violation) {
        self.0.entry(field).or_default().push(violation);
    }

    /// Keeps a value that its rules let pass, and notes the violations of one that they don't.
    pub fn check<T>(&mut self, field: Field, checked: Result<T, Vec<Violation>>) -> Option<T> {
        checked.map_err(|violations| self.0.entry(field).or_default().extend(violations)).ok()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing is wrong but that other users have these values.
    pub fn only_taken(&self) -> bool {
        self.0.values().flatten().all(|violation| *violation == Violation::Taken)
    }

    /// The fields and their violations.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &[Violation])> {
        self.0.iter().map(|(field, violations)| (*field, violations.as_slice()))
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
