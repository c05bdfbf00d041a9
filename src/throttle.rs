//! How often a login may fail, and how often one client may ask.
//!
//! Failures are counted in the database, before they are answered, for the account and the client's
//! address together (that stops one who guesses, and leaves the user alone), and for the account over
//! all addresses (that stops a botnet). An account is an email as it was typed at login, whether anyone
//! has it or not, so that a throttled login tells nobody who has an account. Emails and addresses are
//! stored as keyed hashes only.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::db::Db;
use crate::error::Error;
use crate::platform::Platform;
use crate::secret::Secret;
use crate::store;

/// How long failures of one account and address are counted together, and then block, in seconds.
pub const WINDOW: i64 = 15 * 60;

/// How long an account is blocked when it reaches its limit over all addresses, in seconds; with each
/// further failure for twice as long, up to [`DAY`].
pub const FIRST_BLOCK: i64 = 60 * 60;

/// The seconds in a day. Failures of an account over all addresses are forgotten after as many quiet days
/// as there were failures. Beyond its limit an account has one try a day in the end; so who waits for its
/// failures to be forgotten gains nothing over that. And a stranger's one try is soon forgotten, so that
/// the counters of emails that nobody has don't fill the database.
pub const DAY: i64 = 86_400;

/// The bytes of a hash that are kept: enough that no two are ever equal.
const HASH_BYTES: usize = 16;

/// How long a client of the coarse limit should wait, in seconds: the period of the binding in
/// `wrangler.toml`, which tells nothing more exact.
const SHIELD_PERIOD: i64 = 60;

/// How many logins may fail.
#[derive(Debug, Clone)]
pub struct Throttle {
    key: Secret,
    per_address: i64,
    per_account: i64,
}

impl Throttle {
    /// Limits of this many failures; 0 is none. The key of the hashes is derived from `secret`.
    pub fn new(secret: &Secret, per_address: i64, per_account: i64) -> Self {
        Self { key: secret.derive("latchkey: login failures"), per_address, per_account }
    }

    /// The most failures for an account and an address; 0 for no limit.
    pub fn per_address(&self) -> i64 {
        self.per_address
    }

    /// The most failures for an account over all addresses; 0 for no limit.
    pub fn per_account(&self) -> i64 {
        self.per_account
    }

    /// Where the failures of a login with this email from this network are counted.
    pub fn counters(&self, email: &str, network: &str) -> Counters {
        let hash = |text: &str| {
            let mac = self.key.mac(text.as_bytes());
            Base64UrlUnpadded::encode_string(mac.get(..HASH_BYTES).unwrap_or(&mac))
        };
        let limit = |max, address| (max > 0).then_some(FailureLimit { address, max });
        // As the database compares emails. A network has no U+0000 in it.
        let email = email.to_ascii_lowercase();
        Counters {
            per_address: limit(self.per_address, hash(&format!("{network}\0{email}"))),
            per_account: limit(self.per_account, String::new()),
            account: hash(&email),
        }
    }
}

/// A limit of failed logins.
pub struct FailureLimit {
    /// The hash of the address whose failures it counts; empty for those of all addresses.
    pub address: String,
    /// The most failures.
    pub max: i64,
}

/// The counters of one account and address.
pub struct Counters {
    /// The hash of the account.
    pub account: String,
    /// The limit for the account and this address.
    pub per_address: Option<FailureLimit>,
    /// The limit for the account over all addresses.
    pub per_account: Option<FailureLimit>,
}

impl Counters {
    /// Counts a failure before it is answered.
    ///
    /// # Errors
    /// [`Error::Throttled`] if no more may be answered, or a fault.
    pub async fn count(&self, db: &impl Db, now: i64) -> Result<(), Error> {
        let is_off = self.per_address.is_none() && self.per_account.is_none();
        if is_off || store::count_failure(db, self, now).await? {
            return Ok(());
        }
        let blocked_until = store::blocked_until(db, self, now).await?.unwrap_or(now);
        Err(throttled(blocked_until, now))
    }
}

/// Says how long to wait: a second at least, since the block was there a moment ago.
pub fn throttled(blocked_until: i64, now: i64) -> Error {
    Error::Throttled { seconds: blocked_until.saturating_sub(now).max(1) }
}

/// Refuses a client who asks too often, before any work is done.
///
/// # Errors
/// [`Error::Throttled`], or a fault.
pub async fn shield(platform: &impl Platform, network: &str) -> Result<(), Error> {
    match platform.within_rate_limit(network).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Throttled { seconds: SHIELD_PERIOD }),
        Err(cause) => Err(Error::Fault(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_of_an_email_in_any_case_and_of_an_address() {
        let secret = |text: &str| Secret::new(text.repeat(32)).unwrap();
        let throttle = Throttle::new(&secret("x"), 10, 100);
        let counters = throttle.counters("Jake@x.io", "192.0.2.7");
        let address = |counters: &Counters| counters.per_address.as_ref().unwrap().address.clone();
        let other_case = throttle.counters("jAKE@x.io", "192.0.2.7");
        assert_eq!(other_case.account, counters.account);
        assert_eq!(address(&other_case), address(&counters));
        let elsewhere = throttle.counters("Jake@x.io", "192.0.2.8");
        assert_eq!(elsewhere.account, counters.account);
        assert_ne!(address(&elsewhere), address(&counters));
        // The same address under another account is not to be recognized.
        assert_ne!(address(&throttle.counters("anna@x.io", "192.0.2.7")), address(&counters));
        let other_key = Throttle::new(&secret("y"), 10, 100).counters("Jake@x.io", "192.0.2.7");
        assert_ne!(other_key.account, counters.account);
        assert_eq!(counters.account.len(), 22);
        assert_eq!(format!("{throttle:?}").matches("redacted").count(), 1);
    }
}
