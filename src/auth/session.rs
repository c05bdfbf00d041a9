//! Sessions, as tokens carry them on.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The bytes of a session's name: 128 bits, so that none is ever drawn twice.
const SID_BYTES: usize = 16;

/// Age of a proof up to which credentials and, where mail proves it, the email can be changed, in seconds.
pub const RECENT: i64 = 10 * 60;

/// Most that the clocks of servers which sign with the same secret differ, in seconds.
const CLOCK_SKEW: i64 = 60;

/// Parts that all tokens of a session have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Name of the session.
    pub sid: String,
    /// Upper bound, in seconds, on how long any token of the session stays valid. A revoked session has to be remembered
    /// for that long.
    pub lifetime: i64,
    /// Last proof of who uses it. `None`, that is never, in tokens of other libraries and of older versions.
    pub proof: Option<Proof>,
}

/// Proof that a session's user gave of themself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Time in Unix seconds: the claim `auth_time` (OpenID Connect Core §2).
    pub at: i64,
    /// Methods: the claim `amr` (RFC 8176).
    pub methods: Vec<Method>,
}

/// Method of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Method {
    /// The password.
    #[serde(rename = "pwd")]
    Password,
    /// A mailed secret: a value of our own.
    #[serde(rename = "email")]
    Email,
    /// A passkey whose key may be in a backup (`swk`: secured by software).
    #[serde(rename = "swk")]
    SyncedPasskey,
    /// A passkey whose key never leaves its device.
    #[serde(rename = "hwk")]
    DevicePasskey,
    /// Verification of the user by the authenticator of a passkey.
    #[serde(rename = "user")]
    UserVerification,
    /// A code of an authenticator app, or a recovery code.
    #[serde(rename = "otp")]
    Code,
    /// Two different factors.
    #[serde(rename = "mfa")]
    TwoFactors,
}

impl Method {
    /// The method with this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "pwd" => Some(Self::Password),
            "email" => Some(Self::Email),
            "swk" => Some(Self::SyncedPasskey),
            "hwk" => Some(Self::DevicePasskey),
            "user" => Some(Self::UserVerification),
            "otp" => Some(Self::Code),
            "mfa" => Some(Self::TwoFactors),
            _ => None,
        }
    }
}

/// Methods as the database has them: an array in JSON of their names.
pub fn methods_in_json(methods: &[Method]) -> String {
    serde_json::to_string(methods).unwrap_or_default() // names always serialize
}

/// Methods of an array in JSON of their names. Those that are unknown are left out.
pub fn methods_from_json(names: &str) -> Vec<Method> {
    let names: Vec<&str> = serde_json::from_str(names).unwrap_or_default();
    names.into_iter().filter_map(Method::from_name).collect()
}

impl Proof {
    /// A proof by the password at `now`, in Unix seconds.
    pub fn of_password(now: i64) -> Self {
        Self { at: now, methods: vec![Method::Password] }
    }
}

impl Session {
    /// Tells whether its last proof had two factors.
    pub fn has_two_factors(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.methods.contains(&Method::TwoFactors))
    }

    /// Begins a session.
    pub fn begin<E>(
        proof: Option<Proof>,
        fill_random: impl Fn(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut sid = [0; SID_BYTES];
        fill_random(&mut sid)?;
        Ok(Self { sid: Base64UrlUnpadded::encode_string(&sid), lifetime: 0, proof })
    }

    /// Tells whether it proved itself at most `max_age` seconds before `now`, in Unix seconds. Without a limit every
    /// session did. A proof of the future, as one in milliseconds is, is none.
    pub fn is_proved_within(&self, max_age: Option<i64>, now: i64) -> bool {
        let age = self.proof.as_ref().map(|proof| now.saturating_sub(proof.at));
        max_age.is_none_or(|max_age| age.is_some_and(|age| (-CLOCK_SKEW..=max_age).contains(&age)))
    }
}

/// Derives the name of the session of a token from elsewhere, which has none: the token itself stands for it.
pub(super) fn derived_sid(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let (sid, _) = hash.split_at(SID_BYTES);
    Base64UrlUnpadded::encode_string(sid)
}
