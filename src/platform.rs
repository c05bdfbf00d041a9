//! Interface to the runtime: database, clock, randomness, static assets, rate limits, other servers, log.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use crate::account::username::is_text_control;
use crate::mail::Mail;
use crate::mail::delivery::{Deliverable, SendError};
use crate::store::{Batch, Db};

/// Runtime that a request is handled in.
#[expect(async_fn_in_trait, reason = "a Worker has one thread; nothing here needs Send")]
pub trait Platform {
    /// The database.
    type Db: Batch;

    /// The primary of the database, which writes, and reads what was written last.
    fn primary(&self) -> &Self::Db;

    /// The nearest replica of the database, for reading. It may lag behind the primary, but not behind this
    /// bookmark.
    fn replica<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a;

    /// The bookmark of the last statement of this request, if there was one.
    fn bookmark(&self) -> Option<String>;

    /// The time, in Unix seconds. Read it where it is used: a body, or a statement, may have taken long.
    fn now(&self) -> i64;

    /// Fills `bytes` from a cryptographically secure source.
    ///
    /// # Errors
    /// Failure of the source: the response is then a 500, never weaker randomness.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error>;

    /// The form of a domain in ASCII (WHATWG URL §3.3, UTS #46), or its lower case if it has none.
    fn normalize_domain(&self, domain: &str) -> String;

    /// The Unicode normalization form C of a text (UAX #15).
    fn to_nfc(&self, text: &str) -> String;

    /// The lower case of a text's form C. Rust's own has 8 KiB of tables in the Worker.
    fn to_lowercase(&self, text: &str) -> String;

    /// Text of a static asset, by its path.
    ///
    /// # Errors
    /// A message for the log if it can't be read, which says what to do.
    async fn read_asset(&self, path: &str) -> Result<String, String>;

    /// Counts a request under a coarse limit of the platform, and tells whether it is within. A limiter that
    /// is there and fails lets all pass.
    ///
    /// # Errors
    /// A message for the log if there is no limiter, which says what to do.
    async fn check_rate_limit(&self, limiter: Limiter, key: &str) -> Result<bool, String>;

    /// Starts a request to another server, which is under way once this returns. What is returned waits for the response.
    ///
    /// # Errors
    /// A message for the log if there is no response, or not in time, or it is too large. It does not name the address,
    /// parts of which may be secret.
    async fn fetch(&self, request: Outgoing) -> impl Future<Output = Result<Fetched, String>>;

    /// Sends a mail: a transport has taken it, and may yet bounce it.
    ///
    /// # Errors
    /// The reason, for [`Event::MailFailed`].
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        self.deliver(Deliverable::new(mail)?).await
    }

    /// Hands a mail to the transport, for [`send`](Self::send).
    ///
    /// # Errors
    /// Its reason.
    async fn deliver(&self, mail: Deliverable<'_>) -> Result<(), SendError>;

    /// Encrypts and authenticates a text by AES-256-GCM (NIST SP 800-38D), with a nonce of 12 bytes: gives the ciphertext
    /// and the tag. `context` is authenticated with it.
    ///
    /// # Errors
    /// A message for the log.
    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String>;

    /// Decrypts what [`encrypt`](Self::encrypt) gave; `None` if key, nonce or context were others, or it was changed.
    ///
    /// # Errors
    /// A message for the log.
    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String>;

    /// Tells whether a signature is that of a message by the private key of this public one, a `SubjectPublicKeyInfo` in
    /// DER (RFC 5280 §4.1). A key that is none of the algorithm's has signed nothing.
    ///
    /// # Errors
    /// A message for the log.
    async fn verify_signature(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<bool, String>;

    /// Writes one line to the log.
    fn log(&self, event: &Event);
}

/// `User-Agent` of requests to other servers.
pub const USER_AGENT: &str = "latchkey";

/// Request to another server. No redirect is followed.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Body of a POST; a request without one is a GET.
    pub body: Option<String>,
    /// Time that the response may take once it is waited for, in milliseconds.
    pub timeout: u32,
    /// Most bytes of the response's body. If 0, the body is not read.
    pub max_bytes: usize,
}

/// Response of another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Status.
    pub status: u16,
    /// Body, if it was to be read.
    pub text: String,
    /// `Retry-After`, in seconds from now.
    pub retry_after: Option<u32>,
}

impl Outgoing {
    /// Method.
    pub const fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }
}

/// Algorithm of a passkey's signatures (RFC 9053, RFC 8812).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-256 and SHA-256; a signature is `r` and `s`, of 32 bytes each (IEEE P1363).
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl SignatureAlgorithm {
    /// All, the preferred one first.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// Number in COSE.
    pub const fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Rs256 => -257,
        }
    }

    /// Finds an algorithm by its number in COSE.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.number() == number)
    }
}

/// A rate limit of the platform, whose figures are in `wrangler.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// By client IP; and by user, of updates.
    ClientIp,
    /// By larger network.
    Network,
    /// By user and client IP, of updates.
    Update,
}

