//! JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518 §3.2).
//!
//! `jwt-compact` reads the structure and does the signatures. The claims are read here, since the
//! contract is exact about them: the `id` is a JSON integer of any size, times may have fractions
//! (RFC 7519 §2, `NumericDate`), and a token is expired at `now >= exp`.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::alg::{Hs256, Hs256Key, Hs256Signature};
use jwt_compact::{Algorithm as _, AlgorithmExt as _, AlgorithmSignature, Claims, Header, UntrustedToken};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::config::Secret;

/// The bytes of a session's name: 128 bits, so that none is ever drawn twice.
const SID_BYTES: usize = 16;

/// The largest integer that survives as a JavaScript number, as D1 takes ids (ECMAScript `MAX_SAFE_INTEGER`).
const MAX_ID: i64 = (1 << 53) - 1;

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user's id; `None` for an integer that can be nobody's.
    pub user: Option<i64>,
    /// The name of the session, which fresh tokens carry on.
    pub sid: String,
}

/// Names a new session.
///
/// # Errors
/// Those of `fill_random`.
pub fn new_sid<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut bytes = [0; SID_BYTES];
    fill_random(&mut bytes)?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

#[derive(Serialize)]
struct Minted<'a> {
    id: i64,
    iat: i64,
    exp: i64,
    sid: &'a str,
}

/// Signs a token of this user and session that expires `ttl` seconds after `now`, in Unix seconds.
///
/// # Errors
/// If the claims can't be written as JSON, which these always can.
pub fn mint(
    secret: &Secret,
    user: i64,
    sid: &str,
    now: i64,
    ttl: i64,
) -> Result<String, jwt_compact::CreationError> {
    let claims = Claims::new(Minted { id: user, iat: now, exp: now.saturating_add(ttl), sid });
    let key = Hs256Key::new(secret.as_bytes());
    Hs256.token(&Header::empty().with_token_type("JWT"), &claims, &key)
}

/// A header with `crit` asks for an extension that has to be understood; there is none here (RFC 7515 §4.1.11).
#[derive(Debug, Clone, Deserialize)]
struct Extensions {
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
    sid: Option<String>,
}

/// Reads a token and says whose it is, or `None` if it is not good at `now`, in Unix seconds.
pub fn read(secret: &Secret, token: &str, now: i64) -> Option<Session> {
    let payload = verified_payload(secret, token)?;
    let claims: Presented = serde_json::from_slice(&payload).ok()?;
    let id = claims.id.get();
    let digits = id.strip_prefix('-').unwrap_or(id);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Exact up to 2^53, far past any clock.
    let now = now as f64;
    if !is_integer || now >= claims.exp || claims.nbf.is_some_and(|nbf| nbf > now) {
        return None;
    }
    Some(Session {
        user: id.parse().ok().filter(|id| (1..=MAX_ID).contains(id)),
        sid: claims.sid.unwrap_or_else(|| foreign_sid(token)),
    })
}

