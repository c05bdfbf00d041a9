//! New passkeys.

use super::*;
use crate::auth::passkey::registration::{NewPasskey, verify};
use crate::platform::SignatureAlgorithm;

#[derive(Clone)]
struct Parts {
    response: Value,
    client_data: Value,
    data: Data,
    rp_id: &'static str,
    user_id: i64,
    handle: &'static str,
}

fn right() -> Parts {
    let key = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &[0x55; 32]].concat();
    Parts {
        response: json!({
            "id": base64(ID),
            "rawId": base64(ID),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "publicKey": base64(key),
                "publicKeyAlgorithm": -8,
                "transports": ["internal", "hybrid"],
                "attestationObject": "no CBOR",
            },
        }),
        client_data: client_data("webauthn.create", &challenge(JAKE, NOW)),
        data: Data {
            rp_id: "example.org",
            flags: UP | UV | BE | BS | AT,
            counter: 3,
            rest: attested(32, ID),
        },
        rp_id: "example.org",
        user_id: USER,
        handle: HANDLE,
    }
}

fn verify_bytes(parts: &Parts, client_data: &[u8], data: &[u8]) -> Option<NewPasskey> {
    let mut response = parts.response.clone();
    if let Some(inner) = response.get_mut("response").and_then(Value::as_object_mut) {
        inner.insert("clientDataJSON".to_owned(), json!(base64(client_data)));
        inner.insert("authenticatorData".to_owned(), json!(base64(data)));
    }
    with_rp(parts.rp_id, |rp| verify(rp, &response, parts.user_id, parts.handle, NOW))
}

fn verified(parts: &Parts) -> Option<NewPasskey> {
    verify_bytes(parts, parts.client_data.to_string().as_bytes(), &parts.data.bytes())
}

fn set_id(parts: &mut Parts, id: &[u8], length: u16) {
    parts.response["id"] = json!(base64(id));
    parts.response["rawId"] = json!(base64(id));
    parts.data.rest = attested(length, id);
}

