//! Keys that sign tokens and verify them.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::hs256::Hs256Key;
use super::secret::Secret;

/// The bytes of a key's id: enough to tell two apart, and it tells nothing of the key.
const KID_BYTES: usize = 6;

/// Keys of this deployment: one that signs, and one that signed before, whose tokens are still good.
#[derive(Debug, Clone)]
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

/// Key of HS256.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The `kid`, derived from the secret, so that both need no names in the configuration.
    pub(super) id: String,
    /// Header of what it signs, encoded.
    pub(super) header: String,
    pub(super) hs256: Hs256Key,
}

impl Keys {
    /// Makes the keys of these secrets.
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current: Key::new(current), previous: previous.map(Key::new) }
    }

    /// The key that signs.
    pub(super) fn current(&self) -> &Key {
        &self.current
    }

    /// Keys that may have signed a token: the one that its header names (RFC 7515 §4.1.4), or all.
    pub(super) fn candidates(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.filter(move |key| id.is_none_or(|id| id == key.id))
    }
}

impl Key {
    fn new(secret: Secret) -> Self {
        let id = secret.mac(b"latchkey: key id");
        let (id, _) = id.split_at_checked(KID_BYTES).unwrap_or((&id, &[]));
        let id = Base64UrlUnpadded::encode_string(id);
        let header = format!(r#"{{"alg":"HS256","kid":"{id}","typ":"JWT"}}"#);
        Self { id, header: Base64UrlUnpadded::encode_string(header.as_bytes()), hs256: secret.key() }
    }
}
