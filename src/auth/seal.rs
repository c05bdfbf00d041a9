//! Seals: what the database keeps encrypted and authenticated, under keys that it does not have.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, by the platform. Bound to its place in the database, so
//! that no seal is good in another.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::secret::Secret;
use crate::error::Error;
use crate::platform::Platform;

const NONCE_BYTES: usize = 12;

/// Cipher of seals: the platform in the Worker, and code of this machine in the operator's command.
#[expect(async_fn_in_trait, reason = "a Worker has one thread; nothing here needs Send")]
pub trait Cipher {
    /// Fills `bytes` from a cryptographically secure source.
    ///
    /// # Errors
    /// Failure of the source.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error>;

    /// Encrypts as [`Platform::encrypt`] does.
    ///
    /// # Errors
    /// A message for the log.
    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String>;

    /// Decrypts as [`Platform::decrypt`] does.
    ///
    /// # Errors
    /// A message for the log.
    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String>;
}

impl<P: Platform> Cipher for P {
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        Platform::fill_random(self, bytes)
    }

    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String> {
        Platform::encrypt(self, key, nonce, text, context).await
    }

    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String> {
        Platform::decrypt(self, key, nonce, encrypted, context).await
    }
}

/// Keys of seals and of user handles: one that seals, and one that sealed before and still opens.
#[derive(Debug, Clone)]
pub struct DataKeys {
    current: Secret,
    previous: Option<Secret>,
    user_handles: Secret,
}

/// Text that was sealed, once it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The text.
    pub bytes: Vec<u8>,
    /// `true` if the previous key had sealed it.
    pub is_outdated: bool,
}

impl DataKeys {
    /// Keys that are derived from these secrets.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        let derive = |secret: &Secret| secret.derive("latchkey: seals");
        Self {
            current: derive(current),
            previous: previous.map(derive),
            user_handles: current.derive("latchkey: user handles"),
        }
    }

    /// The handle by which passkeys know a user (WebAuthn Level 3 §5.4.3): 32 bytes in base64url, which tell nothing.
    pub fn user_handle(&self, user_id: i64) -> String {
        Base64UrlUnpadded::encode_string(&self.user_handles.mac(user_id.to_string().as_bytes()))
    }

    /// Seals some bytes for a place in the database.
    ///
    /// # Errors
    /// [`Error::Internal`] if the cipher fails.
    pub async fn seal(&self, cipher: &impl Cipher, bytes: &[u8], place: &str) -> Result<String, Error> {
        let mut nonce = [0; NONCE_BYTES];
        cipher.fill_random(&mut nonce)?;
        let sealed = cipher.encrypt(self.current.as_bytes(), &nonce, bytes, place).await;
        let sealed = sealed.map_err(|error| Error::Internal(format!("seal: {error}")))?;
        Ok(Base64UrlUnpadded::encode_string(&[&nonce[..], &sealed].concat()))
    }

    /// Opens a seal of a place in the database. `None` if no key of this deployment sealed it, or it is of another place.
    ///
    /// # Errors
    /// [`Error::Internal`] if the cipher fails.
    pub async fn open(
        &self,
        cipher: &impl Cipher,
        sealed: &str,
        place: &str,
    ) -> Result<Option<Opened>, Error> {
        let Ok(sealed) = Base64UrlUnpadded::decode_vec(sealed) else { return Ok(None) };
        let Some((nonce, sealed)) = sealed.split_at_checked(NONCE_BYTES) else { return Ok(None) };
        let keys = [(Some(&self.current), false), (self.previous.as_ref(), true)];
        for (key, is_outdated) in keys {
            let Some(key) = key else { continue };
            let opened = cipher.decrypt(key.as_bytes(), nonce, sealed, place).await;
            if let Some(bytes) = opened.map_err(|error| Error::Internal(format!("seal: {error}")))? {
                return Ok(Some(Opened { bytes, is_outdated }));
            }
        }
        Ok(None)
    }
}
