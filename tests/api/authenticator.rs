//! A browser with an authenticator (WebAuthn Level 3 §5.1, §6), whose every part can be set wrong.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::Signer as _;
use latchkey::platform::SignatureAlgorithm;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::signature::SignatureEncoding as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::vectors::base64;

/// The user was there.
pub const UP: u8 = 1;
/// The user was verified.
pub const UV: u8 = 1 << 2;
/// The passkey can be on more than one device.
pub const BE: u8 = 1 << 3;
/// The passkey is on more than one device.
pub const BS: u8 = 1 << 4;

const AT: u8 = 1 << 6;

/// Authenticator with one passkey, on a page of one origin. Each part that is set is used as it is, right or not.
#[derive(Clone)]
pub struct Authenticator {
    /// The private key.
    pub key: Key,
    /// The credential's id.
    pub id: Vec<u8>,
    /// Flags, but for the one of an attested credential.
    pub flags: u8,
    /// Signatures so far. It does not count by itself.
    pub counter: u32,
    /// Origin of the page.
    pub origin: String,
    /// RP ID, where it is not that of the options.
    pub rp_id: Option<String>,
    /// User handle, in base64url: that of the options of the last registration.
    pub user_handle: Option<String>,
    /// Transports.
    pub transports: Value,
    /// Members of the client data in place of the right ones, and beside them. What is `null` is left out.
    pub client_data: Value,
}

#[derive(Clone)]
pub enum Key {
    EdDsa(ed25519_dalek::SigningKey),
    Es256(p256::ecdsa::SigningKey),
    Rs256(Box<rsa::PrivateKey>),
}

impl Authenticator {
    /// An authenticator with a new passkey that is backed up, and a user who is verified. All of RSA have one key.
    pub fn new(algorithm: SignatureAlgorithm, origin: &str) -> Self {
        let key = match algorithm {
            SignatureAlgorithm::EdDsa => Key::EdDsa(ed25519_dalek::SigningKey::from_bytes(&random())),
            SignatureAlgorithm::Es256 => {
                Key::Es256(p256::ecdsa::SigningKey::from_slice(&random::<32>()).unwrap())
            }
            SignatureAlgorithm::Rs256 => {
                let der = include_bytes!("../fixtures/rsa.der"); // of openssl genpkey, for tests only
                Key::Rs256(Box::new(rsa::PrivateKey::from_pkcs8_der(der).unwrap()))
            }
        };
        Self {
            key,
            id: random::<32>().to_vec(),
            flags: UP | UV | BE | BS,
            counter: 0,
            origin: origin.to_owned(),
            rp_id: None,
            user_handle: None,
            transports: json!(["internal", "hybrid"]),
            client_data: json!({ "other_keys_can_be_added_here": "do not compare clientDataJSON against a template" }),
        }
    }

    /// Algorithm of its signatures.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match &self.key {
            Key::EdDsa(_) => SignatureAlgorithm::EdDsa,
            Key::Es256(_) => SignatureAlgorithm::Es256,
            Key::Rs256(_) => SignatureAlgorithm::Rs256,
        }
    }

    /// The public key, as a `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> Vec<u8> {
        let der = match &self.key {
            Key::EdDsa(key) => {
                let prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"; // RFC 8410 §4
                return [&prefix[..], key.verifying_key().as_bytes()].concat();
            }
            Key::Es256(key) => key.verifying_key().to_public_key_der(),
            Key::Rs256(key) => key.to_public_key().to_public_key_der(),
        };
        der.unwrap().into_vec()
    }

    /// Answers a `PublicKeyCredentialCreationOptionsJSON` with a `RegistrationResponseJSON`. Refuses what a browser would.
    pub fn create(&mut self, options: &Value) -> Value {
        let number = self.algorithm().number();
        let offered = options["pubKeyCredParams"].as_array().unwrap();
        assert!(offered.contains(&json!({ "type": "public-key", "alg": number })), "{options}");
        let mut excluded = options["excludeCredentials"].as_array().into_iter().flatten();
        assert!(excluded.all(|credential| credential["id"] != base64(&self.id)), "{options}");
        assert!(
            options["user"]["name"].is_string() && options["user"]["displayName"].is_string(),
            "{options}"
        );
        let user_handle = options["user"]["id"].as_str().unwrap();
        assert!((1..=64).contains(&Base64UrlUnpadded::decode_vec(user_handle).unwrap().len()), "{options}");
        self.user_handle = Some(user_handle.to_owned());

        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.authenticator_data(&options["rp"]["id"], AT);
        data.extend([0; 16]); // of no model
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose_key());
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let attestation = [&b"\xa3cfmtdnonegattStmt\xa0hauthData\x59"[..], &length, &data].concat();
        self.credential(json!({
            "clientDataJSON": base64(client_data),
            "authenticatorData": base64(data),
            "attestationObject": base64(attestation),
            "publicKey": base64(self.public_key()),
            "publicKeyAlgorithm": number,
            "transports": self.transports,
        }))
    }

    /// Answers a `PublicKeyCredentialRequestOptionsJSON` with an `AuthenticationResponseJSON`. Refuses what a browser would.
    pub fn get(&self, options: &Value) -> Value {
        let allowed = options["allowCredentials"].as_array().filter(|allowed| !allowed.is_empty());
        let mut ids = allowed.into_iter().flatten().map(|credential| &credential["id"]);
        assert!(allowed.is_none() || ids.any(|id| *id == base64(&self.id)), "{options}");
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(&options["rpId"], 0);
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        let mut response = json!({
            "clientDataJSON": base64(client_data),
            "authenticatorData": base64(data),
            "signature": base64(self.sign(&signed)),
        });
        if let Some(user_handle) = &self.user_handle {
            response["userHandle"] = json!(user_handle);
        }
        self.credential(response)
    }

    fn credential(&self, response: Value) -> Value {
        json!({
            "id": base64(&self.id),
            "rawId": base64(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }

    fn client_data(&self, ceremony: &str, options: &Value) -> Vec<u8> {
        let mut data = json!({
            "type": ceremony,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        let data = data.as_object_mut().unwrap();
        data.extend(self.client_data.as_object().unwrap().clone());
        data.retain(|_, value| !value.is_null());
        serde_json::to_vec(data).unwrap()
    }

    fn authenticator_data(&self, rp_id: &Value, flags: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or_else(|| rp_id.as_str().unwrap());
        let hash = Sha256::digest(rp_id.as_bytes());
        [&hash[..], &[self.flags | flags], &self.counter.to_be_bytes()].concat()
    }

    /// The public key in COSE (RFC 9053 §7, RFC 8230 §4).
    fn cose_key(&self) -> Vec<u8> {
        let key = self.public_key();
        let last = |count: usize| &key[key.len() - count..];
        match &self.key {
            Key::EdDsa(_) => [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], last(32)].concat(),
            Key::Es256(_) => {
                let (x, y) = last(64).split_at(32);
                [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat()
            }
            // The modulus of 256 bytes, before the 5 of the exponent.
            Key::Rs256(_) => {
                let modulus = &last(261)[..256];
                let exponent = b"\x21\x43\x01\x00\x01";
                [&b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00"[..], modulus, exponent].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::EdDsa(key) => key.sign(message).to_vec(),
            Key::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::Rs256(key) => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                key.sign(message).to_vec()
            }
        }
    }
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
