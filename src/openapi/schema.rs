//! Schemas of response bodies (JSON Schema 2020-12).

use serde_json::Value;

use super::component_ref;
use super::json::Json;
use crate::api::endpoint::Placeholder;
use crate::error::{Dialect, Field, Violation};

/// Fields, and violations of each.
pub(super) type Violations = Vec<(Field, Vec<Violation>)>;

/// Minimum in a message, which `PASSWORD_MIN_LENGTH` can raise.
const RAISED_MIN_LENGTH: Placeholder = Placeholder { part: "8", pattern: "[1-9][0-9]?" };

/// `{"errors": {field: [message, …]}}` with some of these fields, and these violations of them.
pub(super) fn field_errors(dialect: Dialect, violations: &Violations, varying: Option<Placeholder>) -> Json {
    let fields = violations.iter().map(|(field, violations)| {
        let mut messages: Vec<String> = Vec::new();
        for message in violations.iter().map(|violation| dialect.message(*field, violation)) {
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        let message = match messages.as_slice() {
            [one] => text(one, varying),
            several => {
                let several: Vec<_> = several.iter().map(String::as_str).collect();
                Json::object(vec![("enum", Json::strings(&several))])
            }
        };
        let min = violations.iter().find(|violation| matches!(violation, Violation::TooShort(_)));
        let message = match min {
            Some(min) if *field == Field::Password => {
                let raised = text(&dialect.message(*field, min), Some(RAISED_MIN_LENGTH));
                Json::object(vec![("anyOf", Json::array(vec![message, raised]))])
            }
            _ => message,
        };
        let list = vec![("type", Json::string("array")), ("minItems", Json::number(1)), ("items", message)];
        (field.name(), Json::object(list))
    });
    let fields = Json::object(vec![
        ("type", Json::string("object")),
        ("minProperties", Json::number(1)),
        ("properties", Json::object(fields.collect())),
        ("additionalProperties", Json::raw("false")),
    ]);
    closed_object(vec![("errors", fields)])
}

/// Schema of bodies that are as this one, but for what varies.
pub(super) fn from_example(body: &Value, varying: Option<Placeholder>) -> Json {
    match body {
        Value::Object(entries) => closed_object(
            entries.iter().map(|(key, value)| (key.as_str(), from_example(value, varying))).collect(),
        ),
        Value::Array(items) => Json::object(vec![
            ("type", Json::string("array")),
            ("minItems", Json::number(1)),
            ("maxItems", Json::number(1)),
            ("items", items.first().map_or(Json::raw("true"), |item| from_example(item, varying))),
        ]),
        other => text(other.as_str().unwrap_or_default(), varying),
    }
}

/// Schema of bodies that are as this one, beside the demand for a second factor.
pub(super) fn with_factor(body: &Value) -> Json {
    let errors = body.get("errors").map_or(Json::raw("true"), |errors| from_example(errors, None));
    closed_object(vec![("errors", errors), ("factor", component_ref("schemas", "Factor"))])
}

/// Schema of an object with all of these properties, and no other.
pub(super) fn closed_object(properties: Vec<(&str, Json)>) -> Json {
    let names: Vec<_> = properties.iter().map(|(name, _)| *name).collect();
    Json::object(vec![
        ("type", Json::string("object")),
        ("required", Json::strings(&names)),
        ("properties", Json::object(properties)),
        ("additionalProperties", Json::raw("false")),
    ])
}

fn text(example: &str, varying: Option<Placeholder>) -> Json {
    let split = varying.and_then(|varying| Some((example.split_once(varying.part)?, varying)));
    let (key, value) = match split {
        None => ("const", example.to_owned()),
        Some(((before, after), Placeholder { pattern, .. })) => {
            ("pattern", ["^", &literal(before), pattern, &literal(after), "$"].concat())
        }
    };
    Json::object(vec![("type", Json::string("string")), (key, Json::string(&value))])
}

/// Escapes a text for a regular expression.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "\\^$.|?*+()[]{}".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
