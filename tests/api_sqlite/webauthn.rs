//! Passkeys: ceremonies with real signatures, and the test vectors of WebAuthn Level 3 §16.

use latchkey::auth::passkey::RelyingParty;
use latchkey::auth::passkey::assertion::{Assertion, StoredPasskey, VerifiedAssertion};
use latchkey::auth::passkey::challenge::{Ceremony, draw};
use latchkey::auth::passkey::registration::{self, NewPasskey};
use latchkey::auth::secret::Secret;
use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::api::authenticator::{Authenticator, BE, BS, UP, UV};
use super::api::vectors::{Sealed, Signed, base64, bytes, changed, sealed, signed};
use super::api::{SECRET, django};
use super::crypto::{decrypt, encrypt, verify_signature};
use super::{NOW, Native};

const ORIGIN: &str = "https://app.example.com";
const USER: i64 = 7;
const HANDLE: &str = "amFrZQ";

#[test]
fn the_signatures_of_the_specification_are_verified() {
    let vectors = signed();
    assert_eq!(vectors.len(), 7);
    for Signed { algorithm, key, signature, message } in &vectors {
        let verify = |key: &[u8], signature: &[u8], message: &[u8]| {
            verify_signature(*algorithm, key, signature, message).is_some()
        };
        assert!(verify(key, signature, message), "{algorithm:?}");
        for other in vectors.iter().filter(|other| other.key != *key) {
            assert!(!verify(&other.key, signature, message), "{algorithm:?}");
        }
        for at in [0, signature.len() / 2, signature.len() - 1] {
            assert!(!verify(key, &changed(signature, at), message), "{algorithm:?} {at}");
        }
        for at in 0..message.len() {
            assert!(!verify(key, signature, &changed(message, at)), "{algorithm:?} {at}");
        }
    }
}

/// `tests/api_workerd/crypto.rs` has WebCrypto decrypt the same.
#[test]
fn the_host_encrypts_what_the_fixture_has() {
    let Sealed { key, nonce, text, context, encrypted } = sealed();
    assert_eq!(encrypt(&key, &nonce, &text, &context), Ok(encrypted.clone()));
    assert_eq!(decrypt(&key, &nonce, &encrypted, &context), Some(text));
    assert_eq!(decrypt(&key, &nonce, &encrypted, "another"), None);
}

