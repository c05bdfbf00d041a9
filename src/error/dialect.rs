//! Dialects, which render errors.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::{Error, Field, FieldErrors, Violation, django, realworld};
use crate::http::Response;

/// Statuses and bodies of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The original server's, a Django REST Framework application.
    Django,
    /// The `RealWorld` specification's, version 2.0.
    RealWorld,
}

impl Dialect {
    /// Renders an error.
    pub fn render(self, error: &Error) -> Response {
        let response = match self {
            Self::Django => django::render(error),
            Self::RealWorld => realworld::render(error),
        };
        let mut response = response.unwrap_or_else(|_| Response::empty(500)); // strings always serialize
        if response.status == 401 {
            response = response.with("WWW-Authenticate", "Token");
        }
        if let Error::MethodNotAllowed { allow, .. } = error {
            response = response.with("Allow", allow.clone());
        }
        if let Error::Throttled { seconds } = error {
            response = response.with("Retry-After", seconds.to_string());
        }
        response
    }

    /// Message of a violation.
    pub fn message(self, field: Field, violation: &Violation) -> String {
        match self {
            Self::Django => django::message(field, violation),
            Self::RealWorld => realworld::message(field, violation),
        }
    }
}

pub(super) type Rendered = Result<Response, serde_json::Error>;

/// `{"errors": {field: [message, …], …}}`, in the order of the fields.
struct Fields<'a>(&'a FieldErrors, fn(Field, &Violation) -> String);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(errors, message) = *self;
        serializer.collect_map(errors.iter().map(|(field, violations)| {
            let messages = violations.iter().map(|violation| message(field, violation));
            (field.name(), messages.collect::<Vec<_>>())
        }))
    }
}

/// Body with the violations of fields.
#[derive(serde::Serialize)]
pub(super) struct FieldsBody<'a> {
    errors: Fields<'a>,
}

impl<'a> FieldsBody<'a> {
    pub(super) fn new(errors: &'a FieldErrors, message: fn(Field, &Violation) -> String) -> Self {
        Self { errors: Fields(errors, message) }
    }
}

/// Time to wait, in words.
pub(super) struct Seconds(pub(super) i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(seconds) = self;
        write!(f, "{seconds} second{}", if *seconds == 1 { "" } else { "s" })
    }
}
