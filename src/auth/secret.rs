//! Secrets, and the keys that are derived from them.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};
use sha2::{Digest as _, Sha256};

use super::hs256::{Hs256, Hs256Key};

/// The fewest bytes of a secret: as many as the hash has (RFC 7518 §3.2).
pub const MIN_BYTES: usize = 32;

/// SHA-256 of secrets that are public: the `SECRET_KEY` in the repository of the original Conduit server.
const PUBLIC: [[u8; 32]; 1] = [[
    0xe8, 0x1a, 0x16, 0x1b, 0x13, 0xfa, 0xfc, 0xf0, 0x33, 0xca, 0xb5, 0xd4, 0x92, 0x66, 0x3c, 0xf2, 0xdb,
    0x9f, 0x91, 0x5d, 0xac, 0x4c, 0xd4, 0xa6, 0x30, 0xa0, 0xe5, 0xc9, 0xae, 0xae, 0x0e, 0xf2,
]];

/// Prefix that Django's `startproject` gives a key for development.
const DJANGO_INSECURE: &[u8] = b"django-insecure-";

/// The fewest different characters of a secret that may have been drawn at random.
const MIN_CHARACTERS: usize = 10;

/// The bytes of a hash that are kept: enough that no two are ever equal.
const SHORT_HASH_BYTES: usize = 16;

/// Bytes that only this deployment knows. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of these UTF-8 bytes, or `None` if they are fewer than [`MIN_BYTES`].
    pub fn new(secret: String) -> Option<Self> {
        (secret.len() >= MIN_BYTES).then(|| Self(secret.into_bytes()))
    }

    /// Tells whether everyone can know it.
    pub fn is_public(&self) -> bool {
        PUBLIC.contains(&Sha256::digest(&self.0).into())
    }

    /// Reason for which others may be able to guess it, as the end of a sentence about it.
    pub fn weakness(&self) -> Option<String> {
        if self.0.starts_with(DJANGO_INSECURE) {
            return Some(
                "begins with \"django-insecure-\", as keys do that Django makes for development".to_owned(),
            );
        }
        let text = String::from_utf8_lossy(&self.0);
        let is_new = |(at, c): &(usize, char)| text.get(..*at).is_some_and(|before| !before.contains(*c));
        (text.char_indices().filter(is_new).count() < MIN_CHARACTERS)
            .then(|| format!("has fewer than {MIN_CHARACTERS} different characters"))
    }

    /// A keyed hash of some parts, none of which may have a U+0000 in it: 22 characters of base64url.
    pub fn short_hash(&self, parts: &[&str]) -> String {
        let mac = self.mac(parts.join("\0").as_bytes());
        Base64UrlUnpadded::encode_string(mac.get(..SHORT_HASH_BYTES).unwrap_or(&mac))
    }

    /// The key of HS256 that this secret is.
    pub(super) fn key(&self) -> Hs256Key {
        Hs256Key::new(&self.0)
    }

    /// The HMAC-SHA256 of some bytes under this secret: 32 bytes.
    pub fn mac(&self, bytes: &[u8]) -> Vec<u8> {
        Hs256.sign(&self.key(), bytes).as_bytes().into_owned()
    }

    /// The bytes themselves, for a cipher of the platform.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A secret of its own for another purpose, which does not tell this one. No JWT has a purpose's
    /// text for its signing input, since that has a dot in it.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.mac(purpose.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_bytes_and_is_not_shown() {
        assert_eq!(Secret::new("x".repeat(31)), None);
        let sixteen_letters = "\u{e9}".repeat(16); // two bytes each
        let secret = Secret::new(sixteen_letters).unwrap();
        assert_eq!(format!("{secret:?} {:?}", secret.derive("x")), "Secret(redacted) Secret(redacted)");
    }

    #[test]
    fn a_key_of_development_and_one_of_few_characters_are_weak() {
        let weakness = |secret: &str| Secret::new(secret.to_owned()).unwrap().weakness();
        assert!(weakness("django-insecure-a8fzq0+b2m(xk)w7!d").unwrap().contains("django-insecure-"));
        assert_eq!(weakness(&"012345678".repeat(4)).unwrap(), "has fewer than 10 different characters");
        assert_eq!(weakness(&"0123456789".repeat(4)), None);
        assert!(!Secret::new("x".repeat(32)).unwrap().is_public());
    }

    /// Test case 6 of RFC 4231.
    #[test]
    fn the_mac_is_hmac_sha256() {
        let secret = Secret(vec![0xaa; 131]);
        let mac = secret.mac(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(mac[..8], [0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f]);
        assert_ne!(secret.derive("one"), secret.derive("other"));
    }
}
