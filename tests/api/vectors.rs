//! Test vectors of the cryptography that the Worker leaves to the platform.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use latchkey::platform::SignatureAlgorithm;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Signature of an authenticator.
#[derive(Debug, Clone)]
pub struct Signed {
    pub algorithm: SignatureAlgorithm,
    /// `SubjectPublicKeyInfo`.
    pub key: Vec<u8>,
    /// Signature, as WebCrypto wants it.
    pub signature: Vec<u8>,
    pub message: Vec<u8>,
}

/// Text that the host's AES-256-GCM has encrypted.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub key: Vec<u8>,
    pub nonce: Vec<u8>,
    pub text: Vec<u8>,
    pub context: String,
    pub encrypted: Vec<u8>,
}

/// The signatures of WebAuthn Level 3 §16.
pub fn signed() -> Vec<Signed> {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/webauthn.json")).unwrap();
    let vectors = fixture["vectors"].as_array().unwrap().iter().map(|vector| {
        let registered = &vector["registration"]["response"];
        let asserted = &vector["authentication"]["response"];
        let number = registered["publicKeyAlgorithm"].as_i64().unwrap();
        let algorithm = SignatureAlgorithm::from_number(number).unwrap();
        let mut signature = bytes(&asserted["signature"]);
        if algorithm == SignatureAlgorithm::Es256 {
            signature = p256::ecdsa::Signature::from_der(&signature).unwrap().to_bytes().to_vec();
        }
        let hash = Sha256::digest(bytes(&asserted["clientDataJSON"]));
        let message = [&bytes(&asserted["authenticatorData"])[..], &hash].concat();
        Signed { algorithm, key: bytes(&registered["publicKey"]), signature, message }
    });
    vectors.collect()
}

/// Text that WebCrypto has to decrypt.
pub fn sealed() -> Sealed {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/seal.json")).unwrap();
    Sealed {
        key: bytes(&fixture["key"]),
        nonce: bytes(&fixture["nonce"]),
        text: bytes(&fixture["text"]),
        context: fixture["context"].as_str().unwrap().to_owned(),
        encrypted: bytes(&fixture["encrypted"]),
    }
}

/// The same bytes with one bit changed.
pub fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

pub fn bytes(value: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap()
}
