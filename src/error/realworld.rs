//! Errors as the `RealWorld` specification has them, version 2.0.

use serde_json::json;

use super::render::{FieldsBody, Rendered, Seconds};
use super::{Error, Field, Unauthenticated, Violation};
use crate::http::Response;

pub(super) fn render(error: &Error) -> Rendered {
    let general =
        |status, key: &str, message: &str| Response::json(status, &json!({ "errors": { key: [message] } }));
    match error {
        Error::Invalid(fields) => {
            let status = if fields.only_taken() { 409 } else { 422 };
            Response::json(status, &FieldsBody::new(fields, message))
        }
        Error::WrongCredentials => general(401, "credentials", "invalid"),
        Error::Deactivated | Error::Unauthenticated(Unauthenticated::Deactivated) => {
            general(403, "account", "is deactivated")
        }
        Error::Unauthenticated(Unauthenticated::Missing) => general(401, "token", "is missing"),
        Error::Unauthenticated(Unauthenticated::Invalid | Unauthenticated::UnknownUser) => {
            general(401, "token", "is invalid")
        }
        Error::FactorRequired(factor) => factor.render("is required"),
        Error::ReauthenticationRequired => general(403, "session", "must be reauthenticated"),
        Error::Unverified => general(403, "email", "must be verified"),
        Error::Forbidden => general(403, "account", "is not permitted"),
        Error::MalformedJson(_) => general(422, "body", "is not valid JSON"),
        Error::NoData | Error::NotAnObject(_) => general(422, "body", "must be an object"),
        Error::UnsupportedMediaType(_) => general(415, "body", "must be application/json"),
        Error::BodyTooLarge => general(413, "body", "is too large"),
        Error::BodyTimedOut => general(408, "body", "timed out"),
        Error::MethodNotAllowed { .. } => general(405, "method", "is not allowed"),
        Error::NotFound => general(404, "path", "not found"),
        Error::Throttled { seconds } => {
            general(429, "requests", &format!("are throttled; retry in {}", Seconds(*seconds)))
        }
        Error::Internal(_) => general(500, "server", "internal error"),
    }
}

pub(super) fn message(_: Field, violation: &Violation) -> String {
    match violation {
        Violation::Required | Violation::Null | Violation::Blank => "can't be blank".to_owned(),
        Violation::NotAString | Violation::InvalidEmail { is_string: false } => "is not a string".to_owned(),
        Violation::NotABoolean => "is not a boolean".to_owned(),
        Violation::TooLong(max) => format!("is too long (maximum is {max} characters)"),
        Violation::TooShort(min) => format!("is too short (minimum is {min} characters)"),
        Violation::NullCharacter => "contains a null character".to_owned(),
        Violation::InvalidEmail { is_string: true }
        | Violation::InvalidUsername
        | Violation::Wrong
        | Violation::InvalidSecret
        | Violation::InvalidCode
        | Violation::InvalidPasskey
        | Violation::NotAChoice(_) => "is invalid".to_owned(),
        Violation::UnknownPasskey => "is unknown".to_owned(),
        Violation::LastWayIn => "is the last way in".to_owned(),
        Violation::TooMany => "are too many".to_owned(),
        Violation::AlreadyVerified => "is already verified".to_owned(),
        Violation::TooSimilar(other) => format!("is too similar to the {}", other.name()),
        Violation::Breached => "has appeared in a data breach".to_owned(),
        Violation::LastSuperuser => "is the last superuser".to_owned(),
        Violation::Deactivated => "is deactivated".to_owned(),
        Violation::TooCommon => "is too common".to_owned(),
        Violation::Taken => "has already been taken".to_owned(),
    }
}
