//! Lockouts after failed logins (NIST SP 800-63B-4 §3.2.2).
//!
//! Failures are recorded in the database, before they are answered, for the account and the client's
//! IP together (that stops one who guesses, and leaves the user alone), and for the account over
//! all client IPs (that stops a botnet). An account is an email as login compares it, known or not, so that
//! a lockout does not tell which emails have an account. Emails and client IPs are stored
//! as keyed hashes only. How long lockouts last, and when failures are forgotten, [`login_failures`] says.
//!
//! A failure that the database does not take is noted in this isolate, or a database that only reads would let
//! guesses through unrecorded.

use std::cell::RefCell;

use super::secret::Secret;
use crate::error::Error;
use crate::store::Batch;
use crate::store::events::Recording;
use crate::store::login_failures::{self, FailureKeys, FailureLimit, LockoutReport};

/// Time that an unrecorded failure keeps further tries out, in seconds.
const UNRECORDED_BLOCK: i64 = 60;

/// The most client IPs from which tries of an account may fail unrecorded; beyond, it is locked out from all.
const MAX_UNRECORDED_PER_ACCOUNT: usize = 10;

/// The most unrecorded failures that are remembered; beyond, the oldest are forgotten. An isolate computes fewer hashes
/// than that in [`UNRECORDED_BLOCK`].
const MAX_UNRECORDED: usize = 1_000;

/// Limits on failed logins.
#[derive(Debug, Clone)]
pub struct Lockout {
    key: Secret,
    per_ip: i64,
    per_account: i64,
    report: LockoutReport,
    unrecorded: RefCell<Vec<Unrecorded>>,
}

/// Failure that could not be recorded.
#[derive(Debug, Clone)]
struct Unrecorded {
    account: String,
    client_ip: Option<String>,
    /// Unix seconds.
    until: i64,
}

impl Lockout {
    /// Limits of this many failures; 0 is none. The key of the hashes is derived from `secret`.
    pub fn new(secret: &Secret, per_ip: i64, per_account: i64) -> Self {
        let key = secret.derive("latchkey: login failures");
        let report = LockoutReport { has_notices: false, recording: Recording::Off };
        Self { key, per_ip, per_account, report, unrecorded: RefCell::default() }
    }

    /// Reports lockouts from now on.
    pub const fn set_report(&mut self, report: LockoutReport) {
        self.report = report;
    }

    /// Report of a lockout.
    pub fn report(&self) -> LockoutReport {
        self.report
    }

    /// The most failures for an account and a client IP; 0 for no limit.
    pub fn per_ip(&self) -> i64 {
        self.per_ip
    }

    /// The most failures for an account over all client IPs; 0 for no limit.
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

    /// Keys under which failures of a login with this email by this client are recorded. `client_ip` is the rate limit key of
    /// the client.
    pub fn keys(&self, client_ip: &str, email: &str) -> FailureKeys {
        let client_ip = self.key.short_hash(&["address", client_ip, &email.to_ascii_lowercase()]);
        self.limits(self.account(email), client_ip)
    }

    /// Keys under which wrong current passwords of this user by this client are recorded, beside those of their email: a
    /// thief of a session may change that.
    pub fn user_keys(&self, client_ip: &str, id: i64) -> FailureKeys {
        let client_ip = self.key.short_hash(&["user address", client_ip, &id.to_string()]);
        self.limits(self.user(id), client_ip)
    }

    /// Keys under which wrong second factors of this user by this client are recorded.
    pub fn factor_keys(&self, client_ip: &str, id: i64) -> FailureKeys {
        let id = id.to_string();
        let client_ip = self.key.short_hash(&["factor address", client_ip, &id]);
        self.limits(self.factor(&id), client_ip)
    }

    /// The hash by which wrong second factors of a user with this id are on record.
    pub fn factor(&self, id: &str) -> String {
        self.key.short_hash(&["factor", id])
    }

    fn limits(&self, account: String, client_ip: String) -> FailureKeys {
        let limit = |max, client_ip| (max > 0).then_some(FailureLimit { client_ip, max });
        let (per_ip, per_account) = (limit(self.per_ip, client_ip), limit(self.per_account, String::new()));
        FailureKeys { account, per_ip, per_account }
    }

    /// Refuses a login whose last failure could not be recorded.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub fn check_unrecorded(&self, keys: &FailureKeys, now: i64) -> Result<(), Error> {
        let mut unrecorded = self.unrecorded.borrow_mut();
        if unrecorded.is_empty() {
            return Ok(());
        }
        unrecorded.retain(|failure| failure.until > now);
        let client_ip = keys.per_ip.as_ref().map(|limit| &limit.client_ip);
        let of_account = || unrecorded.iter().filter(|failure| failure.account == keys.account);
        let of_ip = of_account().filter(|failure| failure.client_ip.as_ref() == client_ip);
        let is_locked = of_account().count() >= MAX_UNRECORDED_PER_ACCOUNT;
        let locking = of_ip.chain(of_account().filter(|_| is_locked));
        match locking.map(|failure| failure.until).max() {
            None => Ok(()),
            Some(until) => Err(throttled(until, now)),
        }
    }

    /// Notes a failure that could not be recorded, and gives the error for the log.
    pub fn note_unrecorded(&self, keys: FailureKeys, now: i64, cause: &str) -> Error {
        let mut unrecorded = self.unrecorded.borrow_mut();
        if unrecorded.len() >= MAX_UNRECORDED {
            unrecorded.remove(0);
        }
        let client_ip = keys.per_ip.map(|limit| limit.client_ip);
        unrecorded.push(Unrecorded {
            account: keys.account,
            client_ip,
            until: now.saturating_add(UNRECORDED_BLOCK),
        });
        Error::Internal(format!(
            "a failed login could not be recorded, so this isolate locks out that account and client IP for {UNRECORDED_BLOCK} seconds: {cause}"
        ))
    }
}

