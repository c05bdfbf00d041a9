//! Test vectors of WebAuthn Level 3 §16. Their challenges are not ours, and are replaced where nothing signs them;
//! `tests/api_sqlite/passkeys.rs` has the signatures.

use super::*;
use crate::auth::passkey::assertion::Assertion;
use crate::auth::passkey::authenticator_data::AuthenticatorData;
use crate::auth::passkey::der::plain_signature;
use crate::auth::passkey::public_key;
use crate::auth::passkey::{bytes, client_data, credential_id, registration};
use crate::platform::SignatureAlgorithm;

/// The same response with a challenge of ours.
fn with_challenge(response: &Value, ceremony: Ceremony<'_>) -> Value {
    let json = bytes(&response["response"], "clientDataJSON").unwrap();
    let mut data: Value = serde_json::from_slice(&json).unwrap();
    data["challenge"] = json!(challenge(ceremony, NOW));
    let mut replaced = response.clone();
    replaced["response"]["clientDataJSON"] = json!(base64(data.to_string()));
    replaced
}

#[test]
fn the_vectors_of_the_specification_are_read() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/webauthn.json")).unwrap();
    let vectors = fixture["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 7);
    for vector in vectors {
        let (id, id_bytes) = credential_id(&vector["registration"]).unwrap();
        let response = &vector["registration"]["response"];
        let data = bytes(response, "authenticatorData").unwrap();
        let data = AuthenticatorData::read(&data, "example.org").unwrap();
        assert_eq!(data.credential_id(), Some(&id_bytes[..]));
        let number = response["publicKeyAlgorithm"].as_i64().unwrap();
        let algorithm = SignatureAlgorithm::from_number(number).unwrap();
        let is_in_frame = vector["section"].as_str().unwrap().ends_with("Origin");
        let passkey = with_rp("example.org", |rp| {
            registration::verify(rp, &with_challenge(&vector["registration"], JAKE), USER, HANDLE, NOW)
        });
        assert_eq!(passkey.is_none(), is_in_frame, "{}", vector["section"]);
        for other in SignatureAlgorithm::ALL {
            assert_eq!(public_key::is_of(other, &bytes(response, "publicKey").unwrap()), other == algorithm);
        }
        assert_eq!(Assertion::parse(&vector["authentication"]).unwrap().credential_id(), id);
        let response = &vector["authentication"]["response"];
        let replaced = with_challenge(&vector["authentication"], Ceremony::Authentication);
        let client_data = bytes(&replaced["response"], "clientDataJSON").unwrap();
        let challenge =
            with_rp("example.org", |rp| client_data::read(&client_data, rp, Ceremony::Authentication, NOW));
        assert_eq!(challenge.is_none(), is_in_frame);
        let asserted = bytes(response, "authenticatorData").unwrap();
        let asserted = AuthenticatorData::read(&asserted, "example.org").unwrap();
        assert_eq!(asserted.is_backup_eligible(), data.is_backup_eligible());
        assert_eq!((asserted.credential_id(), asserted.counter), (None, 0));
        let signature = bytes(response, "signature").unwrap();
        let is_der = plain_signature(&signature).is_some();
        assert_eq!(is_der, algorithm == SignatureAlgorithm::Es256);
    }
}
