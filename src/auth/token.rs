//! JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518 §3.2).
//!
//! [`super::hs256`] does the signatures. Header and claims are read here, since the contract is exact about
//! them: the `id` is a JSON integer of any size, times may have fractions (RFC 7519 §2, `NumericDate`), and
//! a token is expired at `now >= exp`. It also costs less CPU time: every read of a user verifies a token and
//! issues another.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::alg::Hs256Signature;
use jwt_compact::{Algorithm as _, AlgorithmSignature};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::hs256::Hs256;
use super::keys::{Key, Keys};
use super::session::{Method, Proof, Session, derived_sid};
use crate::error::{Error, Unauthenticated};
use crate::store::sessions::SessionKey;

/// The largest integer that survives as a JavaScript number, as D1 takes them (ECMAScript `MAX_SAFE_INTEGER`).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// Token whose signature and claims are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// Id of the user.
    pub user_id: i64,
    /// Version of the user's tokens at the time of issue; 0 in a token from elsewhere.
    pub token_version: i64,
    /// Time of issue in Unix seconds, if the token names one that is an integer.
    pub issued_at: Option<i64>,
    /// Session that fresh tokens carry on.
    pub session: Session,
}

impl VerifiedToken {
    /// Identity of the token in the database.
    pub fn key(&self) -> SessionKey<'_> {
        let Self { user_id, token_version, issued_at, session } = self;
        SessionKey {
            user_id: *user_id,
            token_version: *token_version,
            sid: &session.sid,
            issued_at: *issued_at,
        }
    }

    /// Checks that the session proved itself at most `max_age` seconds before `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError::SessionExpired`].
    pub fn check_session(&self, max_age: Option<i64>, now: i64) -> Result<(), TokenError> {
        if self.session.is_proved_within(max_age, now) {
            return Ok(());
        }
        Err(TokenError::SessionExpired(self.session.proof.as_ref().map(|proof| proof.at)))
    }
}

/// Reason for which a token is refused.
#[derive(Debug)]
pub enum TokenError {
    /// It is not three parts in base64url without padding, joined by dots.
    Malformed,
    /// Its header is no JSON object with these members.
    InvalidHeader(Option<serde_json::Error>),
    /// Its header asks for another algorithm than HS256.
    UnsupportedAlgorithm(String),
    /// Its header says that it is something else than a JWT.
    UnsupportedType(String),
    /// Its header asks for extensions (`crit`), and none is understood.
    CriticalExtension,
    /// Its header names a key that this deployment does not have.
    UnknownKey(String),
    /// No key of this deployment signed it, or it was changed since.
    InvalidSignature,
    /// Its claims are no JSON object with these members.
    InvalidClaims(Option<serde_json::Error>),
    /// Its `id` is no integer.
    InvalidId,
    /// Its `id` is an integer that no user can have.
    UnknownUser,
    /// It has expired; its `exp`, in Unix seconds.
    Expired(f64),
    /// It is not valid yet; its `nbf`, in Unix seconds.
    NotYetValid(f64),
    /// Its session proved itself too long ago, or never; its `auth_time`, in Unix seconds.
    SessionExpired(Option<i64>),
}

impl From<TokenError> for Unauthenticated {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::UnknownUser => Self::UnknownUser,
            _ => Self::Invalid,
        }
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Unauthenticated::from(error).into()
    }
}

