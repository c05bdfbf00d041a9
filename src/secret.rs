//! Secrets, and the keys that are derived from them.

use std::fmt;

use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};

/// The fewest bytes of a secret: as many as the hash has (RFC 7518 §3.2).
pub const MIN_BYTES: usize = 32;

/// Bytes that only this deployment knows. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of these UTF-8 bytes, or `None` if they are fewer than [`MIN_BYTES`].
    pub fn new(secret: String) -> Option<Self> {
        (secret.len() >= MIN_BYTES).then(|| Self(secret.into_bytes()))
    }

    /// The key of HMAC-SHA256 that this secret is.
    pub fn key(&self) -> Hs256Key {
        Hs256Key::new(&self.0)
    }

    /// The HMAC-SHA256 of some bytes under this secret: 32 bytes.
    pub fn mac(&self, bytes: &[u8]) -> Vec<u8> {
        Hs256.sign(&self.key(), bytes).as_bytes().into_owned()
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

    /// Test case 6 of RFC 4231.
    #[test]
    fn the_mac_is_hmac_sha256() {
        let secret = Secret(vec![0xaa; 131]);
        let mac = secret.mac(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(mac[..8], [0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f]);
        assert_ne!(secret.derive("one"), secret.derive("other"));
    }
}