/// The claims as they were signed, if the header asks for nothing else than HS256 and the signature is good.
fn verified_payload(secret: &Secret, token: &str) -> Option<Vec<u8>> {
    let parsed = UntrustedToken::<Extensions>::try_from(token).ok()?;
    let header = parsed.header();
    let is_jwt = header.token_type.as_deref().is_none_or(|typ| typ == "JWT");
    if parsed.algorithm() != Hs256.name() || !is_jwt || header.other_fields.crit {
        return None;
    }
    let (signed, _) = token.rsplit_once('.')?;
    let signature = parsed.signature_bytes();
    if Hs256Signature::LENGTH.is_none_or(|length| length.get() != signature.len()) {
        return None;
    }
    let signature = Hs256Signature::try_from_slice(signature).ok()?;
    let key = Hs256Key::new(secret.as_bytes());
    if !Hs256.verify_signature(&signature, &key, signed.as_bytes()) {
        return None;
    }
    let (_, payload) = signed.split_once('.')?;
    Base64UrlUnpadded::decode_vec(payload).ok()
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

    fn secret() -> Secret {
        Secret::new("a secret of the tests, 32 bytes or more".to_owned()).unwrap()
    }

    /// A token with this header and payload, rightly signed.
    fn signed(header: &str, payload: &str) -> String {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        let data = format!("{}.{}", encode(header), encode(payload));
        let signature = Hs256.sign(&Hs256Key::new(secret().as_bytes()), data.as_bytes());
        format!("{data}.{}", Base64UrlUnpadded::encode_string(&signature.as_bytes()))
    }

    fn read_payload(payload: &str) -> Option<Session> {
        read(&secret(), &signed(r#"{"alg":"HS256"}"#, payload), NOW)
    }

    fn read_header(header: &str) -> Option<Session> {
        read(&secret(), &signed(header, r#"{"id":7,"exp":1900000000}"#), NOW)
    }

    #[test]
    fn a_minted_token_says_whose_it_is_until_it_expires() {
        let token = mint(&secret(), 7, "sid", NOW, 60).unwrap();
        let session = Session { user: Some(7), sid: "sid".to_owned() };
        for (now, expected) in
            [(NOW, Some(&session)), (NOW + 59, Some(&session)), (NOW + 60, None), (NOW + 61, None)]
        {
            assert_eq!(read(&secret(), &token, now).as_ref(), expected, "{now}");
        }
        let other = Secret::new("another secret, and just as long as that".to_owned()).unwrap();
        assert_eq!(read(&other, &token, NOW), None);
    }

    #[test]
    fn a_minted_token_has_these_claims_and_no_other() {
        let token = mint(&secret(), 7, "sid", NOW, 60).unwrap();
        let parts: Vec<_> =
            token.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap()).collect();
        assert_eq!(parts[0], br#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(parts[1], br#"{"id":7,"iat":1800000000,"exp":1800000060,"sid":"sid"}"#);
    }

    #[test]
    fn a_token_with_only_id_and_exp_is_good_and_names_its_own_session() {
        let (first, second) = (
            read_payload(r#"{"id":7,"exp":1900000000}"#).unwrap(),
            read_payload(r#"{"id":7,"exp":1900000001}"#).unwrap(),
        );
        assert_eq!((first.user, second.user), (Some(7), Some(7)));
        assert_eq!(first, read_payload(r#"{"id":7,"exp":1900000000}"#).unwrap());
        assert_ne!(first.sid, second.sid);
    }

    #[test]
    fn an_id_is_a_json_integer() {
        for (id, user) in [
            ("1", Some(1)),
            ("9007199254740991", Some(MAX_ID)),
            ("9007199254740992", None),
            ("0", None),
            ("-0", None),
            ("-1", None),
            ("123456789012345678901234567890", None),
            ("-123456789012345678901234567890", None),
        ] {
            let session = read_payload(&format!(r#"{{"id":{id},"exp":1900000000}}"#));
            assert_eq!(session.unwrap().user, user, "{id}");
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
        for payload in ["", "null", "[]", "7", "{", r#"{"id":7,"exp":1900000000"#] {
            assert_eq!(read_payload(payload), None, "{payload}");
        }
    }

    #[test]
    fn a_header_may_ask_for_nothing_but_hs256() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"k"}"#,
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
            "",
        ] {
            assert_eq!(read_header(header), None, "{header}");
        }
    }

    #[test]
    fn a_token_with_any_letter_changed_or_missing_is_refused() {
        let token = mint(&secret(), 7, "sid", NOW, 60).unwrap();
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            for other in *b"AQgw.=-_+/ " {
                bytes[index] = other;
                let changed = String::from_utf8(bytes.clone()).unwrap();
                assert_eq!(read(&secret(), &changed, NOW).is_some(), changed == token, "{changed}");
            }
            assert_eq!(read(&secret(), token.get(..index).unwrap(), NOW), None, "{index}");
        }
        for changed in [
            format!("{token}="),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{token}"),
            token.replace('.', ".."),
        ] {
            assert_eq!(read(&secret(), &changed, NOW), None, "{changed}");
        }
    }

    #[test]
    fn tokens_of_pyjwt_are_good() {
        for line in include_str!("../tests/fixtures/tokens.jsonl").lines() {
            let (id, token): (i64, String) = serde_json::from_str(line).unwrap();
            assert_eq!(read(&secret(), &token, NOW).unwrap().user, Some(id));
        }
    }

    #[test]
    fn session_names_are_drawn_at_random() {
        let draw = || new_sid(getrandom::fill).unwrap();
        assert_eq!(draw().len(), 22);
        assert_ne!(draw(), draw());
    }
}
