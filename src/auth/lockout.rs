//! Limits on failed logins.
//!
//! Failures are counted in the database, before they are answered, for the account and the client's
//! address together (that stops one who guesses, and leaves the user alone), and for the account over
//! all addresses (that stops a botnet). An account is an email as login compares it, whether anyone has
//! it or not, so that a throttled login tells nobody who has an account. Emails and addresses are stored
//! as keyed hashes only. How long blocks last, and when failures are forgotten, [`store`] says.
//!
//! A failure that the database does not take is noted in this isolate, or a database that only reads would let
//! guesses through uncounted.

use std::cell::RefCell;

use crate::auth::secret::Secret;
use crate::error::Error;
use crate::http::client_ip::ClientIp;
use crate::store::db::Db;
use crate::store::{self, Counters, FailureLimit};

/// Time that an uncounted failure keeps further tries out, in seconds.
const UNCOUNTED_BLOCK: i64 = 60;

/// From how many addresses the tries of an account may fail uncounted, until it is kept out from all of them.
const MAX_UNCOUNTED_PER_ACCOUNT: usize = 10;

/// The most uncounted failures that are remembered; beyond, the oldest are forgotten. An isolate computes fewer hashes
/// than that in [`UNCOUNTED_BLOCK`].
const MAX_UNCOUNTED: usize = 1_000;

/// How many logins may fail.
#[derive(Debug, Clone)]
pub struct Throttle {
    key: Secret,
    per_address: i64,
    per_account: i64,
    uncounted: RefCell<Vec<Uncounted>>,
}

/// A failure that could not be counted.
#[derive(Debug, Clone)]
struct Uncounted {
    account: String,
    address: Option<String>,
    /// Unix seconds.
    until: i64,
}

impl Throttle {
    /// Limits of this many failures; 0 is none. The key of the hashes is derived from `secret`.
    pub fn new(secret: &Secret, per_address: i64, per_account: i64) -> Self {
        let key = secret.derive("latchkey: login failures");
        Self { key, per_address, per_account, uncounted: RefCell::default() }
    }

    /// The most failures for an account and an address; 0 for no limit.
    pub fn per_address(&self) -> i64 {
        self.per_address
    }

    /// The most failures for an account over all addresses; 0 for no limit.
    pub fn per_account(&self) -> i64 {
        self.per_account
    }

    /// The hash by which the failures of an account are on record.
    pub fn account(&self, email: &str) -> String {
        // As the database compares emails.
        self.key.short_hash(&["account", &email.to_ascii_lowercase()])
    }

    /// The hash by which the failures of a user are on record who gave a wrong current password.
    pub fn user(&self, id: i64) -> String {
        self.key.short_hash(&["user", &id.to_string()])
    }

    /// Where the failures of a login with this email by this client are counted.
    pub fn counters(&self, email: &str, client: ClientIp) -> Counters {
        let address = self.key.short_hash(&["address", &client.address(), &email.to_ascii_lowercase()]);
        self.limits(self.account(email), address)
    }

    /// Where wrong current passwords of this user by this client are counted, beside the counters of their email: a
    /// thief of a session may change that.
    pub fn user_counters(&self, id: i64, client: ClientIp) -> Counters {
        let address = self.key.short_hash(&["user address", &client.address(), &id.to_string()]);
        self.limits(self.user(id), address)
    }

    fn limits(&self, account: String, address: String) -> Counters {
        let limit = |max, address| (max > 0).then_some(FailureLimit { address, max });
        let (per_address, per_account) =
            (limit(self.per_address, address), limit(self.per_account, String::new()));
        Counters { account, per_address, per_account }
    }

