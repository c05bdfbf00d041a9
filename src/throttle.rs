//! How often a login may fail, and how often one client may ask.
//!
//! Failures are counted in the database, before they are answered, for the account and the client's
//! address together (that stops one who guesses, and leaves the user alone), and for the account over
//! all addresses (that stops a botnet). An account is an email as login compares it, whether anyone has
//! it or not, so that a throttled login tells nobody who has an account. Emails and addresses are stored
//! as keyed hashes only. How long blocks last, and when failures are forgotten, [`store`] says.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::db::Db;
use crate::error::Error;
use crate::platform::Platform;
use crate::secret::Secret;
use crate::store::{self, Counters, FailureLimit};

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
            per_address: limit(self.per_address, hash(&format!("address\0{network}\0{email}"))),
            per_account: limit(self.per_account, String::new()),
            account: hash(&format!("account\0{email}")),
        }
    }
}

/// Counts a failure before it is answered; `is_tried` says whether the password was compared by now.
///
/// # Errors
/// [`Error::Throttled`] if no more may be answered, or a fault.
pub async fn count(db: &impl Db, counters: &Counters, is_tried: bool, now: i64) -> Result<(), Error> {
    let is_off = counters.per_address.is_none() && counters.per_account.is_none();
    if is_off || store::count_failure(db, counters, now).await? {
        return Ok(());
    }
    if is_tried {
        store::prolong_failures(db, counters, now).await?;
    }
    let blocked_until = store::blocked_until(db, counters, now).await?.unwrap_or(now);
    Err(throttled(blocked_until, now))
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
        let undivided =
            Base64UrlUnpadded::encode_string(&secret("x").mac(b"account\0jake@x.io")[..HASH_BYTES]);
        assert_ne!(undivided, counters.account, "the key is not derived");
        let other_key = Throttle::new(&secret("y"), 10, 100).counters("Jake@x.io", "192.0.2.7");
        assert_ne!(other_key.account, counters.account);
        assert_eq!(counters.account.len(), 22);
        assert_eq!(format!("{throttle:?}").matches("redacted").count(), 1);
    }
}
