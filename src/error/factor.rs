//! Demand for a second factor.

use serde_json::json;
use serde_json::value::RawValue;

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
    pub(super) fn render(&self, message: &str) -> Rendered {
        let types: &RawValue = serde_json::from_str(&self.types)?;
        let factor = json!({ "secret": self.secret, "types": types, "expires": self.expires });
        Response::json(401, &json!({ "errors": { "factor": [message] }, "factor": factor }))
    }
}
