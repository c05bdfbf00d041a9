//! JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518 §3.2).
//!
//! `jwt-compact` does the signatures. Header and claims are read here, since the contract is exact about
//! them: the `id` is a JSON integer of any size, times may have fractions (RFC 7519 §2, `NumericDate`), and
//! a token is expired at `now >= exp`. It also costs less CPU time: every read of a user reads a token and
//! signs another.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::alg::{Hs256, Hs256Signature};
use jwt_compact::{Algorithm as _, AlgorithmSignature};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::auth::secret::Secret;
use crate::error::Unauthenticated;

/// The bytes of a session's name: 128 bits, so that none is ever drawn twice.
const SID_BYTES: usize = 16;

/// The bytes of a key's name: enough to tell two apart, and it tells nothing of the key.
const KID_BYTES: usize = 6;

/// The largest integer that survives as a JavaScript number, as D1 takes them (ECMAScript `MAX_SAFE_INTEGER`).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The keys of this deployment: one that signs, and one that signed before, whose tokens are still good.
#[derive(Debug, Clone)]
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    /// Derived from the secret, so that both need no names in the configuration.
    id: String,
    /// The header of what it signs, encoded.
    header: String,
    secret: Secret,
}

impl Keys {
    /// The keys of these secrets.
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current: Key::new(current), previous: previous.map(Key::new) }
    }

    /// Those that may have signed a token: the one that its header names (RFC 7515 §4.1.4), or all.
    fn candidates(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
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
        Self { id, header: Base64UrlUnpadded::encode_string(header.as_bytes()), secret }
    }
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The user's id.
    pub user: i64,
    /// The version of the user's tokens at the time of signing; 0 in a token from elsewhere.
    pub version: i64,
    /// The time of signing in Unix seconds, if the token names one that is a whole number.
    pub issued_at: Option<i64>,
    /// What fresh tokens carry on.
    pub session: Session,
}

/// What all tokens of a session have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The name of the session.
    pub sid: String,
    /// The longest that a token of it was good for, as far as this one knows, in seconds: this one has no
    /// longer to go. An ended session has to be remembered for that long.
    pub lifetime: i64,
}

impl Session {
    /// A new session.
    ///
    /// # Errors
    /// Those of `fill_random`.
    pub fn begin<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut sid = [0; SID_BYTES];
        fill_random(&mut sid)?;
        Ok(Self { sid: Base64UrlUnpadded::encode_string(&sid), lifetime: 0 })
    }
}

#[derive(Serialize)]
struct Minted<'a> {
    id: i64,
    iat: i64,
    exp: i64,
    ver: i64,
    sid: &'a str,
    /// The session's lifetime, where it is longer than this token's.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// Signs a token of this user, version and session that expires `ttl` seconds after `now`, in Unix seconds.
///
/// # Errors
/// If the claims can't be written as JSON, which these always can.
pub fn mint(
    keys: &Keys,
    user: i64,
    version: i64,
    session: &Session,
    now: i64,
    ttl: i64,
) -> Result<String, serde_json::Error> {
    let minted = Minted {
        id: user,
        iat: now,
        exp: now.saturating_add(ttl),
        ver: version,
        sid: &session.sid,
        ttl: Some(session.lifetime).filter(|lifetime| *lifetime > ttl),
    };
    let key = &keys.current;
    let claims = Base64UrlUnpadded::encode_string(&serde_json::to_vec(&minted)?);
    let mut token = [&key.header, ".", &claims].concat();
    let signature = Hs256.sign(&key.secret.key(), token.as_bytes());
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&signature.as_bytes()));
    Ok(token)
}

/// What matters of a header (RFC 7515 §4.1).
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
struct Presented<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    exp: f64,
    nbf: Option<f64>,
    /// Nothing is asked of it but that it is JSON.
    #[serde(borrow)]
    iat: Option<&'a RawValue>,
    ver: Option<i64>,
    sid: Option<String>,
    ttl: Option<i64>,
}

