//! Public keys in the one form that each algorithm has for them.

use super::der::{BIT_STRING, SEQUENCE, only, split, split_positive};
use crate::platform::SignatureAlgorithm;

/// Beginning of an Ed25519 key (RFC 8410 §4), before its 32 bytes.
const ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// Beginning of a P-256 key (RFC 5480 §2) and of its uncompressed point, before its 64 bytes.
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";

/// `rsaEncryption` with its NULL (RFC 3279 §2.3.1).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// The exponent of RSA, 65,537: the only one that authenticators use, and smaller ones are weak.
const RSA_EXPONENT: &[u8] = b"\x01\x00\x01";

/// Tells whether a `SubjectPublicKeyInfo` in DER has the form of this algorithm's keys. Whether it is a point of the curve is
/// left to whoever verifies a signature by it.
pub fn is_of(algorithm: SignatureAlgorithm, key: &[u8]) -> bool {
    match algorithm {
        SignatureAlgorithm::EdDsa => key.len() == ED25519.len() + 32 && key.starts_with(ED25519),
        SignatureAlgorithm::Es256 => key.len() == P256.len() + 64 && key.starts_with(P256),
        SignatureAlgorithm::Rs256 => rsa_bits(key).is_some_and(|bits| (2048..=4096).contains(&bits)),
    }
}

/// The length of an RSA key's modulus.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (algorithm, rest) = split(SEQUENCE, only(SEQUENCE, key)?)?;
    let (&unused_bits, key) = only(BIT_STRING, rest)?.split_first()?;
    let (modulus, rest) = split_positive(only(SEQUENCE, key)?)?;
    let (exponent, rest) = split_positive(rest)?;
    let is_rsa = algorithm == RSA && unused_bits == 0 && exponent == RSA_EXPONENT && rest.is_empty();
    let leading_zeros = modulus.first()?.leading_zeros() as usize;
    is_rsa.then_some(modulus.len() * 8 - leading_zeros)
}