impl Limiter {
    /// The name of its binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::ClientIp => "LIMITER",
            Self::Network => "NETWORK_LIMITER",
            Self::Update => "UPDATE_LIMITER",
        }
    }
}

/// Events of the log: one line of JSON each, never with a password, hash, token, secret or email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Internal error: the response was a 500.
    InternalError {
        /// Message of whatever failed.
        cause: String,
    },
    /// The configuration is wrong: every response is a 500.
    Misconfigured {
        /// Every invalid variable, with the reason and how to fix it.
        problems: Vec<String>,
    },
    /// The configuration works, and is weaker than it should be.
    WeakConfiguration {
        /// Setting that is weak, and how to fix it.
        problem: String,
    },
    /// Hint for the developer of a client; only for requests to this machine.
    Hint {
        /// Problem of the request, and how to fix it.
        hint: String,
    },
    /// A new password could not be looked up among those of breaches, and was taken.
    BreachCheckFailed {
        /// Reason.
        cause: String,
    },
    /// A mail was not sent.
    MailFailed {
        /// Kind of mail, such as `password_reset`.
        mail: &'static str,
        /// Code of the failure.
        code: String,
        /// `true` if it is of the recipient: no other mail would arrive there either.
        recipient_refused: bool,
        /// The recipient's id, if they have one.
        user: Option<i64>,
    },
    /// The webhook's server did not take an event.
    WebhookFailed {
        /// Id of the message, such as `evt_7a1b2c3d4`.
        id: String,
        /// Cause: the status, or the reason for which there is none.
        code: String,
        /// Number of the attempt, 1 for the first.
        attempt: i64,
        /// `true` if it was the last one: the event is not sent again.
        gives_up: bool,
        /// `true` if nothing is sent until the operator enables the webhook: its server said that it is gone.
        stops: bool,
    },
    /// A user's seed can't be opened, so no code of their app is accepted: `DATA_SECRET` is not the one that sealed it.
    SealedSeed {
        /// The user's id.
        user: i64,
    },
    /// A stored hash matches no password; the user needs a new one.
    UnusablePassword {
        /// The user's id.
        user: i64,
        /// Reason for which it is invalid.
        reason: &'static str,
    },
}

impl Event {
    /// Failure of a mail of this kind, to the user with this id.
    pub fn mail_failed(mail: &'static str, user: Option<i64>, error: SendError) -> Self {
        let recipient_refused = error.is_of_recipient();
        Self::MailFailed { mail, code: error.code, recipient_refused, user }
    }

    /// Tells whether someone should look at it now.
    pub const fn is_error(&self) -> bool {
        match self {
            Self::InternalError { .. } | Self::Misconfigured { .. } | Self::SealedSeed { .. } => true,
            Self::WeakConfiguration { .. }
            | Self::Hint { .. }
            | Self::BreachCheckFailed { .. }
            | Self::MailFailed { .. }
            | Self::UnusablePassword { .. } => false,
            Self::WebhookFailed { gives_up, stops, .. } => *gives_up || *stops,
        }
    }

    /// The line of JSON for the log; `request` is the platform's id of the request.
    pub fn line(&self, request: Option<&str>) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'static str,
            #[serde(flatten)]
            event: &'a Event,
            request: Option<&'a str>,
        }
        let level = if self.is_error() { "error" } else { "warn" };
        let line = Line { level, event: self, request };
        let json = serde_json::to_string(&line).unwrap_or_default(); // strings always serialize
        let mut escaped = String::with_capacity(json.len());
        for c in json.chars() {
            // JSON lets some stand as they are, which a terminal that shows the log would obey.
            if is_text_control(c) {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c)); // a String takes all
            } else {
                escaped.push(c);
            }
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json() {
        let problems = vec!["a \"b\"\nc".to_owned()];
        assert_eq!(
            Event::Misconfigured { problems }.line(Some("ray")),
            r#"{"level":"error","event":"misconfigured","problems":["a \"b\"\nc"],"request":"ray"}"#
        );
        let error = SendError { code: "RCPT 550 5.1.1".to_owned() };
        assert_eq!(
            Event::mail_failed("password_reset", Some(7), error).line(None),
            r#"{"level":"warn","event":"mail_failed","mail":"password_reset","code":"RCPT 550 5.1.1","recipient_refused":true,"user":7,"request":null}"#
        );
        let reason = "is no encoded hash";
        assert_eq!(
            Event::UnusablePassword { user: 7, reason }.line(None),
            r#"{"level":"warn","event":"unusable_password","user":7,"reason":"is no encoded hash","request":null}"#
        );
    }

    #[test]
    fn a_line_controls_no_terminal() {
        let hint = "\u{9b}31m\u{7f}\u{1b}\u{202e}é…".to_owned();
        assert_eq!(
            Event::Hint { hint }.line(Some("\u{85}\u{2028}")),
            r#"{"level":"warn","event":"hint","hint":"\u009b31m\u007f\u001b\u202eé…","request":"\u0085\u2028"}"#
        );
    }
}
