//! Why a token is refused. The verdict is the library's; this says in words what it looks at.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chrono::DateTime;
use latchkey::auth::keys::Keys;
use latchkey::auth::token::{MAX_SAFE_INTEGER, Signer, find_signer};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::members::Members;

/// A token taken apart, good or not. A part that can't be decoded is missing.
pub struct Parts {
    pub header: Option<String>,
    pub claims: Option<String>,
    pub signer: Option<Signer>,
    /// Whether it is three texts joined by dots, as a JWT is.
    is_three: bool,
}

impl Parts {
    pub fn of(keys: &Keys, token: &str) -> Self {
        let mut texts = token.split('.');
        let mut decoded = || {
            let bytes = Base64UrlUnpadded::decode_vec(texts.next()?).ok()?;
            String::from_utf8(bytes).ok()
        };
        let (header, claims) = (decoded(), decoded());
        Self { header, claims, signer: find_signer(keys, token), is_three: token.split('.').count() == 3 }
    }

    /// All that is wrong with it at `now`, in Unix seconds.
    pub fn faults(&self, now: i64) -> Vec<String> {
        if !self.is_three {
            return vec!["it is not a JWT, which has three parts joined by dots".to_owned()];
        }
        let mut faults = Vec::new();
        match self.header.as_deref().map(serde_json::from_str::<Object>) {
            Some(Ok(header)) => header_faults(&header, self.signer.as_ref(), &mut faults),
            _ => faults.push("its header is not a JSON object in base64url".to_owned()),
        }
        if self.signer.is_none() {
            faults.push("no secret of this deployment signed it, or it was changed afterwards".to_owned());
        }
        match self.claims.as_deref().map(serde_json::from_str::<Object>) {
            Some(Ok(claims)) => claim_faults(&claims, now as f64, &mut faults),
            _ => faults.push("its claims are not a JSON object in base64url".to_owned()),
        }
        faults
    }
}

fn header_faults(header: &Object, signer: Option<&Signer>, faults: &mut Vec<String>) {
    match header.read::<String>("alg") {
        Member::Is(alg) if alg == "HS256" => {}
        Member::Is(alg) => faults.push(format!("its alg is {alg:?}; only HS256 is accepted")),
        Member::Absent => faults.push("its header has no alg; only HS256 is accepted".to_owned()),
        Member::Wrong => faults.push("its alg is not a string; only HS256 is accepted".to_owned()),
    }
    match header.read::<Option<String>>("typ") {
        Member::Absent | Member::Is(None) => {}
        Member::Is(Some(typ)) if typ == "JWT" => {}
        Member::Is(Some(typ)) => faults.push(format!("its typ is {typ:?}; only JWT is accepted")),
        Member::Wrong => faults.push("its typ is not a string; only JWT is accepted".to_owned()),
    }
    match (header.read::<Option<String>>("kid"), signer) {
        (Member::Is(Some(kid)), Some(signer)) if kid != signer.kid => {
            faults.push(format!("its kid is {kid:?}, which is not the secret that signed it"));
        }
        (Member::Wrong, _) => faults.push("its kid is not a string".to_owned()),
        _ => {}
    }
    if header.count("crit") > 0 {
        faults.push("its header has a crit, and no extension is supported".to_owned());
    }
    header.note_duplicates(&["alg", "typ", "kid"], faults);
}

fn claim_faults(claims: &Object, now: f64, faults: &mut Vec<String>) {
    match claims.first("id") {
        None => faults.push("it has no id".to_owned()),
        Some(id) if !is_integer(id.get()) => faults.push("its id is not an integer".to_owned()),
        Some(id) if !id.get().parse().is_ok_and(|id| (1..=MAX_SAFE_INTEGER).contains(&id)) => {
            faults.push(IMPOSSIBLE_ID.to_owned());
        }
        Some(_) => {}
    }
    match claims.read::<f64>("exp") {
        Member::Is(exp) if now < exp => {}
        Member::Is(exp) => faults.push(format!("it expired at {}", date(exp))),
        Member::Absent => {
            faults.push("it has no exp, and a token that never expires is not accepted".to_owned())
        }
        Member::Wrong => faults.push("its exp is not a time in Unix seconds".to_owned()),
    }
    match claims.read::<Option<f64>>("nbf") {
        Member::Is(Some(nbf)) if nbf > now => {
            faults.push(format!("its nbf makes it invalid before {}", date(nbf)));
        }
        Member::Wrong => faults.push("its nbf is not a time in Unix seconds".to_owned()),
        _ => {}
    }
    for name in ["ver", "ttl"] {
        if matches!(claims.read::<Option<i64>>(name), Member::Wrong) {
            faults.push(format!("its {name} is not an integer"));
        }
    }
    if matches!(claims.read::<Option<String>>("sid"), Member::Wrong) {
        faults.push("its sid is not a string".to_owned());
    }
    claims.note_duplicates(&["id", "exp", "nbf", "iat", "ver", "sid", "ttl"], faults);
}

