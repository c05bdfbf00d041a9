//! Proofs by a passkey, but for their signatures.

use super::*;
use crate::auth::passkey::assertion::{Assertion, StoredPasskey, VerifiedAssertion};
use crate::platform::SignatureAlgorithm;

#[derive(Clone)]
struct Parts {
    response: Value,
    client_data: Value,
    data: Data,
    rp_id: &'static str,
    stored: StoredPasskey,
    needs_user_handle: bool,
}

fn right() -> Parts {
    Parts {
        response: json!({
            "id": base64(ID),
            "rawId": base64(ID),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": { "signature": "AAAA", "userHandle": HANDLE },
        }),
        client_data: client_data("webauthn.get", &challenge(Ceremony::Authentication, NOW)),
        data: Data { rp_id: "example.org", flags: UP | UV | BE | BS, counter: 4, rest: Vec::new() },
        rp_id: "example.org",
        stored: StoredPasskey {
            public_key: String::new(),
            algorithm: SignatureAlgorithm::EdDsa,
            counter: 3,
            is_backup_eligible: true,
            user_handle: HANDLE.to_owned(),
        },
        needs_user_handle: true,
    }
}

fn check_bytes(parts: &Parts, client_data: &[u8], data: &[u8]) -> Option<VerifiedAssertion> {
    let mut response = parts.response.clone();
    if let Some(inner) = response.get_mut("response").and_then(Value::as_object_mut) {
        inner.insert("clientDataJSON".to_owned(), json!(base64(client_data)));
        inner.insert("authenticatorData".to_owned(), json!(base64(data)));
    }
    let assertion = Assertion::parse(&response)?;
    assert_eq!(json!(assertion.credential_id()), parts.response["id"]);
    with_rp(parts.rp_id, |rp| assertion.check(rp, &parts.stored, parts.needs_user_handle, NOW))
}

fn checked(parts: &Parts) -> Option<VerifiedAssertion> {
    check_bytes(parts, parts.client_data.to_string().as_bytes(), &parts.data.bytes())
}

fn count(parts: &mut Parts, stored: i64, counter: u32) {
    parts.stored.counter = stored;
    parts.data.counter = counter;
}

#[test]
fn what_is_right_is_taken() {
    let verified = checked(&right()).unwrap();
    assert_eq!((verified.counter, verified.is_user_verified), (4, true));
    assert_eq!((&*verified.challenge.nonce, verified.challenge.expires_at), (&*base64([0; 16]), NOW + 3600));
    let mut unverified = right();
    unverified.data.flags &= !UV;
    assert!(!checked(&unverified).unwrap().is_user_verified);
    check_changes(
        &right(),
        true,
        &[
            ("eligible and not backed up", |parts| parts.data.flags &= !BS),
            ("neither", |parts| {
                parts.data.flags &= !(BE | BS);
                parts.stored.is_backup_eligible = false;
            }),
            ("extensions", |parts| {
                parts.data.flags |= ED;
                parts.data.rest = vec![0xa0];
            }),
            ("no counter", |parts| count(parts, 0, 0)),
            ("first count", |parts| count(parts, 0, 1)),
            ("last count", |parts| count(parts, 4_294_967_294, u32::MAX)),
            ("no handle where none is needed", |parts| {
                parts.needs_user_handle = false;
                parts.response["response"]["userHandle"] = json!(null);
            }),
            ("handle where none is needed", |parts| parts.needs_user_handle = false),
        ],
        checked,
    );
    for (name, change) in RIGHT_CLIENT_DATA {
        let mut parts = right();
        change(&mut parts.client_data);
        assert!(checked(&parts).is_some(), "{name}");
    }
}

#[test]
fn what_is_wrong_in_any_part_is_refused() {
    check_changes(
        &right(),
        false,
        &[
            ("no object", |parts| parts.response = json!(7)),
            ("no id", |parts| parts.response["id"] = json!(null)),
            ("other raw id", |parts| parts.response["rawId"] = json!(base64([8; 32]))),
            ("empty id", |parts| {
                parts.response["id"] = json!("");
                parts.response["rawId"] = json!("");
            }),
            ("id of 1,024 bytes", |parts| {
                parts.response["id"] = json!(base64([7; 1024]));
                parts.response["rawId"] = parts.response["id"].clone();
            }),
            ("padded id", |parts| {
                parts.response["id"] = json!(format!("{}=", base64(ID)));
                parts.response["rawId"] = parts.response["id"].clone();
            }),
            ("other type", |parts| parts.response["type"] = json!("password")),
            ("no response", |parts| parts.response["response"] = json!(null)),
            ("no signature", |parts| parts.response["response"]["signature"] = json!(null)),
            ("signature of no Base64", |parts| parts.response["response"]["signature"] = json!("AAA=")),
            ("other RP ID", |parts| parts.data.rp_id = "evil.example"),
            ("RP ID of another deployment", |parts| parts.rp_id = "example.com"),
            ("nobody there", |parts| parts.data.flags &= !UP),
            ("backed up and not eligible", |parts| {
                parts.data.flags &= !BE;
                parts.stored.is_backup_eligible = false;
            }),
            ("no longer eligible", |parts| parts.data.flags &= !(BE | BS)),
            ("eligible now", |parts| parts.stored.is_backup_eligible = false),
            ("bytes of nothing", |parts| parts.data.rest = vec![0xa0]),
            ("extensions without any", |parts| parts.data.flags |= ED),
            ("same count", |parts| count(parts, 4, 4)),
            ("lower count", |parts| count(parts, 5, 4)),
            ("no count any more", |parts| count(parts, 1, 0)),
            ("count that began again", |parts| count(parts, 4_294_967_295, 1)),
            ("no handle", |parts| parts.response["response"]["userHandle"] = json!(null)),
            ("empty handle", |parts| parts.response["response"]["userHandle"] = json!("")),
            ("other handle", |parts| parts.response["response"]["userHandle"] = json!("amFrZg")),
            ("handle that begins alike", |parts| {
                parts.response["response"]["userHandle"] = json!("amFrZQAA");
            }),
            ("padded handle", |parts| parts.response["response"]["userHandle"] = json!("amFrZQ==")),
            ("other handle where none is needed", |parts| {
                parts.needs_user_handle = false;
                parts.response["response"]["userHandle"] = json!("amFrZg");
            }),
            ("handle of no text where none is needed", |parts| {
                parts.needs_user_handle = false;
                parts.response["response"]["userHandle"] = json!([HANDLE]);
            }),
        ],
        checked,
    );
    for (name, change) in WRONG_CLIENT_DATA {
        let mut parts = right();
        change(&mut parts.client_data);
        assert_eq!(checked(&parts), None, "{name}");
    }
    for bytes in no_client_data(&right().client_data) {
        assert_eq!(check_bytes(&right(), &bytes, &right().data.bytes()), None, "{bytes:?}");
    }
}

#[test]
fn truncated_authenticator_data_is_refused() {
    let parts = right();
    let data = parts.data.bytes();
    let client_data = parts.client_data.to_string();
    for length in 0..data.len() {
        assert_eq!(check_bytes(&parts, client_data.as_bytes(), &data[..length]), None, "{length}");
    }
}
