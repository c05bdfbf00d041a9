//! Parts of bodies that the dialects share.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::{Field, FieldErrors, Violation};
use crate::http::Response;

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
