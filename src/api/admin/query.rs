//! Parameters of lists.

use crate::error::{Field, FieldErrors, Violation};

/// The most of a page, and the default.
const MAX_LIMIT: i64 = 100;
const DEFAULT_LIMIT: i64 = 50;

/// The parameter of this name, if it is there and not empty; of several the last counts.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let last = form_urlencoded::parse(query.as_bytes()).filter(|(other, _)| other == name).last();
    last.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Reads a parameter, or adds its violation. One that is absent is `None`.
pub(super) fn read<T>(
    errors: &mut FieldErrors,
    query: &str,
    field: Field,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let value = parameter(query, field.name())?;
    let parsed = parse(&value);
    if parsed.is_none() {
        errors.add(field, Violation::NotAChoice(value));
    }
    parsed
}

/// Reads `limit`: 1 to 100.
pub(super) fn limit(errors: &mut FieldErrors, query: &str) -> i64 {
    let limit = read(errors, query, Field::Limit, |text| {
        text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
    });
    limit.unwrap_or(DEFAULT_LIMIT)
}