/// Gives what a relying party comes to.
fn with_rp<T>(run: impl FnOnce(&RelyingParty<'_>) -> T) -> T {
    let key = Secret::new(SECRET.to_owned()).unwrap().derive("challenges");
    run(&RelyingParty { id: "example.com", challenge_key: &key, allows: &|origin| origin == ORIGIN })
}

fn challenge(rp: &RelyingParty<'_>, ceremony: Ceremony<'_>) -> String {
    draw(rp.challenge_key, ceremony, NOW, getrandom::fill).unwrap()
}

fn register(authenticator: &mut Authenticator) -> Option<NewPasskey> {
    with_rp(|rp| {
        let all = SignatureAlgorithm::ALL.map(|it| json!({ "type": "public-key", "alg": it.number() }));
        let options = json!({
            "rp": { "id": rp.id, "name": "Example" },
            "user": { "id": HANDLE, "name": "jake@x.io", "displayName": "jake" },
            "challenge": challenge(rp, Ceremony::Registration { user_id: USER, user_handle: HANDLE }),
            "pubKeyCredParams": all,
            "attestation": "none",
        });
        registration::verify(rp, &authenticator.create(&options), USER, HANDLE, NOW)
    })
}

fn stored(passkey: &NewPasskey) -> StoredPasskey {
    StoredPasskey {
        public_key: passkey.public_key.clone(),
        algorithm: passkey.algorithm,
        counter: passkey.counter,
        is_backup_eligible: passkey.is_backup_eligible,
        user_handle: HANDLE.to_owned(),
    }
}

fn response(authenticator: &Authenticator) -> Value {
    with_rp(|rp| {
        let challenge = challenge(rp, Ceremony::Authentication);
        authenticator.get(&json!({ "rpId": rp.id, "challenge": challenge }))
    })
}

fn verify(response: &Value, stored: &StoredPasskey) -> Option<VerifiedAssertion> {
    let api = Native::new(django());
    let assertion = Assertion::parse(response)?;
    let verified = with_rp(|rp| pollster::block_on(assertion.verify(&api.platform, rp, stored, true, NOW)));
    verified.unwrap()
}

#[test]
fn a_passkey_of_each_algorithm_is_registered_and_proved() {
    for algorithm in SignatureAlgorithm::ALL {
        let mut authenticator = Authenticator::new(algorithm, ORIGIN);
        let passkey = register(&mut authenticator).unwrap();
        assert_eq!((passkey.algorithm, passkey.counter, passkey.is_backup_eligible), (algorithm, 0, true));
        assert_eq!(passkey.id, base64(&authenticator.id));
        let first = verify(&response(&authenticator), &stored(&passkey)).unwrap();
        assert_eq!((first.counter, first.is_user_verified), (0, true));
        authenticator.counter = 9;
        authenticator.flags = UP | BE | BS;
        let second = verify(&response(&authenticator), &stored(&passkey)).unwrap();
        assert_eq!((second.counter, second.is_user_verified), (9, false));
        assert_ne!(first.challenge.nonce, second.challenge.nonce);
        let counted = StoredPasskey { counter: 9, ..stored(&passkey) };
        assert_eq!(verify(&response(&authenticator), &counted), None);
    }
}

#[test]
fn a_signature_of_anything_else_is_refused() {
    for algorithm in SignatureAlgorithm::ALL {
        let mut authenticator = Authenticator::new(algorithm, ORIGIN);
        let stored = stored(&register(&mut authenticator).unwrap());
        let right = response(&authenticator);
        assert!(verify(&right, &stored).is_some());
        let signature = bytes(&right["response"]["signature"]);
        for at in (0..signature.len()).step_by(7) {
            let mut damaged = right.clone();
            damaged["response"]["signature"] = json!(base64(changed(&signature, at)));
            assert_eq!(verify(&damaged, &stored), None, "{algorithm:?} {at}");
        }
        for (name, signature) in [("none", vec![]), ("longer", [&signature[..], &[0]].concat())] {
            let mut damaged = right.clone();
            damaged["response"]["signature"] = json!(base64(&signature));
            assert_eq!(verify(&damaged, &stored), None, "{algorithm:?} {name}");
        }
        // Parts of another proof that are right by themselves.
        authenticator.flags = UP | BE;
        authenticator.counter = 3;
        let other = response(&authenticator);
        for part in ["clientDataJSON", "authenticatorData", "signature"] {
            let mut mixed = right.clone();
            mixed["response"][part] = other["response"][part].clone();
            assert_eq!(verify(&mixed, &stored), None, "{algorithm:?} {part}");
        }
        for other in SignatureAlgorithm::ALL {
            let key = Authenticator::new(other, ORIGIN).public_key();
            let is_own = other == algorithm && other == SignatureAlgorithm::Rs256; // one key of all
            let public_key = base64(&key);
            let replaced = StoredPasskey { public_key, ..stored.clone() };
            assert_eq!(verify(&right, &replaced).is_some(), is_own, "{algorithm:?} {other:?}");
            let renamed = StoredPasskey { algorithm: other, ..stored.clone() };
            assert_eq!(verify(&right, &renamed).is_some(), other == algorithm, "{algorithm:?} {other:?}");
        }
        let no_key = StoredPasskey { public_key: "=".to_owned(), ..stored };
        assert_eq!(verify(&right, &no_key), None);
    }
}

#[test]
fn an_authenticator_that_is_wrong_is_refused_in_both_ceremonies() {
    type Wrong = fn(&mut Authenticator);
    let wrongs: [(&str, Wrong); 8] = [
        ("nobody there", |it| it.flags = UV | BE | BS),
        ("backed up and not eligible", |it| it.flags = UP | BS),
        ("other origin", |it| it.origin = "https://evil.example".to_owned()),
        ("other RP ID", |it| it.rp_id = Some("evil.example".to_owned())),
        ("in a frame", |it| it.client_data = json!({ "crossOrigin": true })),
        ("in a page", |it| it.client_data = json!({ "topOrigin": ORIGIN })),
        ("no origin", |it| it.client_data = json!({ "origin": null })),
        ("other challenge", |it| it.client_data = json!({ "challenge": "AAAA" })),
    ];
    for (name, wrong) in wrongs {
        let mut authenticator = Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN);
        let stored = stored(&register(&mut authenticator).unwrap());
        wrong(&mut authenticator);
        assert_eq!(register(&mut authenticator), None, "{name}");
        assert_eq!(verify(&response(&authenticator), &stored), None, "{name}");
    }
    let mut authenticator = Authenticator::new(SignatureAlgorithm::Es256, ORIGIN);
    let stored = stored(&register(&mut authenticator).unwrap());
    for handle in [None, Some("amFrZg".to_owned())] {
        authenticator.user_handle = handle;
        assert_eq!(verify(&response(&authenticator), &stored), None);
    }
    authenticator.transports = json!(["usb"]);
    authenticator.id = vec![7; 1024];
    assert_eq!(register(&mut authenticator), None);
    authenticator.id = vec![7; 1023];
    assert_eq!(register(&mut authenticator).unwrap().transports, r#"["usb"]"#);
}
