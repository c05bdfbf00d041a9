//! Verification of an email and a password, with failures recorded and refused beyond the limits.

use super::lockout::{self, Lockout};
use super::password::{FailureCost, Hasher, Verdict};
use super::rehash::Rehash;
use crate::account::password::{Password, PasswordHash};
use crate::account::user::User;
use crate::error::Error;
use crate::platform::{Event, Platform};
use crate::store::{login_failures, users};

/// Rules of passwords of a deployment.
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    /// Hasher of new passwords.
    pub hasher: Hasher,
    /// Cost of every failed login.
    pub failure_cost: FailureCost,
    /// Limits on failed logins.
    pub lockout: Lockout,
    /// The fewest code points of a new password.
    pub min_length: usize,
    /// `true` if new passwords are refused that are [easily guessed](super::blocklist).
    pub has_blocklist: bool,
    /// Service that knows [breached passwords](super::breached), if new ones are looked up there.
    pub breached_passwords_url: Option<String>,
}

/// User whose password was right.
pub struct Verified {
    /// The user, who is active.
    pub user: User,
    /// `true` if the user has a second factor, which is still to be proved. Failures on record stay there until that is done.
    pub has_second_factor: bool,
    /// Hash to replace once the response is sent.
    pub rehash: Option<Rehash>,
}

/// Finds the active user with this email and password, and the hash to replace once the response is sent. Where no
/// failures are on record, a success is one read and no write. An unknown email costs as much as a wrong password.
///
/// # Errors
/// [`Error::WrongCredentials`], [`Error::Deactivated`] or [`Error::Throttled`].
pub async fn verify(
    policy: &PasswordPolicy,
    platform: &impl Platform,
    client_ip: &str,
    email: &str,
    password: &Password,
) -> Result<Verified, Error> {
    let (db, lockout) = (platform.primary(), &policy.lockout);
    let keys = lockout.keys(client_ip, email);
    lockout.check_unrecorded(&keys, platform.now())?;
    let now = platform.now();
    let found = users::find_login(db, email, &keys, now).await?;
    // With failures on record this try is recorded before it is made, so that one that is locked out costs no hash,
    // however many come at once.
    let recorded = match found.locked_until {
        None => None,
        Some(until) if until > now => return Err(lockout::throttled(until, now)),
        Some(_) => Some(lockout::record_failure(db, &keys, false, platform.now()).await?),
    };
    match check(policy, platform, password, found.user) {
        Ok((user, rehash)) => {
            let has_second_factor = found.has_second_factor;
            match (recorded.is_some(), has_second_factor) {
                (false, _) => {}
                (true, false) => login_failures::clear(db, &keys).await?,
                (true, true) => login_failures::retract(db, &keys, platform.now()).await?,
            }
            Ok(Verified { user, has_second_factor, rehash })
        }
        Err(Error::WrongCredentials) => {
            let recorded = match recorded {
                Some(locks_account) => Ok(locks_account),
                None => lockout::record_failure(db, &keys, true, platform.now()).await,
            };
            let locks_account = match recorded {
                Err(Error::Internal(cause)) => {
                    return Err(lockout.note_unrecorded(keys, platform.now(), &cause));
                }
                recorded => recorded?,
            };
            if locks_account {
                let report = lockout.report();
                login_failures::report_lockout(db, &keys, email, report, platform.now()).await?;
            }
            Err(Error::WrongCredentials)
        }
        Err(error) => {
            if recorded.is_some() {
                login_failures::retract(db, &keys, platform.now()).await?;
            }
            Err(error)
        }
    }
}

/// Compares the password with that of the user, or with nothing. Every failure costs the same.
fn check(
    policy: &PasswordPolicy,
    platform: &impl Platform,
    password: &Password,
    found: Option<(User, PasswordHash)>,
) -> Result<(User, Option<Rehash>), Error> {
    let hasher = policy.hasher;
    let stored_hash = found.as_ref().map(|(_, hash)| hash);
    let verdict = hasher.verify(password, stored_hash);
    if !matches!(verdict, Verdict::Match { .. }) {
        let computed = stored_hash.and_then(|hash| Hasher::from_encoded(hash).ok()).unwrap_or(hasher);
        policy.failure_cost.complete(computed, password);
    }
    let (user, stored_hash) = found.ok_or(Error::WrongCredentials)?;
    let needs_rehash = match verdict {
        Verdict::Match { needs_rehash } => needs_rehash,
        Verdict::Mismatch => return Err(Error::WrongCredentials),
        Verdict::InvalidHash(reason) => {
            platform.log(&Event::UnusablePassword { user: user.id, reason });
            return Err(Error::WrongCredentials);
        }
    };
    if !user.is_active {
        return Err(Error::Deactivated);
    }
    let rehash = needs_rehash.then(|| Rehash::new(hasher, user.id, password.clone(), stored_hash));
    Ok((user, rehash))
}
