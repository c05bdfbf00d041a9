//! Demand for a second factor.

use super::render::Rendered;
use crate::http::Response;

/// Second step that a login or the renewal of a proof asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorRequired {
    /// Single-use secret that the second step sends back.
    pub secret: String,
    /// Types of factors that the user can prove: an array in JSON of `totp`, `recovery` and `passkey`.
    pub types: String,
    /// End of the secret, in RFC 3339.
    pub expires: String,
}

impl FactorRequired {
    /// Renders it; nothing in it has to be escaped.
    pub(super) fn render(&self, message: &str) -> Rendered {
        let Self { secret, types, expires } = self;
        let parts = [
            r#"{"errors":{"factor":[""#,
            message,
            r#""]},"factor":{"secret":""#,
            secret,
            r#"","types":"#,
            types,
            r#","expires":""#,
            expires,
            r#""}}"#,
        ];
        Ok(Response::of_json(401, parts.concat()))
    }
}
