//! HS256 (RFC 7518 §3.2) with keys that are prepared once.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jwt_compact::alg::Hs256Signature;
use jwt_compact::{Algorithm, AlgorithmSignature as _};
use sha2::Sha256;

/// HMAC-SHA256, as an algorithm of `jwt-compact`. The crate's own HS256 hashes the key again for each token, which is a
/// third of the work.
pub struct Hs256;

/// Key of [`Hs256`]: the state of the hash after the key.
#[derive(Clone)]
pub struct Hs256Key(Hmac<Sha256>);

impl Hs256Key {
    /// The key of these bytes.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("a key of any length"))
    }
}

impl fmt::Debug for Hs256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hs256Key(redacted)")
    }
}

impl Algorithm for Hs256 {
    type SigningKey = Hs256Key;
    type VerifyingKey = Hs256Key;
    type Signature = Hs256Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("HS256")
    }

    #[expect(clippy::expect_used, reason = "a signature has as many bytes as SHA-256")]
    fn sign(&self, key: &Hs256Key, message: &[u8]) -> Hs256Signature {
        let mac = key.0.clone().chain_update(message).finalize();
        Hs256Signature::try_from_slice(&mac.into_bytes()).expect("32 bytes")
    }

    /// Takes the same time for every signature: [`Hs256Signature`] is compared so.
    fn verify_signature(&self, signature: &Hs256Signature, key: &Hs256Key, message: &[u8]) -> bool {
        self.sign(key, message) == *signature
    }
}

#[cfg(test)]
mod tests {
    use jwt_compact::alg;

    use super::*;

    #[test]
    fn signatures_are_those_of_jwt_compact() {
        for key in [&[][..], &[1; 32], &[2; 64], &[3; 65], &[4; 200]] {
            let (ours, theirs) = (Hs256Key::new(key), alg::Hs256Key::new(key));
            for length in [0, 1, 55, 56, 63, 64, 65, 500] {
                let message = vec![5; length];
                let signature = alg::Hs256.sign(&theirs, &message);
                assert_eq!(Hs256.sign(&ours, &message), signature, "{} bytes, {length}", key.len());
                assert!(Hs256.verify_signature(&signature, &ours, &message));
                assert!(!Hs256.verify_signature(&signature, &ours, b"another"));
            }
        }
        assert_eq!(format!("{:?}", Hs256Key::new(b"secret")), "Hs256Key(redacted)");
    }
}
