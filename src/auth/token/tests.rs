//! Tokens that are good, and every way of being bad.

use super::super::secret::Secret;
use super::*;

const NOW: i64 = 1_800_000_000;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned()).unwrap()
}

fn keys() -> Keys {
    Keys::new(secret("a secret of the tests, 32 bytes or more"), None)
}

fn issued(keys: &Keys) -> String {
    issue(keys, 7, 3, &session(0), NOW, 60).unwrap()
}

fn session(lifetime: i64) -> Session {
    Session { sid: "sid".to_owned(), lifetime, proof: None }
}

/// A token with this header and payload, rightly signed.
fn signed(header: &str, payload: impl AsRef<[u8]>) -> String {
    let header = Base64UrlUnpadded::encode_string(header.as_bytes());
    let data = format!("{header}.{}", Base64UrlUnpadded::encode_string(payload.as_ref()));
    let signature = Hs256.sign(&keys().current().hs256, data.as_bytes());
    format!("{data}.{}", Base64UrlUnpadded::encode_string(&signature.as_bytes()))
}

fn read_payload(payload: &str) -> Option<VerifiedToken> {
    verify(&keys(), &signed(r#"{"alg":"HS256"}"#, payload), NOW).ok()
}

fn read_header(header: &str) -> Option<VerifiedToken> {
    verify(&keys(), &signed(header, r#"{"id":7,"exp":1900000000}"#), NOW).ok()
}

#[test]
fn an_issued_token_says_whose_session_it_is_of_until_it_expires() {
    let token = issued(&keys());
    let good = VerifiedToken { user_id: 7, token_version: 3, issued_at: Some(NOW), session: session(60) };
    for now in [NOW, NOW + 59] {
        assert_eq!(verify(&keys(), &token, now).ok(), Some(good.clone()), "{now}");
    }
    for now in [NOW + 60, NOW + 61] {
        assert!(matches!(verify(&keys(), &token, now), Err(TokenError::Expired(_))), "{now}");
    }
}

#[test]
fn an_issued_token_has_these_claims_and_no_other() {
    let token = issued(&keys());
    let parts: Vec<_> = token.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap()).collect();
    let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"JWT"}}"#, keys().current().id);
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
        let token = issue(&keys(), 7, 3, &session(lifetime), NOW, 60).unwrap();
        assert_eq!(verify(&keys(), &token, NOW).unwrap().session.lifetime, lifetime.max(60));
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
    let (of_old, of_new) = (issued(&before), issued(&during));
    let is_good = |keys: &Keys, token: &str| verify(keys, token, NOW).is_ok();
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
    let current = keys().current().id.clone();
    let other = Keys::new(secret("another secret, and just as long as that"), None).current().id.clone();
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
fn the_signer_is_found_whatever_the_token_says() {
    let old = secret("the old secret, 32 bytes long or more");
    let both = Keys::new(secret("a secret of the tests, 32 bytes or more"), Some(old.clone()));
    let is_current = |token: &str| find_signer(&both, token).map(|signer| signer.is_current);
    assert_eq!(is_current(&signed(r#"{"alg":"none"}"#, "x")), Some(true));
    assert_eq!(is_current(&issued(&Keys::new(old, None))), Some(false));
    assert_eq!(find_signer(&both, &issued(&both)).unwrap().kid, keys().current().id);
    for token in ["", "..", "a.b", &format!("{}x", issued(&both))] {
        assert_eq!(is_current(token), None, "{token}");
    }
}

#[test]
fn a_token_with_only_id_and_exp_is_good_and_names_its_own_session() {
    let (first, second) = (
        read_payload(r#"{"id":7,"exp":1900000000}"#).unwrap(),
        read_payload(r#"{"id":7,"exp":1900000001}"#).unwrap(),
    );
    assert_eq!((first.user_id, first.token_version, second.user_id), (7, 0, 7));
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
        let found = verify(&keys(), &token, NOW).map(|token| token.user_id);
        assert_eq!(found.map_err(Unauthenticated::from), user.ok_or(Unauthenticated::UnknownUser), "{id}");
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
    assert!(matches!(verify(&keys(), &not_utf8, NOW), Err(TokenError::InvalidClaims(None))));
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
        assert_eq!(session.map(|token| token.token_version), version, "{claims}");
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
    let kid = format!(r#""kid":{:?}"#, keys().current().id);
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
    let token = issued(&keys());
    for index in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            // A header has no bytes beyond ASCII by the time it is read, or it is read as Latin-1.
            let flipped: String = bytes.into_iter().map(char::from).collect();
            assert!(verify(&keys(), &flipped, NOW).is_err(), "{flipped}");
        }
        assert!(verify(&keys(), token.get(..index).unwrap(), NOW).is_err(), "{index}");
        assert!(verify(&keys(), token.get(index + 1..).unwrap(), NOW).is_err(), "{index}");
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
        assert!(verify(&keys(), &changed, NOW).is_err(), "{changed}");
    }
}

#[test]
fn tokens_of_pyjwt_are_good() {
    for line in include_str!("../../../tests/fixtures/tokens.jsonl").lines() {
        let (id, token): (i64, String) = serde_json::from_str(line).unwrap();
        assert_eq!(verify(&keys(), &token, NOW).unwrap().user_id, id);
    }
}

#[test]
fn session_names_are_drawn_at_random() {
    let draw = || Session::begin(None, getrandom::fill).unwrap().sid;
    assert_eq!(draw().len(), 22);
    assert_ne!(draw(), draw());
}

#[test]
fn an_error_has_its_reason() {
    let claims = r#"{"id":7,"exp":1900000000}"#;
    let good = signed(r#"{"alg":"HS256"}"#, claims);
    let (data, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{data}.{}", Base64UrlUnpadded::encode_string(&[0; 32]));
    let with_header = |header: &str| signed(header, claims);
    let with_claims = |claims: &str| signed(r#"{"alg":"HS256"}"#, claims);
    for (token, reason) in [
        ("a.b".to_owned(), "is not three parts in base64url, joined by dots"),
        (format!("{good}="), "is not three parts in base64url, joined by dots"),
        (with_header("[]"), "has a header that is no JSON object in base64url"),
        (with_header("{}"), "has a header that is invalid: missing field `alg` at line 1 column 2"),
        (with_header(r#"{"alg":"none"}"#), r#"has the alg "none"; only HS256 is accepted"#),
        (with_header(r#"{"alg":"HS256","typ":"at+jwt"}"#), r#"has the typ "at+jwt"; only JWT is accepted"#),
        (with_header(r#"{"alg":"HS256","crit":[]}"#), "has a crit in its header; no extension is supported"),
        (
            with_header(r#"{"alg":"HS256","kid":"x"}"#),
            r#"has the kid "x", which is no key of this deployment"#,
        ),
        (forged, "was signed with another secret, or changed since"),
        (with_claims("[]"), "has claims that are no JSON object in base64url"),
        (with_claims(r#"{"id":7}"#), "has claims that are invalid: missing field `exp` at line 1 column 8"),
        (with_claims(r#"{"id":"7","exp":1900000000}"#), "has an id that is no integer"),
        (with_claims(r#"{"id":0,"exp":1900000000}"#), "has an id that no user can have"),
        (with_claims(r#"{"id":7,"exp":5}"#), "expired at 5 (Unix seconds)"),
        (
            with_claims(r#"{"id":7,"exp":1900000000,"nbf":1850000000}"#),
            "is not valid before 1850000000 (Unix seconds)",
        ),
    ] {
        assert_eq!(verify(&keys(), &token, NOW).unwrap_err().to_string(), reason, "{token}");
    }
}
