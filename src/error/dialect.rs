//! How errors are rendered: the only place with their statuses and messages.

use std::fmt;

use serde::ser::{Serialize, Serializer};
use serde_json::json;

use crate::api::body::MAX_BYTES;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::Response;

/// Whose bodies and statuses errors have.
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
            Self::Django => django(error),
            Self::RealWorld => realworld(error),
        };
        let mut response = response.unwrap_or_else(|_| Response::empty(500)); // strings always serialize
        if response.status == 401 {
            response = response.with("WWW-Authenticate", "Token");
        }
        if let Error::MethodNotAllowed { allow, .. } = error {
            response = response.with("Allow", *allow);
        }
        if let Error::Throttled { seconds } = error {
            response = response.with("Retry-After", seconds.to_string());
        }
        response
    }

    /// What is wrong with a field, in the words of the dialect.
    pub fn message(self, field: Field, violation: &Violation) -> String {
        match self {
            Self::Django => django_message(field, violation),
            Self::RealWorld => realworld_message(field, violation),
        }
    }
}

type Rendered = Result<Response, serde_json::Error>;

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

#[derive(serde::Serialize)]
struct FieldsBody<'a> {
    errors: Fields<'a>,
}

fn django(error: &Error) -> Rendered {
    let detail = |status, detail: &str| Response::json(status, &json!({ "user": { "detail": detail } }));
    let general =
        |status, message: &str| Response::json(status, &json!({ "errors": { "error": [message] } }));
    match error {
        Error::Invalid(fields) => {
            let errors = Fields(fields, django_message);
            Response::json(400, &FieldsBody { errors })
        }
        Error::WrongCredentials => general(400, "A user with this email and password was not found."),
        Error::Deactivated => general(400, "This user has been deactivated."),
        Error::Unauthenticated(reason) => detail(
            401,
            match reason {
                Unauthenticated::Missing => "Authentication credentials were not provided.",
                Unauthenticated::Invalid => "Invalid authentication. Could not decode token.",
                Unauthenticated::NoUser => "No user matching this token was found.",
                Unauthenticated::Deactivated => "This user has been deactivated.",
            },
        ),
        Error::MalformedJson(what) => detail(400, &format!("JSON parse error - {what}")),
        Error::NoData => general(400, "No data provided"),
        Error::NotAnObject(found) => {
            general(400, &format!("Invalid data. Expected a dictionary, but got {found}."))
        }
        Error::UnsupportedMediaType(value) => {
            detail(415, &format!("Unsupported media type \"{value}\" in request."))
        }
        Error::BodyTooLarge => detail(413, &format!("Request body exceeded {MAX_BYTES} bytes.")),
        Error::BodyTimedOut => detail(408, "Request body timed out."),
        Error::MethodNotAllowed { method, .. } => detail(405, &format!("Method \"{method}\" not allowed.")),
        Error::NotFound => general(404, "Not found."),
        Error::Throttled { seconds } => {
            detail(429, &format!("Request was throttled. Expected available in {}.", Seconds(*seconds)))
        }
        Error::Fault(_) => general(500, "A server error occurred."),
    }
}

struct Seconds(i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(seconds) = self;
        write!(f, "{seconds} second{}", if *seconds == 1 { "" } else { "s" })
    }
}

fn django_message(field: Field, violation: &Violation) -> String {
    match violation {
        Violation::Required => "This field is required.".to_owned(),
        Violation::Null => "This field may not be null.".to_owned(),
        Violation::Blank => "This field may not be blank.".to_owned(),
        Violation::NotAString => "Not a valid string.".to_owned(),
        Violation::TooLong(max) => format!("Ensure this field has no more than {max} characters."),
        Violation::TooShort(min) => format!("Ensure this field has at least {min} characters."),
        Violation::NullCharacter => "Null characters are not allowed.".to_owned(),
        Violation::InvalidEmail { .. } => "Enter a valid email address.".to_owned(),
        Violation::InvalidUsername => "Enter a valid username.".to_owned(),
        Violation::Wrong => "Invalid password.".to_owned(),
        Violation::NotAChoice(value) => format!("\"{value}\" is not a valid choice."),
        Violation::Taken => format!("user with this {} already exists.", field.name()),
    }
}

fn realworld(error: &Error) -> Rendered {
    let general =
        |status, key: &str, message: &str| Response::json(status, &json!({ "errors": { key: [message] } }));
    match error {
        Error::Invalid(fields) => {
            let errors = Fields(fields, realworld_message);
            let status = if fields.only_taken() { 409 } else { 422 };
            Response::json(status, &FieldsBody { errors })
        }
        Error::WrongCredentials => general(401, "credentials", "invalid"),
        Error::Deactivated | Error::Unauthenticated(Unauthenticated::Deactivated) => {
            general(403, "account", "is deactivated")
        }
        Error::Unauthenticated(Unauthenticated::Missing) => general(401, "token", "is missing"),
        Error::Unauthenticated(Unauthenticated::Invalid | Unauthenticated::NoUser) => {
            general(401, "token", "is invalid")
        }
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
        Error::Fault(_) => general(500, "server", "internal error"),
    }
}