/// Reads a token.
///
/// # Errors
/// [`Unauthenticated::Invalid`] if it is not good at `now`, in Unix seconds; [`Unauthenticated::NoUser`]
/// if its id is an integer that can be nobody's.
pub fn read(keys: &Keys, token: &str, now: i64) -> Result<Token, Unauthenticated> {
    let payload = verified_payload(keys, token).ok_or(Unauthenticated::Invalid)?;
    let claims: Presented = serde_json::from_str(&payload).map_err(|_| Unauthenticated::Invalid)?;
    let id = claims.id.get();
    let digits = id.strip_prefix('-').unwrap_or(id);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Exact up to 2^53, far past any clock.
    let now = now as f64;
    if !is_integer || now >= claims.exp || claims.nbf.is_some_and(|nbf| nbf > now) {
        return Err(Unauthenticated::Invalid);
    }
    let id = id.parse().ok().filter(|id| (1..=MAX_SAFE_INTEGER).contains(id));
    let iat = claims.iat.map(RawValue::get);
    let issued_at = iat.and_then(|iat| serde_json::from_str(iat).ok()).unwrap_or(now);
    let lifetime = (claims.exp - now.min(issued_at)).ceil().min(MAX_SAFE_INTEGER as f64) as i64;
    Ok(Token {
        user: id.ok_or(Unauthenticated::NoUser)?,
        version: claims.ver.unwrap_or(0),
        issued_at: iat
            .and_then(|iat| iat.parse().ok())
            .filter(|iat| (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(iat)),
        session: Session {
            sid: claims.sid.unwrap_or_else(|| foreign_sid(token)),
            lifetime: claims.ttl.unwrap_or(0).clamp(lifetime, MAX_SAFE_INTEGER),
        },
    })
}

/// The claims as they were signed, if the header asks for nothing else than HS256 and the signature is good.
fn verified_payload(keys: &Keys, token: &str) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let signature = decode_signature(signature)?;
    let is_good = |key: &Key| Hs256.verify_signature(&signature, &key.secret.key(), signed.as_bytes());
    // Most tokens are our own, and then there is nothing to read in the header.
    let is_signed = if header == keys.current.header {
        is_good(&keys.current)
    } else {
        let kid = asked_for_hs256(header)?.kid;
        keys.candidates(kid.as_deref()).any(is_good)
    };
    if !is_signed {
        return None;
    }
    decode_object(payload)
}

fn decode_signature(encoded: &str) -> Option<Hs256Signature> {
    let signature = Base64UrlUnpadded::decode_vec(encoded).ok()?;
    if Hs256Signature::LENGTH.is_none_or(|length| length.get() != signature.len()) {
        return None;
    }
    Hs256Signature::try_from_slice(&signature).ok()
}

/// A secret of the deployment that signed a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whether it is the one that signs today; else it is the previous one.
    pub is_current: bool,
    /// The `kid` of what it signs.
    pub kid: String,
}

/// The secret that signed a token, whatever the token says: for explaining why [`read`] refuses it.
pub fn signer(keys: &Keys, token: &str) -> Option<Signer> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = decode_signature(signature)?;
    let mut candidates = keys.candidates(None).enumerate();
    let (index, key) = candidates
        .find(|(_, key)| Hs256.verify_signature(&signature, &key.secret.key(), signed.as_bytes()))?;
    Some(Signer { is_current: index == 0, kid: key.id.clone() })
}

/// Reads a header that asks for HS256 and nothing else.
fn asked_for_hs256(header: &str) -> Option<Header> {
    let header: Header = serde_json::from_str(&decode_object(header)?).ok()?;
    let is_jwt = header.typ.as_deref().is_none_or(|typ| typ == "JWT");
    (header.alg == "HS256" && is_jwt && !header.crit).then_some(header)
}

/// A JSON object in base64url without padding. `serde_json` skips over what nobody reads, UTF-8 or not, and
/// takes a list for an object.
fn decode_object(encoded: &str) -> Option<String> {
    let text = String::from_utf8(Base64UrlUnpadded::decode_vec(encoded).ok()?).ok()?;
    text.trim_start().starts_with('{').then_some(text)
}