/// Ends of sentences about a token.
impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_cause =
            |f: &mut fmt::Formatter<'_>, what: &str, cause: &Option<serde_json::Error>| match cause {
                None => write!(f, "{what} no JSON object in base64url"),
                Some(cause) => write!(f, "{what} invalid: {cause}"),
            };
        match self {
            Self::Malformed => f.write_str("is not three parts in base64url, joined by dots"),
            Self::InvalidHeader(cause) => with_cause(f, "has a header that is", cause),
            Self::UnsupportedAlgorithm(alg) => write!(f, "has the alg {alg:?}; only HS256 is accepted"),
            Self::UnsupportedType(typ) => write!(f, "has the typ {typ:?}; only JWT is accepted"),
            Self::CriticalExtension => f.write_str("has a crit in its header; no extension is supported"),
            Self::UnknownKey(kid) => write!(f, "has the kid {kid:?}, which is no key of this deployment"),
            Self::InvalidSignature => f.write_str("was signed with another secret, or changed since"),
            Self::InvalidClaims(cause) => with_cause(f, "has claims that are", cause),
            Self::InvalidId => f.write_str("has an id that is no integer"),
            Self::UnknownUser => f.write_str("has an id that no user can have"),
            Self::Expired(exp) => write!(f, "expired at {exp} (Unix seconds)"),
            Self::NotYetValid(nbf) => write!(f, "is not valid before {nbf} (Unix seconds)"),
            Self::SessionExpired(None) => {
                f.write_str("lacks auth_time or amr, which SESSION_MAX_DAYS asks for")
            }
            Self::SessionExpired(Some(auth_time)) => {
                write!(
                    f,
                    "has the auth_time {auth_time} (Unix seconds), which is older than SESSION_MAX_DAYS"
                )
            }
        }
    }
}

impl std::error::Error for TokenError {}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    id: i64,
    iat: i64,
    exp: i64,
    ver: i64,
    sid: &'a str,
    /// The session's lifetime, where it is longer than this token's.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [Method]>,
}

/// Issues a token of this user, version and session that expires `ttl` seconds after `now`, in Unix seconds.
///
/// # Errors
/// If the claims can't be written as JSON, which these always can.
pub fn issue(
    keys: &Keys,
    user_id: i64,
    token_version: i64,
    session: &Session,
    now: i64,
    ttl: i64,
) -> Result<String, serde_json::Error> {
    let claims = IssuedClaims {
        id: user_id,
        iat: now,
        exp: now.saturating_add(ttl),
        ver: token_version,
        sid: &session.sid,
        ttl: Some(session.lifetime).filter(|lifetime| *lifetime > ttl),
        auth_time: session.proof.as_ref().map(|proof| proof.at),
        amr: session.proof.as_ref().map(|proof| &*proof.methods),
    };
    let key = keys.current();
    let claims = Base64UrlUnpadded::encode_string(&serde_json::to_vec(&claims)?);
    let mut token = [&key.header, ".", &claims].concat();
    let signature = Hs256.sign(&key.hs256, token.as_bytes());
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&signature.as_bytes()));
    Ok(token)
}

/// Members of a header that matter (RFC 7515 §4.1).
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    /// Asks for an extension that has to be understood; there is none here.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[derive(Deserialize)]
struct ReceivedClaims<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    exp: f64,
    nbf: Option<f64>,
    /// Any JSON.
    #[serde(borrow)]
    iat: Option<&'a RawValue>,
    ver: Option<i64>,
    sid: Option<String>,
    ttl: Option<i64>,
    /// Any JSON, as `amr`: other libraries may mean something else by them.
    #[serde(borrow)]
    auth_time: Option<&'a RawValue>,
    #[serde(borrow)]
    amr: Option<&'a RawValue>,
}

impl ReceivedClaims<'_> {
    fn proof(&self) -> Option<Proof> {
        let at = self.auth_time?.get().parse().ok()?;
        let names: Vec<&str> = serde_json::from_str(self.amr?.get()).ok()?;
        let methods = names.into_iter().filter_map(Method::from_name).collect();
        (0..=MAX_SAFE_INTEGER).contains(&at).then_some(Proof { at, methods })
    }
}

