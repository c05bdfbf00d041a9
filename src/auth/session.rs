//! Sessions, as tokens carry them on.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

/// The bytes of a session's name: 128 bits, so that none is ever drawn twice.
const SID_BYTES: usize = 16;

/// Parts that all tokens of a session have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Name of the session.
    pub sid: String,
    /// Upper bound, in seconds, on how long any token of the session stays valid. A revoked session has to be remembered
    /// for that long.
    pub lifetime: i64,
}

impl Session {
    /// Begins a session.
    pub fn begin<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut sid = [0; SID_BYTES];
        fill_random(&mut sid)?;
        Ok(Self { sid: Base64UrlUnpadded::encode_string(&sid), lifetime: 0 })
    }
}

/// Derives the name of the session of a token from elsewhere, which has none: the token itself stands for it.
pub(super) fn derived_sid(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let (sid, _) = hash.split_at(SID_BYTES);
    Base64UrlUnpadded::encode_string(sid)
}