/// Records a failure before it is answered, and tells whether it locks the account out from all client IPs. `password_checked` tells
/// whether the password was compared by now.
///
/// # Errors
/// [`Error::Throttled`] if no more may be answered.
pub async fn record_failure(
    db: &impl Batch,
    keys: &FailureKeys,
    password_checked: bool,
    now: i64,
) -> Result<bool, Error> {
    if !keys.is_limited() {
        return Ok(false);
    }
    if let Some(locks_account) = login_failures::record(db, keys, now).await? {
        return Ok(locks_account);
    }
    if password_checked {
        login_failures::extend(db, keys, now).await?;
    }
    let locked_until = login_failures::locked_until(db, keys, now).await?.unwrap_or(now);
    Err(throttled(locked_until, now))
}

/// The error with the time to wait: a second at least, since the lockout was there a moment ago.
pub fn throttled(locked_until: i64, now: i64) -> Error {
    Error::Throttled { seconds: locked_until.saturating_sub(now).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn lockout(secret: &str) -> Lockout {
        Lockout::new(&Secret::new(secret.repeat(32)).unwrap(), 10, 100)
    }

    fn keys(lockout: &Lockout, email: &str, client_ip: &str) -> FailureKeys {
        lockout.keys(client_ip, email)
    }

    fn client_ip(keys: &FailureKeys) -> String {
        keys.per_ip.as_ref().unwrap().client_ip.clone()
    }

    #[test]
    fn keys_are_of_an_email_in_any_case_and_of_a_client_ip() {
        let lockout = lockout("x");
        let here = keys(&lockout, "Jake@x.io", "192.0.2.7");
        let other_case = keys(&lockout, "jAKE@x.io", "192.0.2.7");
        assert_eq!(other_case.account, here.account);
        assert_eq!(client_ip(&other_case), client_ip(&here));
        let elsewhere = keys(&lockout, "Jake@x.io", "192.0.2.8");
        assert_eq!(elsewhere.account, here.account);
        assert_ne!(client_ip(&elsewhere), client_ip(&here));
        // The same address under another account is not to be recognized.
        assert_ne!(client_ip(&keys(&lockout, "anna@x.io", "192.0.2.7")), client_ip(&here));
        assert_ne!(lockout.user(1), lockout.user(2));
        let underived = Secret::new("x".repeat(32)).unwrap().short_hash(&["account", "jake@x.io"]);
        assert_ne!(underived, here.account, "the key is not derived");
        assert_ne!(keys(&self::lockout("y"), "Jake@x.io", "192.0.2.7").account, here.account);
        assert_eq!(here.account.len(), 22);
        assert_eq!(format!("{lockout:?}").matches("redacted").count(), 1);
    }

    #[test]
    fn an_unrecorded_failure_keeps_its_account_and_address_out_for_a_minute() {
        let lockout = lockout("x");
        let here = || keys(&lockout, "jake@x.io", "192.0.2.7");
        assert_eq!(lockout.check_unrecorded(&here(), NOW), Ok(()));
        let Error::Internal(cause) = lockout.note_unrecorded(here(), NOW, "database: full") else { panic!() };
        assert!(cause.ends_with("for 60 seconds: database: full"), "{cause}");
        assert_eq!(lockout.check_unrecorded(&here(), NOW), Err(Error::Throttled { seconds: 60 }));
        assert_eq!(lockout.check_unrecorded(&here(), NOW + 59), Err(Error::Throttled { seconds: 1 }));
        for (email, address) in [("jake@x.io", "192.0.2.8"), ("anna@x.io", "192.0.2.7")] {
            assert_eq!(lockout.check_unrecorded(&keys(&lockout, email, address), NOW), Ok(()));
        }
        assert_eq!(lockout.check_unrecorded(&here(), NOW + 60), Ok(()));
        assert!(lockout.unrecorded.borrow().is_empty());
    }

    #[test]
    fn an_account_is_kept_out_from_everywhere_after_unrecorded_failures_from_many_addresses() {
        let lockout = lockout("x");
        let elsewhere = keys(&lockout, "jake@x.io", "192.0.2.200");
        for host in 0..MAX_UNRECORDED_PER_ACCOUNT {
            assert_eq!(lockout.check_unrecorded(&elsewhere, NOW), Ok(()));
            lockout.note_unrecorded(keys(&lockout, "jake@x.io", &format!("192.0.2.{host}")), NOW, "");
        }
        assert_eq!(lockout.check_unrecorded(&elsewhere, NOW), Err(Error::Throttled { seconds: 60 }));
        assert_eq!(lockout.check_unrecorded(&keys(&lockout, "anna@x.io", "192.0.2.0"), NOW), Ok(()));
    }

    #[test]
    fn only_so_many_unrecorded_failures_are_remembered() {
        let lockout = lockout("x");
        for index in 0..=MAX_UNRECORDED {
            lockout.note_unrecorded(keys(&lockout, &format!("{index}@x.io"), "192.0.2.7"), NOW, "");
        }
        assert_eq!(lockout.unrecorded.borrow().len(), MAX_UNRECORDED);
        assert_eq!(lockout.check_unrecorded(&keys(&lockout, "0@x.io", "192.0.2.7"), NOW), Ok(()));
        assert!(lockout.check_unrecorded(&keys(&lockout, "1000@x.io", "192.0.2.7"), NOW).is_err());
    }
}
