//! What the platform hands in: the database, the time, randomness and the log.

use serde::Serialize;

use crate::store::db::{Batch, Db};

/// The world outside a request, as the API needs it.
#[expect(async_fn_in_trait, reason = "a Worker has one thread; nothing here needs Send")]
pub trait Platform {
    /// The database.
    type Db: Batch;

    /// The database that holds the users: its primary copy, which writes, and reads what was written last.
    fn db(&self) -> &Self::Db;

    /// The nearest copy of the database, for reading. It may lag behind the primary, but not behind this
    /// bookmark.
    fn nearest<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a;

    /// The bookmark of the last statement of this request, if there was one.
    fn bookmark(&self) -> Option<String>;

    /// The time, in Unix seconds. Read it where it is used: a body, or a statement, may have taken long.
    fn now(&self) -> i64;

    /// Fills `bytes` from a cryptographically secure source.
    ///
    /// # Errors
    /// Where the source fails; no request is answered with weaker randomness.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error>;

    /// The form of a domain in ASCII (WHATWG URL §3.3, UTS #46); none of what is no domain.
    fn domain_to_ascii(&self, domain: &str) -> Option<String>;

    /// Counts a request under a coarse limit of the platform, and says whether it is within. A limiter that
    /// is there and fails lets all pass.
    ///
    /// # Errors
    /// What to do if there is no limiter, for the log.
    async fn within_rate_limit(&self, limiter: Limiter, key: &str) -> Result<bool, String>;

    /// Writes one line to the log.
    fn log(&self, event: &Event);
}

/// A rate limit of the platform, whose figures are in `wrangler.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// By address; and by user, of updates.
    Address,
    /// By larger network.
    Network,
    /// By user and address, of updates.
    Update,
}

impl Limiter {
    /// The name of its binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Address => "LIMITER",
            Self::Network => "NETWORK_LIMITER",
            Self::Update => "UPDATE_LIMITER",
        }
    }
}

/// What the log is told: one line of JSON each, never with a password, hash, token, secret or email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A fault of ours: the request was answered with a 500.
    Fault {
        /// What went wrong, in the words of whoever noticed.
        cause: String,
    },
    /// The configuration is wrong: every request is answered with a 500.
    Misconfigured {
        /// Every bad variable, each with what is wrong and how to mend it.
        problems: Vec<String>,
    },
    /// The configuration works, and is weaker than it should be.
    WeakConfiguration {
        /// What is weak and what to do.
        problem: String,
    },
    /// A stored password matches nothing; the user has to get a new one.
    UnusablePassword {
        /// The user's id.
        user: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Event {
    /// Whether someone should look at it now.
    pub const fn is_error(&self) -> bool {
        match self {
            Self::Fault { .. } | Self::Misconfigured { .. } => true,
            Self::WeakConfiguration { .. } | Self::UnusablePassword { .. } => false,
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
        serde_json::to_string(&line).unwrap_or_default() // strings always serialize
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
        let reason = "is no encoded hash";
        assert_eq!(
            Event::UnusablePassword { user: 7, reason }.line(None),
            r#"{"level":"warn","event":"unusable_password","user":7,"reason":"is no encoded hash","request":null}"#
        );
    }
}
