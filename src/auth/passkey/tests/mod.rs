//! Ceremonies, right and wrong in each part. Signatures are those of `tests/api_sqlite/passkeys.rs`.

mod assertion;
mod encodings;
mod registration;
mod vectors;

use std::fmt::Debug;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::RelyingParty;
use super::challenge::{Ceremony, draw};
use crate::auth::secret::Secret;

const NOW: i64 = 1_800_000_000;
const USER: i64 = 7;
const HANDLE: &str = "amFrZQ";
const JAKE: Ceremony<'_> = Ceremony::Registration { user_id: USER, user_handle: HANDLE };
const ID: &[u8] = b"an id of a credential, 32 bytes.";

const UP: u8 = 1;
const UV: u8 = 1 << 2;
const BE: u8 = 1 << 3;
const BS: u8 = 1 << 4;
const AT: u8 = 1 << 6;
const ED: u8 = 1 << 7;

fn key() -> Secret {
    Secret::new("a key of challenges, of 32 bytes or more".to_owned()).unwrap()
}

fn challenge(ceremony: Ceremony<'_>, now: i64) -> String {
    draw::<()>(&key(), ceremony, now, |_| Ok(())).unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Gives what a relying party of this id comes to.
fn with_rp<T>(id: &str, run: impl FnOnce(&RelyingParty<'_>) -> T) -> T {
    let origins = ["https://example.org", "https://app.example.org"];
    run(&RelyingParty { id, challenge_key: &key(), allows: &|origin| origins.contains(&origin) })
}

/// Client data, as Chromium makes it.
fn client_data(ceremony_type: &str, challenge: &str) -> Value {
    json!({
        "type": ceremony_type,
        "challenge": challenge,
        "origin": "https://example.org",
        "crossOrigin": false,
        "other_keys_can_be_added_here": "do not compare clientDataJSON against a template.",
    })
}

/// Parts of authenticator data.
#[derive(Clone)]
struct Data {
    rp_id: &'static str,
    flags: u8,
    counter: u32,
    rest: Vec<u8>,
}

impl Data {
    fn bytes(&self) -> Vec<u8> {
        let hash = Sha256::digest(self.rp_id.as_bytes());
        [&hash[..], &[self.flags], &self.counter.to_be_bytes(), &self.rest].concat()
    }
}

/// Attested credential of an id that is said to have this length.
fn attested(length: u16, id: &[u8]) -> Vec<u8> {
    [&[0xaa; 16][..], &length.to_be_bytes(), id, &[0xa5]].concat()
}

/// A change of what is right: its name, and the change.
type Change<P> = (&'static str, fn(&mut P));

/// Makes each change to what is right, and asserts that each result passes, or that none does.
fn check_changes<P: Clone, T: Debug>(
    right: &P,
    passes: bool,
    changes: &[Change<P>],
    verify: impl Fn(&P) -> Option<T>,
) {
    assert!(verify(right).is_some());
    for (name, change) in changes {
        let mut changed = right.clone();
        change(&mut changed);
        assert_eq!(verify(&changed).is_some(), passes, "{name}");
    }
}

/// Client data that no ceremony takes.
const WRONG_CLIENT_DATA: [Change<Value>; 22] = [
    ("no type", |data| drop(data.as_object_mut().unwrap().remove("type"))),
    ("other type", |data| data["type"] = json!("payment.get")),
    ("longer type", |data| data["type"] = json!(format!("{}e", data["type"].as_str().unwrap()))),
    ("type of no text", |data| data["type"] = json!([data["type"]])),
    ("no origin", |data| drop(data.as_object_mut().unwrap().remove("origin"))),
    ("origin of no text", |data| data["origin"] = json!(["https://example.org"])),
    ("other origin", |data| data["origin"] = json!("https://evil.example")),
    ("origin that begins alike", |data| data["origin"] = json!("https://example.org.evil.example")),
    ("origin with a path", |data| data["origin"] = json!("https://example.org/")),
    ("origin with a port", |data| data["origin"] = json!("https://example.org:8443")),
    ("origin over http", |data| data["origin"] = json!("http://example.org")),
    ("origin in capitals", |data| data["origin"] = json!("https://EXAMPLE.org")),
    ("no page's origin", |data| data["origin"] = json!("null")),
    ("in a frame", |data| data["crossOrigin"] = json!(true)),
    ("perhaps in a frame", |data| data["crossOrigin"] = json!(null)),
    ("frame as text", |data| data["crossOrigin"] = json!("false")),
    ("in a page", |data| data["topOrigin"] = json!("https://example.org")),
    ("in no page", |data| data["topOrigin"] = json!(null)),
    ("no challenge", |data| drop(data.as_object_mut().unwrap().remove("challenge"))),
    ("other challenge", |data| data["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ("old challenge", |data| {
        let ceremony = if data["type"] == "webauthn.get" { Ceremony::Authentication } else { JAKE };
        data["challenge"] = json!(challenge(ceremony, NOW - 3601));
    }),
    ("challenge of the other ceremony", |data| {
        let ceremony = if data["type"] == "webauthn.get" { JAKE } else { Ceremony::Authentication };
        data["challenge"] = json!(challenge(ceremony, NOW));
    }),
];

/// Client data that both ceremonies take.
const RIGHT_CLIENT_DATA: [Change<Value>; 3] = [
    ("other allowed origin", |data| data["origin"] = json!("https://app.example.org")),
    ("older browser", |data| drop(data.as_object_mut().unwrap().remove("crossOrigin"))),
    ("other members", |data| data["tokenBinding"] = json!({ "status": "supported" })),
];

/// Client data in bytes that are no JSON, or no object.
fn no_client_data(right: &Value) -> Vec<Vec<u8>> {
    let json = right.to_string();
    let deep = "[".repeat(100_000);
    let mut all: Vec<_> = ["", "null", "[]", "7", "\"\"", &deep, &format!("{json}}}"), &format!("{json} x")]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    all.extend((0..json.len()).map(|length| json.as_bytes()[..length].to_vec()));
    let utf16 = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1 = json.bytes().map(|byte| if byte == b'_' { 0xf6 } else { byte }).collect();
    all.extend([utf16, latin1, format!("\u{feff}{json}").into_bytes()]);
    all
}
