//! Body of a request: `{"user": {…}}` in JSON.

use serde_json::{Map, Value};

use super::context::Context;
use super::endpoint::Failure;
use crate::account::validate::RawField;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{BodyError, Header, MAX_BODY_BYTES, Request, is_local};
use crate::platform::{Event, Platform};

/// U+FEFF in UTF-8, and in the two orders of UTF-16: RFC 8259 §8.1 allows neither the mark nor the encoding.
const BYTE_ORDER_MARKS: [(&[u8], &str); 3] = [
    (b"\xef\xbb\xbf", "a byte order mark is not allowed at line 1 column 1"),
    (b"\xfe\xff", "UTF-16 is not allowed at line 1 column 1"),
    (b"\xff\xfe", "UTF-16 is not allowed at line 1 column 1"),
];

/// Fields of `user` as they were sent. Of duplicate keys the last counts.
#[derive(Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Tells whether a field is there, and no other.
    pub fn has_only(&self, name: &str) -> bool {
        self.0.len() == 1 && self.0.contains_key(name)
    }

    /// Tells whether a field is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes a field out that is no text.
    pub fn take_value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> RawField {
        self.0.remove(name).into()
    }
}

/// Reads the body. An empty one, or one without `user`, has no fields.
///
/// # Errors
/// In this order: the body is too large or late, of another media type, no JSON, or not of this shape.
pub async fn read(cx: &Context<'_, impl Platform, impl Request>) -> Result<Fields, Error> {
    let mut body = read_object(cx.request).await?;
    if !body.is_empty() && !body.contains_key("user") && is_local(cx.request) {
        let path = cx.request.path();
        let hint = format!(
            "the body of POST {path} has fields, and no \"user\" around them: send {{\"user\": {{…}}}}"
        );
        cx.platform.log(&Event::Hint { hint });
    }
    fields(&mut body, "user")
}

/// Reads the body of a change of the user. An empty one, or `{}`, has no fields; one that has something and no `user`
/// comes from a client that forgot the wrapper: it would take its changes for saved, or its current password for checked.
///
/// # Errors
/// As for [`read`]; and `user` is missing.
pub async fn read_change(request: &impl Request) -> Result<Fields, Error> {
    let mut body = read_object(request).await?;
    if !body.is_empty() && !body.contains_key("user") {
        return Err(missing_user());
    }
    fields(&mut body, "user")
}

/// Reads the body of a request that has no other use than its fields.
///
/// # Errors
/// As for [`read_change`]; an empty body, or `{}`, has no `user` either.
pub async fn read_required(request: &impl Request) -> Result<Fields, Error> {
    read_wrapped(request, Field::User).await
}

/// Reads the body of a request about a credential: `{"credential": {…}}`.
///
/// # Errors
/// As for [`read_required`], with `credential` in place of `user`.
pub async fn read_credential(request: &impl Request) -> Result<Fields, Error> {
    read_wrapped(request, Field::Credential).await
}

async fn read_wrapped(request: &impl Request, wrapper: Field) -> Result<Fields, Error> {
    let mut body = read_object(request).await?;
    if !body.contains_key(wrapper.name()) {
        return Err(FieldErrors::of(wrapper, Violation::Required).into());
    }
    fields(&mut body, wrapper.name())
}

/// Failure of [`read_change`] and [`read_required`].
pub const MISSING_USER: Failure = Failure {
    name: "MissingUser",
    description: "An object without `user`",
    error: missing_user,
    varying: None,
};

fn missing_user() -> Error {
    FieldErrors::of(Field::User, Violation::Required).into()
}

/// Failure of [`read_credential`].
pub const MISSING_CREDENTIAL: Failure = Failure {
    name: "MissingCredential",
    description: "An object without `credential`",
    error: || FieldErrors::of(Field::Credential, Violation::Required).into(),
    varying: None,
};

async fn read_object(request: &impl Request) -> Result<Map<String, Value>, Error> {
    let body = match request.body(MAX_BODY_BYTES).await {
        Ok(body) if body.is_empty() => return Ok(Map::new()),
        Ok(body) => Some(body),
        Err(BodyError::BrokenOff) => None,
        Err(BodyError::TooLarge) => return Err(Error::BodyTooLarge),
        Err(BodyError::TimedOut) => return Err(Error::BodyTimedOut),
    };
    let media_type = request.header(Header::ContentType).unwrap_or_default();
    if !is_json(media_type) {
        return Err(Error::UnsupportedMediaType(media_type.to_owned()));
    }
    let malformed = |what: &str| {
        let encoding = request
            .header(Header::ContentEncoding)
            .map(str::trim)
            .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"));
        Error::MalformedJson(encoding.map_or_else(
            || what.to_owned(),
            |encoding| format!("Content-Encoding {encoding:?} is not supported: {what}"),
        ))
    };
    let Some(body) = body else { return Err(malformed("the body broke off at line 1 column 0")) };
    if let Some((_, what)) = BYTE_ORDER_MARKS.iter().find(|(mark, _)| body.starts_with(mark)) {
        return Err(malformed(what));
    }
    // Not as bytes, which `serde_json` has another parser for: 3 KiB of the Worker. It refuses more than 128 levels of nesting.
    let text = str::from_utf8(&body).map_err(|error| malformed(&not_utf8(&body, error.valid_up_to())))?;
    object(serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))?)
}

/// Message on a body that is UTF-8 up to this byte, with its place as `serde_json` counts it.
fn not_utf8(body: &[u8], valid_up_to: usize) -> String {
    let valid = body.get(..valid_up_to).unwrap_or_default();
    let last_line = valid.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("invalid UTF-8 at line {line} column {}", last_line.len() + 1)
}

fn fields(body: &mut Map<String, Value>, wrapper: &str) -> Result<Fields, Error> {
    match body.remove(wrapper) {
        None => Ok(Fields::default()),
        Some(Value::Null) => Err(Error::NoData),
        Some(user) => object(user).map(Fields),
    }
}

/// Parameters, such as `charset`, don't matter: JSON has none (RFC 8259 §11).
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn object(value: Value) -> Result<Map<String, Value>, Error> {
    match value {
        Value::Object(object) => Ok(object),
        Value::Array(_) => Err(Error::NotAnObject("list")),
        Value::String(_) => Err(Error::NotAnObject("str")),
        Value::Bool(_) => Err(Error::NotAnObject("bool")),
        Value::Null => Err(Error::NotAnObject("null")),
        Value::Number(number) if number.is_f64() => Err(Error::NotAnObject("float")),
        Value::Number(_) => Err(Error::NotAnObject("int")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_one_media_type() {
        for media_type in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            " Application/JSON ; x=y",
        ] {
            assert!(is_json(media_type), "{media_type}");
        }
        for media_type in [
            "",
            "text/plain",
            "application/jsonx",
            "application/vnd.api+json",
            "application/*",
            "*/*",
            "application/x-www-form-urlencoded",
            "text/plain; application/json",
        ] {
            assert!(!is_json(media_type), "{media_type}");
        }
    }
}
