//! Cipher of seals, which the Worker asks its platform for.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use latchkey::auth::seal::Cipher;

/// AES-256-GCM of this machine.
pub struct Native;

impl Cipher for Native {
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String> {
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|error| error.to_string())?;
        let nonce = Nonce::try_from(nonce).map_err(|error| error.to_string())?;
        let payload = Payload { msg: text, aad: context.as_bytes() };
        cipher.encrypt(&nonce, payload).map_err(|error| error.to_string())
    }

    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String> {
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|error| error.to_string())?;
        let nonce = Nonce::try_from(nonce).map_err(|error| error.to_string())?;
        Ok(cipher.decrypt(&nonce, Payload { msg: encrypted, aad: context.as_bytes() }).ok())
    }
}