/// Reason for an integer that no user can have as id.
pub const IMPOSSIBLE_ID: &str = "its id is one that no user can have";

fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A time in Unix seconds as a date.
pub fn date(seconds: f64) -> String {
    match DateTime::from_timestamp(seconds.floor() as i64, 0) {
        Some(date) => date.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => format!("{seconds:e} seconds after 1970"),
    }
}

/// A JSON object whose values are not parsed.
pub type Object = Members<String, Box<RawValue>>;

enum Member<T> {
    Absent,
    Is(T),
    /// It is of another type.
    Wrong,
}

impl Object {
    fn first(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| &**value)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Member<T> {
        self.first(name).map_or(Member::Absent, |value| {
            serde_json::from_str(value.get()).map_or(Member::Wrong, Member::Is)
        })
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(member, _)| member == name).count()
    }

    fn note_duplicates(&self, names: &[&str], faults: &mut Vec<String>) {
        let twice = names.iter().filter(|name| self.count(name) > 1);
        faults.extend(twice.map(|name| format!("it has more than one {name}")));
    }
}

#[cfg(test)]
mod tests {
    use latchkey::auth::secret::Secret;
    use latchkey::auth::session::Session;
    use latchkey::auth::token::{issue, verify};
    use latchkey::error::Unauthenticated;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned()).unwrap()
    }

    fn current() -> Secret {
        secret("a secret of the tests, 32 bytes or more")
    }

    fn previous() -> Secret {
        secret("the old secret, 32 bytes long or more")
    }

    fn keys() -> Keys {
        Keys::new(current(), Some(previous()))
    }

    fn signed(secret: &Secret, header: &[u8], claims: &[u8]) -> String {
        let [header, claims] = [header, claims].map(Base64UrlUnpadded::encode_string);
        let data = format!("{header}.{claims}");
        format!("{data}.{}", Base64UrlUnpadded::encode_string(&secret.mac(data.as_bytes())))
    }

    /// Fails unless the library and this agree, and gives what this says.
    fn faults(token: &str) -> Vec<String> {
        let faults = Parts::of(&keys(), token).faults(NOW);
        match verify(&keys(), token, NOW).map_err(Unauthenticated::from) {
            Ok(_) => assert_eq!(faults, [""; 0], "{token}"),
            Err(Unauthenticated::UnknownUser) => assert_eq!(faults, [IMPOSSIBLE_ID], "{token}"),
            Err(_) => assert!(faults.iter().any(|fault| fault != IMPOSSIBLE_ID), "{token}"),
        }
        faults
    }

    #[test]
    fn the_reasons_agree_with_the_verdict_for_each_header_and_claims() {
        let kid = |secret| find_signer(&keys(), &signed(secret, b"", b"")).unwrap().kid;
        let kids =
            [kid(&current()), kid(&previous())].map(|kid| format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#));
        let headers = [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","jku":"https://evil.example","jwk":{}}"#,
            r#"{"\u0061lg":"HS256","typ":null,"kid":null}"#,
            r#"{"alg":"HS256","kid":"../../dev/null"}"#,
            r#"{"alg":"HS256","kid":7}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":null}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":7}"#,
            r#"{"alg":"HS256","crit":["b64"]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
            "{}",
            "[]",
            "",
            "{\"alg\":\"HS256\",\"x\":\"\u{e9}\"} ",
        ];
        let claims = [
            r#""id":7,"exp":1900000000"#,
            r#""\u0069d":7,"exp":1800000000.5,"iat":"whenever","ver":null,"sid":null,"ttl":null,"nbf":null"#,
            r#""id":7,"exp":1e300,"nbf":1800000000,"ver":-1,"sid":"x","ttl":9223372036854775807"#,
            r#""id":0,"exp":1900000000"#,
            r#""id":-123456789012345678901234567890,"exp":1900000000"#,
            r#""id":9007199254740992,"exp":1900000000"#,
            r#""id":9007199254740991,"exp":1900000000"#,
            r#""id":7.0,"exp":1900000000"#,
            r#""id":"7","exp":1900000000"#,
            r#""id":1e0,"exp":1900000000"#,
            r#""id":null,"exp":1900000000"#,
            r#""exp":1900000000"#,
            r#""id":7"#,
            r#""id":7,"exp":1800000000"#,
            r#""id":0,"exp":1799999999.5"#,
            r#""id":7,"exp":1e999"#,
            r#""id":7,"exp":"1900000000""#,
            r#""id":7,"exp":null"#,
            r#""id":7,"exp":1900000000,"nbf":1800000000.5"#,
            r#""id":7,"exp":1900000000,"nbf":"soon""#,
            r#""id":7,"exp":1900000000,"ver":1.0"#,
            r#""id":7,"exp":1900000000,"ver":9223372036854775808"#,
            r#""id":7,"exp":1900000000,"ttl":"1""#,
            r#""id":7,"exp":1900000000,"sid":7"#,
            r#""id":7,"id":7,"exp":1900000000"#,
            r#""id":7,"exp":1900000000,"exp":1900000000"#,
            r#""id":7,"exp":1900000000,"iat":1,"iat":1"#,
            r#""id":7,"exp":1900000000,"x":1,"x":1"#,
        ];
        let other = secret("a secret of nobody here, and as long");
        let payloads = claims.map(|claims| format!("{{{claims}}}"));
        let payloads = payloads.iter().map(String::as_bytes).chain([
            b"".as_slice(),
            b"null",
            b"[]",
            b"{",
            b"{\"id\":7,\"exp\":1900000000,\"x\":\"\xff\"}",
        ]);
        let mut good = 0;
        for payload in payloads {
            for header in headers.iter().copied().chain(kids.iter().map(String::as_str)) {
                for secret in [&current(), &previous(), &other] {
                    good += usize::from(faults(&signed(secret, header.as_bytes(), payload)).is_empty());
                }
            }
        }
        assert_eq!(good, 5 * 10, "the good claims times the good headers and secrets");
    }

    #[test]
    fn the_reasons_agree_with_the_verdict_however_a_token_is_broken() {
        let session = Session { sid: "sid".to_owned(), lifetime: 0 };
        let token = issue(&keys(), 7, 3, &session, NOW, 60).unwrap();
        assert_eq!(faults(&token), [""; 0]);
        for index in 0..token.len() {
            let (start, end) = token.split_at(index);
            let shorter: String = end.chars().skip(1).collect();
            faults(start);
            faults(&shorter);
            faults(&format!("{start}A{shorter}"));
            faults(&format!("{start}.{end}"));
        }
        for changed in ["", ".", "..", "...", "a.b.c", &format!("{token}="), &format!("{token}.")] {
            assert_ne!(faults(changed), [""; 0], "{changed}");
        }
        for line in include_str!("../../../../tests/fixtures/tokens.jsonl").lines() {
            let (_, token): (i64, String) = serde_json::from_str(line).unwrap();
            assert_eq!(faults(&token), [""; 0]);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let header = br#"{"alg":"HS512","typ":"jwt","kid":"x","crit":[]}"#;
        let claims = br#"{"id":"7","exp":1800000000,"nbf":1900000000,"ver":"1","sid":1}"#;
        assert_eq!(
            faults(&signed(&current(), header, claims)),
            [
                r#"its alg is "HS512"; only HS256 is accepted"#,
                r#"its typ is "jwt"; only JWT is accepted"#,
                r#"its kid is "x", which is not the secret that signed it"#,
                "its header has a crit, and no extension is supported",
                "its id is not an integer",
                "it expired at 2027-01-15 08:00:00 UTC",
                "its nbf makes it invalid before 2030-03-17 17:46:40 UTC",
                "its ver is not an integer",
                "its sid is not a string",
            ]
        );
    }
}
