//! Signatures of webhooks, as Standard Webhooks has them (<https://www.standardwebhooks.com>).

use std::fmt;

use base64ct::{Base64, Encoding as _};

const PREFIX: &str = "whsec_";
const MIN_BYTES: usize = 24;
const MAX_BYTES: usize = 64;

/// Key that signs webhooks. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone)]
pub struct WebhookKey(Vec<u8>);

impl WebhookKey {
    /// Reads `whsec_` and the Base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Base64::decode_vec(text.strip_prefix(PREFIX)?).ok()?;
        (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(redacted)")
    }
}
