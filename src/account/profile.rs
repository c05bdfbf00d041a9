//! Profile fields: optional texts of a user. [`PROFILE`] is the one list of them: the store, the rules, the responses,
//! the OpenAPI document and `users show` follow from it. Imports from Django name the fields that Django's model has.

use serde::ser::{SerializeMap as _, Serializer};

use super::validate::{RawField, Rule, Validated};
use crate::error::Field;

/// Optional text of a user. Its column has its name.
#[derive(Debug)]
pub struct ProfileField {
    /// The rule of the text.
    pub rule: Rule,
    /// Meaning, for the OpenAPI document.
    pub description: &'static str,
    /// Text for examples, if they show one.
    pub example: Option<&'static str>,
}

const fn field(
    field: Field,
    max: usize,
    description: &'static str,
    example: Option<&'static str>,
) -> ProfileField {
    ProfileField { rule: Rule::stored(field, 0, max), description, example }
}

/// The profile, in the order of responses.
pub const PROFILE: [ProfileField; 2] = [
    field(Field::Bio, 2_000, "Words of the user about themself.", Some("I keep the keys.")),
    field(Field::Image, 2_048, "URL of a picture.", None),
];

/// Values of [`PROFILE`], in its order.
pub type Profile = [Option<String>; PROFILE.len()];

/// Changes of [`PROFILE`], in its order: `None` keeps a value, `Some(None)` removes it.
pub type ProfilePatch = [Option<Option<String>>; PROFILE.len()];

impl ProfileField {
    /// Name in requests, responses and errors, and of the column.
    pub const fn name(&self) -> &'static str {
        self.rule.field.name()
    }

    /// Checks what was sent; `null` and an empty text are no value.
    pub fn check(&self, input: RawField) -> Validated<Option<String>> {
        self.rule.optional_text(input)
    }
}

/// Serializes the values as members of an object, for `#[serde(flatten)]`.
pub fn serialize<S: Serializer>(profile: &Profile, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (field, value) in PROFILE.iter().zip(profile) {
        map.serialize_entry(field.name(), value)?;
    }
    map.end()
}
