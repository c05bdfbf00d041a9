//! Signatures of webhooks, as Standard Webhooks has them (<https://www.standardwebhooks.com>).

use base64ct::{Base64, Encoding as _};
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};

use super::hs256::{Hs256, Hs256Key};

const PREFIX: &str = "whsec_";
const MIN_BYTES: usize = 24;
const MAX_BYTES: usize = 64;

/// Key that signs webhooks. It has no `Display`, and its `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct WebhookKey(Hs256Key);

impl WebhookKey {
    /// Reads `whsec_` and the Base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Base64::decode_vec(text.strip_prefix(PREFIX)?).ok()?;
        (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()).then(|| Self(Hs256Key::new(&bytes)))
    }

    /// Signature of a message with this id, sent at this time in Unix seconds.
    pub fn sign(&self, id: &str, timestamp: &str, body: &str) -> String {
        let signed = [id, ".", timestamp, ".", body].concat();
        let signature = Hs256.sign(&self.0, signed.as_bytes());
        ["v1,", &Base64::encode_string(&signature.as_bytes())].concat()
    }
}

/// Signatures by each of these keys, for `webhook-signature`.
pub fn sign(keys: &[WebhookKey], id: &str, timestamp: &str, body: &str) -> String {
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(id, timestamp, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example of the specification's reference libraries, whose tests have it.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn signatures_are_those_of_the_reference_library() {
        let key = WebhookKey::parse(SECRET).unwrap();
        assert_eq!(key.sign(ID, TIMESTAMP, BODY), SIGNATURE);
        let previous = WebhookKey::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").unwrap();
        let signed = sign(&[previous.clone(), key], ID, TIMESTAMP, BODY);
        assert_eq!(signed, [previous.sign(ID, TIMESTAMP, BODY).as_str(), SIGNATURE].join(" "));
        assert_eq!(sign(&[previous], ID, TIMESTAMP, BODY).find(' '), None);
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_is_not_shown() {
        let secret = |bytes: usize| [PREFIX, &Base64::encode_string(&vec![7; bytes])].concat();
        for (text, is_good) in [
            (secret(23), false),
            (secret(24), true),
            (secret(64), true),
            (secret(65), false),
            (secret(24).replace("whsec_", ""), false),
            (secret(24).replace("whsec_", "whpk_"), false),
            (secret(25).replace('=', ""), false), // as no library writes it
            (secret(24) + " ", false),
            (secret(24).replacen("Bw", "-_", 1), false),
            (String::new(), false),
            (PREFIX.to_owned(), false),
        ] {
            assert_eq!(WebhookKey::parse(&text).is_some(), is_good, "{text}");
        }
        let key = WebhookKey::parse(SECRET).unwrap();
        assert_eq!(format!("{key:?}"), "WebhookKey(Hs256Key(redacted))");
    }
}