#[test]
fn a_passkey_is_as_its_response_has_it() {
    let passkey = verified(&right()).unwrap();
    assert_eq!(passkey.id, base64(ID));
    assert_eq!(json!(passkey.public_key), right().response["response"]["publicKey"]);
    assert_eq!((passkey.algorithm, passkey.counter), (SignatureAlgorithm::EdDsa, 3));
    assert_eq!((passkey.is_backup_eligible, &*passkey.transports), (true, r#"["hybrid","internal"]"#));
    assert_eq!((&*passkey.challenge.nonce, passkey.challenge.expires_at), (&*base64([0; 16]), NOW + 3600));
    let mut bound = right();
    bound.data.flags = UP | AT;
    bound.data.counter = u32::MAX;
    let passkey = verified(&bound).unwrap();
    assert_eq!((passkey.is_backup_eligible, passkey.counter), (false, 4_294_967_295));
}

#[test]
fn what_is_right_is_taken() {
    check_changes(
        &right(),
        true,
        &[
            ("not verified", |parts| parts.data.flags &= !UV),
            ("eligible and not backed up", |parts| parts.data.flags &= !BS),
            ("extensions", |parts| parts.data.flags |= ED),
            ("id of one byte", |parts| set_id(parts, &[7], 1)),
            ("id of 1,023 bytes", |parts| set_id(parts, &[7; 1023], 1023)),
            ("no transports", |parts| parts.response["response"]["transports"] = json!(null)),
        ],
        verified,
    );
    for (name, change) in RIGHT_CLIENT_DATA {
        let mut parts = right();
        change(&mut parts.client_data);
        assert!(verified(&parts).is_some(), "{name}");
    }
}

#[test]
fn what_is_wrong_in_any_part_is_refused() {
    check_changes(
        &right(),
        false,
        &[
            ("no object", |parts| parts.response = json!("x")),
            ("no id", |parts| parts.response["id"] = json!(null)),
            ("id of no text", |parts| parts.response["id"] = json!([7])),
            ("other id", |parts| parts.response["id"] = json!(base64([8; 32]))),
            ("other raw id", |parts| parts.response["rawId"] = json!(base64([8; 32]))),
            ("both ids others", |parts| {
                set_id(parts, &[8; 32], 32);
                parts.data.rest = attested(32, ID);
            }),
            ("empty id", |parts| set_id(parts, &[], 0)),
            ("id of 1,024 bytes", |parts| set_id(parts, &[7; 1024], 1024)),
            ("id longer than said", |parts| set_id(parts, ID, 31)),
            ("id shorter than said", |parts| set_id(parts, ID, 33)),
            ("id of no length", |parts| set_id(parts, ID, u16::MAX)),
            ("padded id", |parts| {
                parts.response["id"] = json!(format!("{}=", base64(ID)));
                parts.response["rawId"] = parts.response["id"].clone();
            }),
            ("id that is not canonical", |parts| {
                // 32 bytes leave two bits of the last character unused.
                let id = base64(ID);
                let last = id.chars().last().unwrap();
                let next = char::from(last as u8 + 1);
                parts.response["id"] = json!(format!("{}{next}", id.strip_suffix(last).unwrap()));
                parts.response["rawId"] = parts.response["id"].clone();
            }),
            ("id in the other Base64", |parts| {
                set_id(parts, &[0xff; 3], 3);
                parts.response["id"] = json!("////");
                parts.response["rawId"] = json!("////");
            }),
            ("no type", |parts| parts.response["type"] = json!(null)),
            ("other type", |parts| parts.response["type"] = json!("password")),
            ("no response", |parts| parts.response["response"] = json!([])),
            ("no key", |parts| parts.response["response"]["publicKey"] = json!(null)),
            ("other key", |parts| parts.response["response"]["publicKey"] = json!("AAAA")),
            ("padded key", |parts| {
                let key = parts.response["response"]["publicKey"].as_str().unwrap();
                parts.response["response"]["publicKey"] = json!(format!("{key}=="));
            }),
            ("no algorithm", |parts| parts.response["response"]["publicKeyAlgorithm"] = json!(null)),
            ("other algorithm", |parts| parts.response["response"]["publicKeyAlgorithm"] = json!(-7)),
            ("RSA", |parts| parts.response["response"]["publicKeyAlgorithm"] = json!(-257)),
            ("algorithm not offered", |parts| {
                parts.response["response"]["publicKeyAlgorithm"] = json!(-35);
            }),
            ("algorithm as text", |parts| parts.response["response"]["publicKeyAlgorithm"] = json!("-8")),
            ("algorithm with a fraction", |parts| {
                parts.response["response"]["publicKeyAlgorithm"] = json!(-8.0);
            }),
            ("other RP ID", |parts| parts.data.rp_id = "evil.example"),
            ("RP ID's own domain", |parts| parts.data.rp_id = "app.example.org"),
            ("RP ID of another deployment", |parts| parts.rp_id = "example.com"),
            ("nobody there", |parts| parts.data.flags &= !UP),
            ("no credential", |parts| parts.data.flags &= !AT),
            ("extensions alone", |parts| parts.data.flags = UP | ED),
            ("backed up and not eligible", |parts| parts.data.flags &= !BE),
            ("no key in the data", |parts| parts.data.rest = attested(32, ID)[..50].to_vec()),
            ("other user", |parts| parts.user_id = 8),
            ("other handle", |parts| parts.handle = "amFrZg"),
        ],
        verified,
    );
    for (name, change) in WRONG_CLIENT_DATA {
        let mut parts = right();
        change(&mut parts.client_data);
        assert_eq!(verified(&parts), None, "{name}");
    }
    for bytes in no_client_data(&right().client_data) {
        assert_eq!(verify_bytes(&right(), &bytes, &right().data.bytes()), None, "{bytes:?}");
    }
}

#[test]
fn truncated_authenticator_data_is_refused() {
    let parts = right();
    let data = parts.data.bytes();
    let client_data = parts.client_data.to_string();
    for length in 0..data.len() {
        assert_eq!(verify_bytes(&parts, client_data.as_bytes(), &data[..length]), None, "{length}");
    }
}

/// Bits that say nothing about which credential was made, or by whom, may be any.
#[test]
fn each_bit_of_authenticator_data_is_checked() {
    let parts = right();
    let data = parts.data.bytes();
    let client_data = parts.client_data.to_string();
    let (flags, counter_and_model, key) = (32, 33..53, data.len() - 1);
    for at in 0..data.len() {
        for bit in (0..8).map(|bit| 1 << bit) {
            let mut changed = data.clone();
            changed[at] ^= bit;
            let passkey = verify_bytes(&parts, client_data.as_bytes(), &changed);
            let may_be_any = counter_and_model.contains(&at)
                || at == key
                || at == flags && [UV, BS, ED, 1 << 1, 1 << 5].contains(&bit);
            assert_eq!(passkey.is_some(), may_be_any, "{at} {bit}");
        }
    }
}

#[test]
fn known_transports_are_kept() {
    for (told, kept) in [
        (json!(["usb", "nfc", "ble", "smart-card", "hybrid", "internal"]), 6),
        (json!(["usb", "usb", "usb", "cable", "\u{e9}", "\"", "USB", "usb ", 7, null, {}]), 1),
        (json!(["x".repeat(100_000)]), 0),
        (json!([]), 0),
        (json!("usb"), 0),
        (json!({ "usb": "usb" }), 0),
        (json!(null), 0),
    ] {
        let mut parts = right();
        parts.response["response"]["transports"] = told.clone();
        let transports = verified(&parts).unwrap().transports;
        let names: Vec<String> = serde_json::from_str(&transports).unwrap();
        assert_eq!(names.len(), kept, "{told}");
        assert_eq!(serde_json::to_string(&names).unwrap(), transports);
    }
}
