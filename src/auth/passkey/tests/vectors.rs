//! Test vectors of WebAuthn Level 3 §16, as far as they go: their challenges are not ours.

use super::*;
use crate::auth::passkey::assertion::Assertion;
use crate::auth::passkey::authenticator_data::AuthenticatorData;
use crate::auth::passkey::der::plain_signature;
use crate::auth::passkey::public_key;
use crate::auth::passkey::{bytes, credential_id};
use crate::platform::SignatureAlgorithm;

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
        for other in SignatureAlgorithm::ALL {
            assert_eq!(public_key::is_of(other, &bytes(response, "publicKey").unwrap()), other == algorithm);
        }
        assert_eq!(Assertion::parse(&vector["authentication"]).unwrap().credential_id(), id);
        let response = &vector["authentication"]["response"];
        let asserted = bytes(response, "authenticatorData").unwrap();
        let asserted = AuthenticatorData::read(&asserted, "example.org").unwrap();
        assert_eq!(asserted.is_backup_eligible(), data.is_backup_eligible());
        assert_eq!((asserted.credential_id(), asserted.counter), (None, 0));
        let signature = bytes(response, "signature").unwrap();
        let is_der = plain_signature(&signature).is_some();
        assert_eq!(is_der, algorithm == SignatureAlgorithm::Es256);
    }
}
