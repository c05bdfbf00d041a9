//! New passkeys (WebAuthn Level 3 §7.1).

use serde_json::Value;

use super::authenticator_data::AuthenticatorData;
use super::challenge::{Ceremony, Challenge};
use super::{RelyingParty, bytes, client_data, credential_id, public_key, text};
use crate::platform::SignatureAlgorithm;

/// Transports that a browser may tell (WebAuthn Level 3 §5.8.4).
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// Passkey that a user's authenticator has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// The credential's id, in base64url.
    pub id: String,
    /// Public key: a `SubjectPublicKeyInfo`, in base64url.
    pub public_key: String,
    /// Algorithm of its signatures.
    pub algorithm: SignatureAlgorithm,
    /// Signatures so far; 0 if the authenticator does not count them.
    pub counter: i64,
    /// `true` if it can be on more than one device.
    pub is_backup_eligible: bool,
    /// Ways to the authenticator: a JSON array of known names, for options.
    pub transports: String,
    /// Challenge, to be spent.
    pub challenge: Challenge,
}

/// Verifies a `RegistrationResponseJSON` (WebAuthn Level 3 §5.1) for a passkey of this user. `None` if anything is wrong.
///
/// Without attestation nothing signs the public key, so that of the browser is as good as the authenticator's, and is in
/// DER. Nobody may have the id yet, which the database decides.
pub fn verify(
    rp: &RelyingParty<'_>,
    response: &Value,
    user_id: i64,
    user_handle: &str,
    now: i64,
) -> Option<NewPasskey> {
    let (id, id_bytes) = credential_id(response)?;
    let response = response.get("response")?;
    let ceremony = Ceremony::Registration { user_id, user_handle };
    let challenge = client_data::read(&bytes(response, "clientDataJSON")?, rp, ceremony, now)?;
    let authenticator_data = bytes(response, "authenticatorData")?;
    let authenticator_data = AuthenticatorData::read(&authenticator_data, rp.id)?;
    let algorithm = SignatureAlgorithm::from_number(response.get("publicKeyAlgorithm")?.as_i64()?)?;
    let public_key = text(response, "publicKey")?;
    let is_right = authenticator_data.credential_id()? == id_bytes
        && public_key::is_of(algorithm, &bytes(response, "publicKey")?);
    is_right.then(|| NewPasskey {
        id: id.to_owned(),
        public_key: public_key.to_owned(),
        algorithm,
        counter: authenticator_data.counter,
        is_backup_eligible: authenticator_data.is_backup_eligible(),
        transports: transports(response),
        challenge,
    })
}

/// The known ones of a response's transports; of others nothing is kept (WebAuthn Level 3 §5.2.1.1 allows that).
fn transports(response: &Value) -> String {
    let mut known = String::new();
    if let Some(told) = response.get("transports").and_then(Value::as_array) {
        for name in TRANSPORTS {
            if told.iter().any(|value| value == name) {
                known.push_str(if known.is_empty() { "[\"" } else { "\",\"" });
                known.push_str(name);
            }
        }
    }
    known.push_str(if known.is_empty() { "[]" } else { "\"]" });
    known
}
