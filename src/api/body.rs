//! The body of a request: `{"user": {…}}` in JSON.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::http::{BodyError, Request};
use crate::validate::Input;

/// The longest body that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// The fields of `user` as they were sent. Of duplicate keys the last counts.
#[derive(Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Input {
        self.0.remove(name).into()
    }
}

/// Reads the body. An empty one, or one without `user`, has no fields.
///
/// # Errors
/// In this order: the body is too large, of another media type, no JSON, or not of this shape.
pub async fn read(request: &impl Request) -> Result<Fields, Error> {
    let body = request.body(MAX_BYTES).await.map_err(|error| match error {
        BodyError::TooLarge => Error::BodyTooLarge,
        BodyError::Broken(cause) => Error::Fault(format!("request body: {cause}")),
    })?;
    if body.is_empty() {
        return Ok(Fields::default());
    }
    let media_type = request.header("content-type").unwrap_or_default();
    if !is_json(media_type) {
        return Err(Error::UnsupportedMediaType(media_type.to_owned()));
    }
    // serde_json refuses what is not UTF-8, and more than 128 levels of nesting.
    let body = serde_json::from_slice(&body).map_err(|error| Error::MalformedJson(error.to_string()))?;
    let mut body = object(body)?;
    match body.remove("user") {
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
