//! Errors as the original server renders them, a Django REST Framework application.

use serde_json::json;

use super::render::{FieldsBody, Rendered, Seconds};
use super::{Error, Field, Unauthenticated, Violation};
use crate::http::{MAX_BODY_BYTES, Response};

pub(super) fn render(error: &Error) -> Rendered {
    let detail = |status, detail: &str| Response::json(status, &json!({ "user": { "detail": detail } }));
    let general =
        |status, message: &str| Response::json(status, &json!({ "errors": { "error": [message] } }));
    match error {
        Error::Invalid(fields) => Response::json(400, &FieldsBody::new(fields, message)),
        Error::WrongCredentials => general(400, "A user with this email and password was not found."),
        Error::Deactivated => general(400, "This user has been deactivated."),
        Error::Unauthenticated(reason) => detail(
            401,
            match reason {
                Unauthenticated::Missing => "Authentication credentials were not provided.",
                Unauthenticated::Invalid => "Invalid authentication. Could not decode token.",
                Unauthenticated::UnknownUser => "No user matching this token was found.",
                Unauthenticated::Deactivated => "This user has been deactivated.",
            },
        ),
        Error::FactorRequired(factor) => factor.render("A second factor is required."),
        Error::ReauthenticationRequired => detail(403, "Reauthentication is required."),
        Error::Unverified => detail(403, "Verify your email first."),
        Error::Forbidden => detail(403, "You do not have permission to perform this action."),
        Error::MalformedJson(what) => detail(400, &format!("JSON parse error - {what}")),
        Error::NoData => general(400, "No data provided"),
        Error::NotAnObject(found) => {
            general(400, &format!("Invalid data. Expected a dictionary, but got {found}."))
        }
        Error::UnsupportedMediaType(value) => {
            detail(415, &format!("Unsupported media type \"{value}\" in request."))
        }
        Error::BodyTooLarge => detail(413, &format!("Request body exceeded {MAX_BODY_BYTES} bytes.")),
        Error::BodyTimedOut => detail(408, "Request body timed out."),
        Error::MethodNotAllowed { method, .. } => detail(405, &format!("Method \"{method}\" not allowed.")),
        Error::NotFound => general(404, "Not found."),
        Error::Throttled { seconds } => {
            detail(429, &format!("Request was throttled. Expected available in {}.", Seconds(*seconds)))
        }
        Error::Internal(_) => general(500, "A server error occurred."),
    }
}

pub(super) fn message(field: Field, violation: &Violation) -> String {
    match violation {
        Violation::Required => "This field is required.".to_owned(),
        Violation::Null => "This field may not be null.".to_owned(),
        Violation::Blank => "This field may not be blank.".to_owned(),
        Violation::NotAString => "Not a valid string.".to_owned(),
        Violation::NotABoolean => "Must be a valid boolean.".to_owned(),
        Violation::TooLong(max) => format!("Ensure this field has no more than {max} characters."),
        Violation::TooShort(min) => format!("Ensure this field has at least {min} characters."),
        Violation::NullCharacter => "Null characters are not allowed.".to_owned(),
        Violation::InvalidEmail { .. } => "Enter a valid email address.".to_owned(),
        Violation::InvalidUsername => "Enter a valid username.".to_owned(),
        Violation::Wrong => "Invalid password.".to_owned(),
        Violation::InvalidSecret => "Invalid or expired.".to_owned(),
        Violation::InvalidCode => "Invalid code.".to_owned(),
        Violation::InvalidPasskey => "Invalid passkey.".to_owned(),
        Violation::UnknownPasskey => "Unknown passkey.".to_owned(),
        Violation::LastWayIn => "The last way in can't be removed.".to_owned(),
        Violation::TooMany => "There are too many.".to_owned(),
        Violation::AlreadyVerified => format!("This {} is already verified.", field.name()),
        Violation::NotAChoice(value) => format!("\"{value}\" is not a valid choice."),
        Violation::TooSimilar(other) => format!("The password is too similar to the {}.", other.name()),
        Violation::Breached => "This password has appeared in a data breach.".to_owned(),
        Violation::LastSuperuser => "The last superuser can't be removed.".to_owned(),
        Violation::Deactivated => "This user has been deactivated.".to_owned(),
        Violation::TooCommon => "This password is too common.".to_owned(),
        Violation::Taken => format!("user with this {} already exists.", field.name()),
    }
}
