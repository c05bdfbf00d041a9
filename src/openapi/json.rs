//! JSON as text, composed of parts: keys keep their order, and examples go in as they are sent.

use std::fmt;

/// Value in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Json(String);

impl Json {
    /// Takes text that is JSON already.
    pub(super) fn raw(json: &str) -> Self {
        Self(json.to_owned())
    }

    /// Makes a string.
    pub(super) fn string(text: &str) -> Self {
        Self(serde_json::to_string(text).unwrap_or_default()) // strings always serialize
    }

    /// Makes a number.
    pub(super) fn number(number: usize) -> Self {
        Self(number.to_string())
    }

    /// Makes an array of strings.
    pub(super) fn strings(strings: &[&str]) -> Self {
        Self::array(strings.iter().map(|text| Self::string(text)).collect())
    }

    /// Makes an array.
    pub(super) fn array(values: Vec<Self>) -> Self {
        Self::joined('[', values, ']')
    }

    /// Makes an object of keys and values.
    pub(super) fn object(entries: Vec<(&str, Self)>) -> Self {
        let entry = |(key, Self(value))| {
            let Self(key) = Self::string(key);
            Self(key + ":" + &value)
        };
        Self::joined('{', entries.into_iter().map(entry).collect(), '}')
    }

    fn joined(open: char, parts: Vec<Self>, close: char) -> Self {
        let mut json = String::from(open);
        for (index, Self(part)) in parts.into_iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            json.push_str(&part);
        }
        json.push(close);
        Self(json)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