/// Verifies a token at `now`, in Unix seconds.
///
/// # Errors
/// The first reason for which it is refused.
pub fn verify(keys: &Keys, token: &str, now: i64) -> Result<VerifiedToken, TokenError> {
    let payload = verified_payload(keys, token)?;
    let claims: ReceivedClaims =
        serde_json::from_str(&payload).map_err(|error| TokenError::InvalidClaims(Some(error)))?;
    let id = claims.id.get();
    let digits = id.strip_prefix('-').unwrap_or(id);
    // Exact up to 2^53, far past any clock.
    let now = now as f64;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TokenError::InvalidId);
    }
    if now >= claims.exp {
        return Err(TokenError::Expired(claims.exp));
    }
    if let Some(nbf) = claims.nbf.filter(|nbf| *nbf > now) {
        return Err(TokenError::NotYetValid(nbf));
    }
    let id = id.parse().ok().filter(|id| (1..=MAX_SAFE_INTEGER).contains(id));
    let iat = claims.iat.map(RawValue::get);
    let issued_at = iat.and_then(|iat| serde_json::from_str(iat).ok()).unwrap_or(now);
    let lifetime = (claims.exp - now.min(issued_at)).ceil().min(MAX_SAFE_INTEGER as f64) as i64;
    Ok(VerifiedToken {
        user_id: id.ok_or(TokenError::UnknownUser)?,
        token_version: claims.ver.unwrap_or(0),
        issued_at: iat
            .and_then(|iat| iat.parse().ok())
            .filter(|iat| (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(iat)),
        session: Session {
            proof: claims.proof(),
            sid: claims.sid.unwrap_or_else(|| derived_sid(token)),
            lifetime: claims.ttl.unwrap_or(0).clamp(lifetime, MAX_SAFE_INTEGER),
        },
    })
}

/// The claims as they were signed, if the header asks for nothing else than HS256 and the signature is good.
fn verified_payload(keys: &Keys, token: &str) -> Result<String, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let signature = decode_signature(signature)?;
    let is_good = |key: &Key| Hs256.verify_signature(&signature, &key.hs256, signed.as_bytes());
    // Most tokens are our own, and then there is nothing to read in the header.
    if header == keys.current().header {
        if !is_good(keys.current()) {
            return Err(TokenError::InvalidSignature);
        }
    } else {
        let kid = parse_hs256_header(header)?.kid;
        let mut candidates = keys.candidates(kid.as_deref()).peekable();
        if let (None, Some(kid)) = (candidates.peek(), &kid) {
            return Err(TokenError::UnknownKey(kid.clone()));
        }
        if !candidates.any(is_good) {
            return Err(TokenError::InvalidSignature);
        }
    }
    decode_object(payload).ok_or(TokenError::InvalidClaims(None))
}

fn decode_signature(encoded: &str) -> Result<Hs256Signature, TokenError> {
    let signature = Base64UrlUnpadded::decode_vec(encoded).map_err(|_| TokenError::Malformed)?;
    if Hs256Signature::LENGTH.is_none_or(|length| length.get() != signature.len()) {
        return Err(TokenError::InvalidSignature);
    }
    Hs256Signature::try_from_slice(&signature).map_err(|_| TokenError::InvalidSignature)
}

/// Parses a header that asks for HS256 and nothing else.
fn parse_hs256_header(header: &str) -> Result<Header, TokenError> {
    let header = decode_object(header).ok_or(TokenError::InvalidHeader(None))?;
    let header: Header =
        serde_json::from_str(&header).map_err(|error| TokenError::InvalidHeader(Some(error)))?;
    if header.alg != "HS256" {
        return Err(TokenError::UnsupportedAlgorithm(header.alg));
    }
    if header.crit {
        return Err(TokenError::CriticalExtension);
    }
    match header.typ {
        Some(typ) if typ != "JWT" => Err(TokenError::UnsupportedType(typ)),
        typ => Ok(Header { typ, ..header }),
    }
}

/// Decodes a JSON object in base64url without padding. `serde_json` skips over what nothing reads, UTF-8 or not, and
/// takes an array for an object.
fn decode_object(encoded: &str) -> Option<String> {
    let text = String::from_utf8(Base64UrlUnpadded::decode_vec(encoded).ok()?).ok()?;
    text.trim_start().starts_with('{').then_some(text)
}

/// Key that signed a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// `true` if it is the one that signs today; else it is the previous one.
    pub is_current: bool,
    /// The `kid` of what it signs.
    pub kid: String,
}

/// Finds the key that signed a token, whatever the token says.
pub fn find_signer(keys: &Keys, token: &str) -> Option<Signer> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = decode_signature(signature).ok()?;
    let mut candidates = keys.candidates(None).enumerate();
    let (index, key) =
        candidates.find(|(_, key)| Hs256.verify_signature(&signature, &key.hs256, signed.as_bytes()))?;
    Some(Signer { is_current: index == 0, kid: key.id.clone() })
}

#[cfg(test)]
mod tests;