/// The session of a token from elsewhere, which names none: the token itself stands for it.
fn foreign_sid(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let (sid, _) = hash.split_at(SID_BYTES);
    Base64UrlUnpadded::encode_string(sid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned()).unwrap()
    }

    fn keys() -> Keys {
        Keys::new(secret("a secret of the tests, 32 bytes or more"), None)
    }

    fn minted(keys: &Keys) -> String {
        mint(keys, 7, 3, &session(0), NOW, 60).unwrap()
    }

    fn session(lifetime: i64) -> Session {
        Session { sid: "sid".to_owned(), lifetime }
    }

    /// A token with this header and payload, rightly signed.
    fn signed(header: &str, payload: impl AsRef<[u8]>) -> String {
        let header = Base64UrlUnpadded::encode_string(header.as_bytes());
        let data = format!("{header}.{}", Base64UrlUnpadded::encode_string(payload.as_ref()));
        let signature = Hs256.sign(&keys().current.secret.key(), data.as_bytes());
        format!("{data}.{}", Base64UrlUnpadded::encode_string(&signature.as_bytes()))
    }

    fn read_payload(payload: &str) -> Option<Token> {
        read(&keys(), &signed(r#"{"alg":"HS256"}"#, payload), NOW).ok()
    }

    fn read_header(header: &str) -> Option<Token> {
        read(&keys(), &signed(header, r#"{"id":7,"exp":1900000000}"#), NOW).ok()
    }

    #[test]
    fn a_minted_token_says_whose_session_it_is_of_until_it_expires() {
        let token = minted(&keys());
        let good = Token { user: 7, version: 3, issued_at: Some(NOW), session: session(60) };
        for now in [NOW, NOW + 59] {
            assert_eq!(read(&keys(), &token, now), Ok(good.clone()), "{now}");
        }
        for now in [NOW + 60, NOW + 61] {
            assert_eq!(read(&keys(), &token, now), Err(Unauthenticated::Invalid), "{now}");
        }
    }

    #[test]
    fn a_minted_token_has_these_claims_and_no_other() {
        let token = minted(&keys());
        let parts: Vec<_> =
            token.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap()).collect();
        let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"JWT"}}"#, keys().current.id);
        assert_eq!(String::from_utf8(parts[0].clone()).unwrap(), header);
        assert_eq!(parts[1], br#"{"id":7,"iat":1800000000,"exp":1800000060,"ver":3,"sid":"sid"}"#);
    }

    #[test]
    fn a_session_knows_its_longest_token() {
        for (claims, lifetime) in [
            (r#""exp":1800000060"#, 60),
            (r#""exp":1800000060,"iat":1799999990"#, 70),
            (r#""exp":1800000060,"iat":"whenever""#, 60),
            (r#""exp":1800000060,"iat":1799999990.5"#, 70),
            (r#""exp":1800000060,"iat":1800000050"#, 60),
            (r#""exp":1800000060,"iat":1900000000"#, 60),
            (r#""exp":1800000060.5"#, 61),
            (r#""exp":1800000060,"iat":1800000000,"ttl":50"#, 60),
            (r#""exp":1800000060,"iat":1800000000,"ttl":70"#, 70),
            (r#""exp":1800000060,"ttl":-1"#, 60),
            (r#""exp":1e300,"iat":-1e300,"ttl":9223372036854775807"#, MAX_SAFE_INTEGER),
        ] {
            let token = read_payload(&format!(r#"{{"id":7,{claims}}}"#)).unwrap();
            assert_eq!(token.session.lifetime, lifetime, "{claims}");
        }
        // A fresh token carries on what it is not itself.
        for lifetime in [0, 60, 61, MAX_SAFE_INTEGER] {
            let token = mint(&keys(), 7, 3, &session(lifetime), NOW, 60).unwrap();
            assert_eq!(read(&keys(), &token, NOW).unwrap().session.lifetime, lifetime.max(60));
        }
    }

    #[test]
    fn the_time_of_signing_is_a_whole_number_or_none() {
        for (claims, issued_at) in [
            ("", None),
            (r#","iat":null"#, None),
            (r#","iat":1799999990"#, Some(1_799_999_990)),
            (r#","iat":1799999990.0"#, None),
            (r#","iat":"1799999990""#, None),
            (r#","iat":9007199254740992"#, None),
            (r#","iat":99999999999999999999"#, None),
        ] {
            let token = read_payload(&format!(r#"{{"id":7,"exp":1900000000{claims}}}"#)).unwrap();
            assert_eq!(token.issued_at, issued_at, "{claims}");
        }
    }

    #[test]
    fn a_token_of_the_previous_secret_is_good_and_the_current_one_signs() {
        let (old, new) =
            (secret("the old secret, 32 bytes long or more"), secret("the new secret, and just as long"));
        let before = Keys::new(old.clone(), None);
        let during = Keys::new(new.clone(), Some(old.clone()));
        let after = Keys::new(new, None);
        let (of_old, of_new) = (minted(&before), minted(&during));
        let is_good = |keys: &Keys, token: &str| read(keys, token, NOW).is_ok();
        for (keys, old_is_good, new_is_good) in
            [(&before, true, false), (&during, true, true), (&after, false, true)]
        {
            assert_eq!(is_good(keys, &of_old), old_is_good);
            assert_eq!(is_good(keys, &of_new), new_is_good);
        }
        // A token without a `kid`, like those from elsewhere, is tried with both.
        let data = format!(
            "{}.{}",
            Base64UrlUnpadded::encode_string(br#"{"alg":"HS256"}"#),
            Base64UrlUnpadded::encode_string(br#"{"id":7,"exp":1900000000}"#)
        );
        let foreign = format!("{data}.{}", Base64UrlUnpadded::encode_string(&old.mac(data.as_bytes())));
        assert!(is_good(&before, &foreign) && is_good(&during, &foreign) && !is_good(&after, &foreign));
    }

    #[test]
    fn a_kid_picks_the_key() {
        let current = keys().current.id;
        let other = Key::new(secret("another secret, and just as long as that")).id;
        assert_eq!(current.len(), 8);
        for (kid, good) in [
            (format!("{current:?}"), true),
            ("null".to_owned(), true),
            (format!("{other:?}"), false),
            (format!("{:?}", current.to_lowercase()), false),
            (r#""""#.to_owned(), false),
            (r#""../../dev/null""#.to_owned(), false),
            ("7".to_owned(), false),
            ("[]".to_owned(), false),
        ] {
            let session = read_header(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#));
            assert_eq!(session.is_some(), good, "{kid}");
        }
    }

    #[test]
    fn the_signer_is_told_whatever_the_token_says() {
        let old = secret("the old secret, 32 bytes long or more");
        let both = Keys::new(secret("a secret of the tests, 32 bytes or more"), Some(old.clone()));
        let is_current = |token: &str| signer(&both, token).map(|signer| signer.is_current);
        assert_eq!(is_current(&signed(r#"{"alg":"none"}"#, "x")), Some(true));
        assert_eq!(is_current(&minted(&Keys::new(old, None))), Some(false));
        assert_eq!(signer(&both, &minted(&both)).unwrap().kid, keys().current.id);
        for token in ["", "..", "a.b", &format!("{}x", minted(&both))] {
            assert_eq!(is_current(token), None, "{token}");
        }
    }

    #[test]
    fn a_token_with_only_id_and_exp_is_good_and_names_its_own_session() {
        let (first, second) = (
            read_payload(r#"{"id":7,"exp":1900000000}"#).unwrap(),
            read_payload(r#"{"id":7,"exp":1900000001}"#).unwrap(),
        );
        assert_eq!((first.user, first.version, second.user), (7, 0, 7));
        assert_eq!(first, read_payload(r#"{"id":7,"exp":1900000000}"#).unwrap());
        assert_ne!(first.session.sid, second.session.sid);
    }

    #[test]
    fn an_id_is_a_json_integer() {
        for (id, user) in [
            ("1", Some(1)),
            ("9007199254740991", Some(MAX_SAFE_INTEGER)),
            ("9007199254740992", None),
            ("0", None),
            ("-0", None),
            ("-1", None),
            ("123456789012345678901234567890", None),
            ("-123456789012345678901234567890", None),
        ] {
            let token = signed(r#"{"alg":"HS256"}"#, format!(r#"{{"id":{id},"exp":1900000000}}"#));
            let found = read(&keys(), &token, NOW).map(|session| session.user);
            assert_eq!(found, user.ok_or(Unauthenticated::NoUser), "{id}");
        }
        for id in ["1.0", "1e0", "1E3", "\"1\"", "true", "null", "[1]", "{}"] {
            let payload = format!(r#"{{"id":{id},"exp":1900000000}}"#);
            assert_eq!(read_payload(&payload), None, "{id}");
        }
        assert_eq!(read_payload(r#"{"exp":1900000000}"#), None);
    }

    #[test]
    fn times_may_have_fractions_and_any_size() {
        for (times, good) in [
            (r#""exp":1800000000"#, false),
            (r#""exp":1800000000.5"#, true),
            (r#""exp":1799999999.5"#, false),
            (r#""exp":1e300"#, true),
            (r#""exp":99999999999999999999"#, true),
            (r#""exp":1e999"#, false),
            (r#""exp":0"#, false),
            (r#""exp":-1"#, false),
            (r#""exp":null"#, false),
            (r#""exp":"1900000000""#, false),
            (r#""exp":true"#, false),
            (r#""iat":1900000000"#, false),
            (r#""exp":1900000000,"iat":"whenever""#, true),
            (r#""exp":1900000000,"nbf":1800000000"#, true),
            (r#""exp":1900000000,"nbf":1800000000.5"#, false),
            (r#""exp":1900000000,"nbf":1800000001"#, false),
            (r#""exp":1900000000,"nbf":"soon""#, false),
        ] {
            let session = read_payload(&format!(r#"{{"id":7,{times}}}"#));
            assert_eq!(session.is_some(), good, "{times}");
        }
    }

    #[test]
    fn payloads_that_are_no_claims_are_refused() {
        for payload in ["", "null", "[]", "[7,1900000000]", "7", "{", r#"{"id":7,"exp":1900000000"#] {
            assert_eq!(read_payload(payload), None, "{payload}");
        }
        let not_utf8 = signed(r#"{"alg":"HS256"}"#, b"{\"id\":7,\"exp\":1900000000,\"x\":\"\xff\"}");
        assert_eq!(read(&keys(), &not_utf8, NOW), Err(Unauthenticated::Invalid));
    }

    #[test]
    fn a_header_may_ask_for_nothing_but_hs256() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256","jku":"https://evil.example","jwk":{}}"#,
        ] {
            assert!(read_header(header).is_some(), "{header}");
        }
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":""}"#,
            r#"{"alg":null}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"jwt"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":""}"#,
            r#"{"alg":"HS256","typ":7}"#,
            r#"{"alg":"HS256","crit":["b64"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            "{}",
            "[]",
            r#"["HS256",null,null,false]"#,
            "",
        ] {
            assert_eq!(read_header(header), None, "{header}");
        }
    }

    #[test]
    fn versions_and_names_of_sessions_are_what_they_say() {
        for (claims, version) in [
            (r#""ver":0"#, Some(0)),
            (r#""ver":-1"#, Some(-1)),
            (r#""ver":9223372036854775807"#, Some(i64::MAX)),
            (r#""ver":null"#, Some(0)),
            (r#""ver":9223372036854775808"#, None),
            (r#""ver":1.0"#, None),
            (r#""ver":"1""#, None),
            (r#""ver":true"#, None),
            (r#""sid":7"#, None),
            (r#""sid":[]"#, None),
        ] {
            let session = read_payload(&format!(r#"{{"id":7,"exp":1900000000,{claims}}}"#));
            assert_eq!(session.map(|session| session.version), version, "{claims}");
        }
        let token = read_payload(r#"{"id":7,"exp":1900000000.5,"sid":"x"}"#).unwrap();
        assert_eq!(token.session.sid, "x");
        let token = read_payload(r#"{"id":7,"exp":1e300,"sid":null}"#).unwrap();
        assert_eq!((token.session.sid.len(), token.session.lifetime), (22, MAX_SAFE_INTEGER));
    }

    #[test]
    fn duplicate_claims_are_refused() {
        for claim in [r#""id":7"#, r#""exp":1900000000"#, r#""ver":0"#, r#""sid":"sid""#, r#""nbf":0"#] {
            let payload = format!(r#"{{"id":7,"exp":1900000000,"ver":0,"sid":"sid","nbf":0,{claim}}}"#);
            assert_eq!(read_payload(&payload), None, "{claim}");
        }
        let kid = format!(r#""kid":{:?}"#, keys().current.id);
        for member in [r#""alg":"HS256""#, r#""typ":"JWT""#, &kid] {
            assert_eq!(
                read_header(&format!(r#"{{"alg":"HS256","typ":"JWT",{kid},{member}}}"#)),
                None,
                "{member}"
            );
        }
    }

    #[test]
    fn a_token_with_any_bit_flipped_or_any_part_missing_is_refused() {
        let token = minted(&keys());
        for index in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[index] ^= 1 << bit;
                // A header has no bytes beyond ASCII by the time it is read, or it is read as Latin-1.
                let flipped: String = bytes.into_iter().map(char::from).collect();
                assert!(read(&keys(), &flipped, NOW).is_err(), "{flipped}");
            }
            assert!(read(&keys(), token.get(..index).unwrap(), NOW).is_err(), "{index}");
            assert!(read(&keys(), token.get(index + 1..).unwrap(), NOW).is_err(), "{index}");
        }
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        for changed in [
            format!("{token}="),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{token}"),
            token.replace('.', ".."),
            signed.to_owned(),
            format!("{signed}."),
            format!("{header}..{signature}"),
            format!(".{payload}.{signature}"),
            format!("{payload}.{header}.{signature}"),
            format!("{}.{payload}.", Base64UrlUnpadded::encode_string(br#"{"alg":"none"}"#)),
        ] {
            assert!(read(&keys(), &changed, NOW).is_err(), "{changed}");
        }
    }

    #[test]
    fn tokens_of_pyjwt_are_good() {
        for line in include_str!("../../tests/fixtures/tokens.jsonl").lines() {
            let (id, token): (i64, String) = serde_json::from_str(line).unwrap();
            assert_eq!(read(&keys(), &token, NOW).unwrap().user, id);
        }
    }

    #[test]
    fn session_names_are_drawn_at_random() {
        let draw = || Session::begin(getrandom::fill).unwrap().sid;
        assert_eq!(draw().len(), 22);
        assert_ne!(draw(), draw());
    }
}
