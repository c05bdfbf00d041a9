//! Schemas of what an answer's body can be (JSON Schema 2020-12).

use serde_json::Value;

use super::json::Json;
use crate::error::Dialect;
use crate::error::{Field, Violation};

/// Fields, and violations of each.
pub type Violations = Vec<(Field, Vec<Violation>)>;

/// A part of an answer that depends on the request: what it is in the example, and the pattern of what it can be.
#[derive(Debug, Clone, Copy)]
pub struct Varying {
    /// The part.
    pub part: &'static str,
    /// A regular expression.
    pub pattern: &'static str,
}

/// `{"errors": {field: [message, …]}}` with some of these fields, and these violations of them.
pub fn field_errors(dialect: Dialect, violations: &Violations, varying: Option<Varying>) -> Json {
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
                Json::object(vec![("enum", Json::texts(&several))])
            }
        };
        let list = vec![("type", Json::text("array")), ("minItems", Json::number(1)), ("items", message)];
        (field.name(), Json::object(list))
    });
    let fields = Json::object(vec![
        ("type", Json::text("object")),
        ("minProperties", Json::number(1)),
        ("properties", Json::object(fields.collect())),
        ("additionalProperties", Json::raw("false")),
    ]);
    closed(vec![("errors", fields)])
}

/// The schema of bodies that are as this one, but for what varies.
pub fn like(body: &Value, varying: Option<Varying>) -> Json {
    match body {
        Value::Object(entries) => {
            closed(entries.iter().map(|(key, value)| (key.as_str(), like(value, varying))).collect())
        }
        Value::Array(items) => Json::object(vec![
            ("type", Json::text("array")),
            ("minItems", Json::number(1)),
            ("maxItems", Json::number(1)),
            ("items", items.first().map_or(Json::raw("true"), |item| like(item, varying))),
        ]),
        other => text(other.as_str().unwrap_or_default(), varying),
    }
}

/// An object with all of these properties, and no other.
pub fn closed(properties: Vec<(&str, Json)>) -> Json {
    let names: Vec<_> = properties.iter().map(|(name, _)| *name).collect();
    Json::object(vec![
        ("type", Json::text("object")),
        ("required", Json::texts(&names)),
        ("properties", Json::object(properties)),
        ("additionalProperties", Json::raw("false")),
    ])
}

fn text(example: &str, varying: Option<Varying>) -> Json {
    let split = varying.and_then(|varying| Some((example.split_once(varying.part)?, varying)));
    let (key, value) = match split {
        None => ("const", example.to_owned()),
        Some(((before, after), Varying { pattern, .. })) => {
            ("pattern", ["^", &literal(before), pattern, &literal(after), "$"].concat())
        }
    };
    Json::object(vec![("type", Json::text("string")), (key, Json::text(&value))])
}

/// A regular expression that matches this text.
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