    /// Refuses a login whose last failure could not be counted.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub fn check_uncounted(&self, counters: &Counters, now: i64) -> Result<(), Error> {
        let mut uncounted = self.uncounted.borrow_mut();
        if uncounted.is_empty() {
            return Ok(());
        }
        uncounted.retain(|failure| failure.until > now);
        let address = counters.per_address.as_ref().map(|limit| &limit.address);
        let of_account = || uncounted.iter().filter(|failure| failure.account == counters.account);
        let of_address = of_account().filter(|failure| failure.address.as_ref() == address);
        let is_blocked = of_account().count() >= MAX_UNCOUNTED_PER_ACCOUNT;
        let blocking = of_address.chain(of_account().filter(|_| is_blocked));
        match blocking.map(|failure| failure.until).max() {
            None => Ok(()),
            Some(until) => Err(throttled(until, now)),
        }
    }

    /// Notes a failure that could not be counted, and says so, for the log.
    pub fn note_uncounted(&self, counters: Counters, now: i64, cause: &str) -> Error {
        let mut uncounted = self.uncounted.borrow_mut();
        if uncounted.len() >= MAX_UNCOUNTED {
            uncounted.remove(0);
        }
        let address = counters.per_address.map(|limit| limit.address);
        uncounted.push(Uncounted {
            account: counters.account,
            address,
            until: now.saturating_add(UNCOUNTED_BLOCK),
        });
        Error::Fault(format!(
            "a failed login could not be counted, so this isolate refuses that account and address for {UNCOUNTED_BLOCK} seconds: {cause}"
        ))
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn throttle(secret: &str) -> Throttle {
        Throttle::new(&Secret::new(secret.repeat(32)).unwrap(), 10, 100)
    }

    fn counters(throttle: &Throttle, email: &str, address: &str) -> Counters {
        throttle.counters(email, ClientIp::from(address.parse::<IpAddr>().unwrap()))
    }

    fn address(counters: &Counters) -> String {
        counters.per_address.as_ref().unwrap().address.clone()
    }

    #[test]
    fn counters_are_of_an_email_in_any_case_and_of_an_address() {
        let throttle = throttle("x");
        let here = counters(&throttle, "Jake@x.io", "192.0.2.7");
        let other_case = counters(&throttle, "jAKE@x.io", "192.0.2.7");
        assert_eq!(other_case.account, here.account);
        assert_eq!(address(&other_case), address(&here));
        let elsewhere = counters(&throttle, "Jake@x.io", "192.0.2.8");
        assert_eq!(elsewhere.account, here.account);
        assert_ne!(address(&elsewhere), address(&here));
        // The same address under another account is not to be recognized.
        assert_ne!(address(&counters(&throttle, "anna@x.io", "192.0.2.7")), address(&here));
        assert_ne!(throttle.user(1), throttle.user(2));
        let underived = Secret::new("x".repeat(32)).unwrap().short_hash(&["account", "jake@x.io"]);
        assert_ne!(underived, here.account, "the key is not derived");
        assert_ne!(counters(&self::throttle("y"), "Jake@x.io", "192.0.2.7").account, here.account);
        assert_eq!(here.account.len(), 22);
        assert_eq!(format!("{throttle:?}").matches("redacted").count(), 1);
    }

    #[test]
    fn an_uncounted_failure_keeps_its_account_and_address_out_for_a_minute() {
        let throttle = throttle("x");
        let here = || counters(&throttle, "jake@x.io", "192.0.2.7");
        assert_eq!(throttle.check_uncounted(&here(), NOW), Ok(()));
        let Error::Fault(cause) = throttle.note_uncounted(here(), NOW, "database: full") else { panic!() };
        assert!(cause.ends_with("for 60 seconds: database: full"), "{cause}");
        assert_eq!(throttle.check_uncounted(&here(), NOW), Err(Error::Throttled { seconds: 60 }));
        assert_eq!(throttle.check_uncounted(&here(), NOW + 59), Err(Error::Throttled { seconds: 1 }));
        for (email, address) in [("jake@x.io", "192.0.2.8"), ("anna@x.io", "192.0.2.7")] {
            assert_eq!(throttle.check_uncounted(&counters(&throttle, email, address), NOW), Ok(()));
        }
        assert_eq!(throttle.check_uncounted(&here(), NOW + 60), Ok(()));
        assert!(throttle.uncounted.borrow().is_empty());
    }

    #[test]
    fn an_account_is_kept_out_from_everywhere_after_uncounted_failures_from_many_addresses() {
        let throttle = throttle("x");
        let elsewhere = counters(&throttle, "jake@x.io", "192.0.2.200");
        for host in 0..MAX_UNCOUNTED_PER_ACCOUNT {
            assert_eq!(throttle.check_uncounted(&elsewhere, NOW), Ok(()));
            throttle.note_uncounted(counters(&throttle, "jake@x.io", &format!("192.0.2.{host}")), NOW, "");
        }
        assert_eq!(throttle.check_uncounted(&elsewhere, NOW), Err(Error::Throttled { seconds: 60 }));
        assert_eq!(throttle.check_uncounted(&counters(&throttle, "anna@x.io", "192.0.2.0"), NOW), Ok(()));
    }

    #[test]
    fn only_so_many_uncounted_failures_are_remembered() {
        let throttle = throttle("x");
        for index in 0..=MAX_UNCOUNTED {
            throttle.note_uncounted(counters(&throttle, &format!("{index}@x.io"), "192.0.2.7"), NOW, "");
        }
        assert_eq!(throttle.uncounted.borrow().len(), MAX_UNCOUNTED);
        assert_eq!(throttle.check_uncounted(&counters(&throttle, "0@x.io", "192.0.2.7"), NOW), Ok(()));
        assert!(throttle.check_uncounted(&counters(&throttle, "1000@x.io", "192.0.2.7"), NOW).is_err());
    }
}
