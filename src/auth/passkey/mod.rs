//! Passkeys: ceremonies of WebAuthn Level 3, with attestation "none".
//!
//! Challenges are stateless. What a browser sends is JSON (`RegistrationResponseJSON` and `AuthenticationResponseJSON`), which
//! has the public key as a `SubjectPublicKeyInfo`, so that nothing here reads CBOR.

pub mod assertion;
mod authenticator_data;
pub mod challenge;
mod client_data;
mod der;
mod public_key;
pub mod registration;
#[cfg(test)]
mod tests;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::secret::Secret;

/// The most bytes of a credential's id (WebAuthn Level 3 §4).
const MAX_ID_BYTES: usize = 1023;

/// Relying party, as the configuration and the request have it.
pub struct RelyingParty<'a> {
    /// Its id, a domain.
    pub id: &'a str,
    /// Key of challenges.
    pub challenge_key: &'a Secret,
    /// Tells whether pages of this origin may use passkeys.
    pub allows: &'a dyn Fn(&str) -> bool,
}

/// The id of the credential that a response is of, if both forms of it agree: base64url, and the bytes.
fn credential_id(response: &Value) -> Option<(&str, Vec<u8>)> {
    let is_public_key = text(response, "type")? == "public-key";
    let id = text(response, "id")?;
    let is_same = id == text(response, "rawId")?;
    let bytes = bytes(response, "id")?;
    let has_length = (1..=MAX_ID_BYTES).contains(&bytes.len());
    (is_public_key && is_same && has_length).then_some((id, bytes))
}

/// A member that is a string.
fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// A member that is bytes: base64url without padding, of which there is one form for the same bytes.
fn bytes(object: &Value, name: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text(object, name)?).ok()
}

/// The hash of some bytes.
#[inline(never)] // it is large, and two need it
fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
