//! Cryptography that the Worker asks WebCrypto for.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::Verifier as _;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use latchkey::platform::SignatureAlgorithm;

pub fn encrypt(key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String> {
    let cipher = Aes256Gcm::new_from_slice(key).map_err(|error| error.to_string())?;
    let nonce = Nonce::try_from(nonce).map_err(|error| error.to_string())?;
    cipher.encrypt(&nonce, Payload { msg: text, aad: context.as_bytes() }).map_err(|error| error.to_string())
}

pub fn decrypt(key: &[u8], nonce: &[u8], encrypted: &[u8], context: &str) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let nonce = Nonce::try_from(nonce).ok()?;
    cipher.decrypt(&nonce, Payload { msg: encrypted, aad: context.as_bytes() }).ok()
}

pub fn verify_signature(
    algorithm: SignatureAlgorithm,
    public_key: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Option<()> {
    match algorithm {
        SignatureAlgorithm::EdDsa => {
            let key = ed25519_dalek::VerifyingKey::from_public_key_der(public_key).ok()?;
            key.verify(message, &ed25519_dalek::Signature::from_slice(signature).ok()?).ok()
        }
        SignatureAlgorithm::Es256 => {
            let key = p256::ecdsa::VerifyingKey::from_public_key_der(public_key).ok()?;
            key.verify(message, &p256::ecdsa::Signature::from_slice(signature).ok()?).ok()
        }
        SignatureAlgorithm::Rs256 => {
            let key = rsa::PublicKey::from_public_key_der(public_key).ok()?;
            let key = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key);
            key.verify(message, &rsa::pkcs1v15::Signature::try_from(signature).ok()?).ok()
        }
    }
}
