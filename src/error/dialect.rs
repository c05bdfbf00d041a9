//! Dialects, which render errors.

use super::{Error, Field, Violation, django, realworld};
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
