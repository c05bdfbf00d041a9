//! JSON as text, put together from parts: keys keep their order, and answers go in as they are sent. Nothing here is
//! generic or inlined, since all of it is in the Worker's upload and hardly ever runs.

use std::fmt;

/// A value in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(String);

impl Json {
    /// What is JSON already.
    #[inline(never)]
    pub fn raw(json: &str) -> Self {
        Self(json.to_owned())
    }

    /// A text.
    #[inline(never)]
    pub fn text(text: &str) -> Self {
        Self(serde_json::to_string(text).unwrap_or_default()) // texts always serialize
    }

    /// A number.
    #[inline(never)]
    pub fn number(number: usize) -> Self {
        Self(number.to_string())
    }

    /// A list of texts.
    #[inline(never)]
    pub fn texts(texts: &[&str]) -> Self {
        Self::array(texts.iter().map(|text| Self::text(text)).collect())
    }

    /// An array.
    #[inline(never)]
    pub fn array(values: Vec<Self>) -> Self {
        Self::joined('[', values, ']')
    }

    /// An object, of keys and values.
    #[inline(never)]
    pub fn object(entries: Vec<(&str, Self)>) -> Self {
        let entry = |(key, Self(value))| {
            let Self(key) = Self::text(key);
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