fn realworld_message(_: Field, violation: &Violation) -> String {
    match violation {
        Violation::Required | Violation::Null | Violation::Blank => "can't be blank".to_owned(),
        Violation::NotAString | Violation::InvalidEmail { is_string: false } => "is not a string".to_owned(),
        Violation::TooLong(max) => format!("is too long (maximum is {max} characters)"),
        Violation::TooShort(min) => format!("is too short (minimum is {min} characters)"),
        Violation::NullCharacter => "contains a null character".to_owned(),
        Violation::InvalidEmail { is_string: true }
        | Violation::InvalidUsername
        | Violation::Wrong
        | Violation::NotAChoice(_) => "is invalid".to_owned(),
        Violation::Taken => "has already been taken".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A status and a body.
    type Expected = (u16, &'static str);

    /// Every error, with what it is in `django` and in `realworld`.
    fn table() -> Vec<(Error, Expected, Expected)> {
        let invalid = |violations: &[(Field, Violation)]| {
            let mut errors = FieldErrors::default();
            violations.iter().for_each(|(field, violation)| errors.add(*field, violation.clone()));
            Error::Invalid(errors)
        };
        vec![
            (
                invalid(&[
                    (Field::Password, Violation::TooShort(8)),
                    (Field::Email, Violation::TooLong(254)),
                    (Field::Email, Violation::InvalidEmail { is_string: true }),
                    (Field::Username, Violation::Taken),
                    (Field::Bio, Violation::NullCharacter),
                    (Field::Image, Violation::NotAString),
                ]),
                (
                    400,
                    r#"{"errors":{"email":["Ensure this field has no more than 254 characters.","Enter a valid email address."],"username":["user with this username already exists."],"password":["Ensure this field has at least 8 characters."],"bio":["Null characters are not allowed."],"image":["Not a valid string."]}}"#,
                ),
                (
                    422,
                    r#"{"errors":{"email":["is too long (maximum is 254 characters)","is invalid"],"username":["has already been taken"],"password":["is too short (minimum is 8 characters)"],"bio":["contains a null character"],"image":["is not a string"]}}"#,
                ),
            ),
            (
                invalid(&[
                    (Field::Email, Violation::Required),
                    (Field::Username, Violation::Null),
                    (Field::Password, Violation::Blank),
                ]),
                (
                    400,
                    r#"{"errors":{"email":["This field is required."],"username":["This field may not be null."],"password":["This field may not be blank."]}}"#,
                ),
                (
                    422,
                    r#"{"errors":{"email":["can't be blank"],"username":["can't be blank"],"password":["can't be blank"]}}"#,
                ),
            ),
            (
                invalid(&[(Field::Email, Violation::InvalidEmail { is_string: false })]),
                (400, r#"{"errors":{"email":["Enter a valid email address."]}}"#),
                (422, r#"{"errors":{"email":["is not a string"]}}"#),
            ),
            (
                invalid(&[(Field::Username, Violation::Taken), (Field::Email, Violation::Taken)]),
                (
                    400,
                    r#"{"errors":{"email":["user with this email already exists."],"username":["user with this username already exists."]}}"#,
                ),
                (
                    409,
                    r#"{"errors":{"email":["has already been taken"],"username":["has already been taken"]}}"#,
                ),
            ),
            (
                Error::WrongCredentials,
                (400, r#"{"errors":{"error":["A user with this email and password was not found."]}}"#),
                (401, r#"{"errors":{"credentials":["invalid"]}}"#),
            ),
            (
                Error::Deactivated,
                (400, r#"{"errors":{"error":["This user has been deactivated."]}}"#),
                (403, r#"{"errors":{"account":["is deactivated"]}}"#),
            ),
            (
                Unauthenticated::Missing.into(),
                (401, r#"{"user":{"detail":"Authentication credentials were not provided."}}"#),
                (401, r#"{"errors":{"token":["is missing"]}}"#),
            ),
            (
                Unauthenticated::Invalid.into(),
                (401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#),
                (401, r#"{"errors":{"token":["is invalid"]}}"#),
            ),
            (
                Unauthenticated::NoUser.into(),
                (401, r#"{"user":{"detail":"No user matching this token was found."}}"#),
                (401, r#"{"errors":{"token":["is invalid"]}}"#),
            ),
            (
                Unauthenticated::Deactivated.into(),
                (401, r#"{"user":{"detail":"This user has been deactivated."}}"#),
                (403, r#"{"errors":{"account":["is deactivated"]}}"#),
            ),
            (
                Error::MalformedJson("what".to_owned()),
                (400, r#"{"user":{"detail":"JSON parse error - what"}}"#),
                (422, r#"{"errors":{"body":["is not valid JSON"]}}"#),
            ),
            (
                Error::NoData,
                (400, r#"{"errors":{"error":["No data provided"]}}"#),
                (422, r#"{"errors":{"body":["must be an object"]}}"#),
            ),
            (
                Error::NotAnObject("list"),
                (400, r#"{"errors":{"error":["Invalid data. Expected a dictionary, but got list."]}}"#),
                (422, r#"{"errors":{"body":["must be an object"]}}"#),
            ),
            (
                Error::UnsupportedMediaType("text/\"plain\"".to_owned()),
                (415, r#"{"user":{"detail":"Unsupported media type \"text/\"plain\"\" in request."}}"#),
                (415, r#"{"errors":{"body":["must be application/json"]}}"#),
            ),
            (
                Error::BodyTooLarge,
                (413, r#"{"user":{"detail":"Request body exceeded 65536 bytes."}}"#),
                (413, r#"{"errors":{"body":["is too large"]}}"#),
            ),
            (
                Error::BodyTimedOut,
                (408, r#"{"user":{"detail":"Request body timed out."}}"#),
                (408, r#"{"errors":{"body":["timed out"]}}"#),
            ),
            (
                invalid(&[
                    (Field::Username, Violation::InvalidUsername),
                    (Field::CurrentPassword, Violation::Wrong),
                    (Field::User, Violation::Required),
                ]),
                (
                    400,
                    r#"{"errors":{"username":["Enter a valid username."],"current_password":["Invalid password."],"user":["This field is required."]}}"#,
                ),
                (
                    422,
                    r#"{"errors":{"username":["is invalid"],"current_password":["is invalid"],"user":["can't be blank"]}}"#,
                ),
            ),
            (
                Error::MethodNotAllowed { method: "GET".to_owned(), allow: "POST, OPTIONS" },
                (405, r#"{"user":{"detail":"Method \"GET\" not allowed."}}"#),
                (405, r#"{"errors":{"method":["is not allowed"]}}"#),
            ),
            (
                Error::NotFound,
                (404, r#"{"errors":{"error":["Not found."]}}"#),
                (404, r#"{"errors":{"path":["not found"]}}"#),
            ),
            (
                invalid(&[(Field::Scope, Violation::NotAChoice("\"x\"".to_owned()))]),
                (400, r#"{"errors":{"scope":["\"\"x\"\" is not a valid choice."]}}"#),
                (422, r#"{"errors":{"scope":["is invalid"]}}"#),
            ),
            (
                Error::Throttled { seconds: 42 },
                (429, r#"{"user":{"detail":"Request was throttled. Expected available in 42 seconds."}}"#),
                (429, r#"{"errors":{"requests":["are throttled; retry in 42 seconds"]}}"#),
            ),
            (
                Error::Throttled { seconds: 1 },
                (429, r#"{"user":{"detail":"Request was throttled. Expected available in 1 second."}}"#),
                (429, r#"{"errors":{"requests":["are throttled; retry in 1 second"]}}"#),
            ),
            (
                Error::Fault("the cause".to_owned()),
                (500, r#"{"errors":{"error":["A server error occurred."]}}"#),
                (500, r#"{"errors":{"server":["internal error"]}}"#),
            ),
        ]
    }

    #[test]
    fn every_error_has_its_status_headers_and_body() {
        for (error, django, realworld) in table() {
            for (dialect, (status, body)) in [(Dialect::Django, django), (Dialect::RealWorld, realworld)] {
                let response = dialect.render(&error);
                assert_eq!(response.status, status, "{error:?}");
                assert_eq!(response.body.as_deref(), Some(body), "{error:?}");
                let mut headers = vec![
                    ("Cache-Control", "no-store"),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Content-Type", "application/json; charset=utf-8"),
                ];
                match status {
                    401 => headers.push(("WWW-Authenticate", "Token")),
                    405 => headers.push(("Allow", "POST, OPTIONS")),
                    429 => {
                        headers.push(("Retry-After", if body.contains("42") { "42" } else { "1" }));
                    }
                    _ => {}
                }
                let found: Vec<_> = response.headers.iter().map(|(name, value)| (*name, &**value)).collect();
                assert_eq!(found, headers, "{error:?}");
            }
        }
    }
}
