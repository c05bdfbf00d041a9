//! Proof of a user by a password: compares it, counts failures, and refuses where too many failed.

use crate::account::user::User;
use crate::auth::lockout;
use crate::auth::password::{Hasher, Verdict};
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::client_ip::ClientIp;
use crate::platform::{Event, Platform};
use crate::store;
use crate::store::db::Db;

/// Finds the active user with this email and password, and which hash to replace once the response is sent. Where no
/// failures are on record, a success is one read and no write. An unknown email costs as much as a wrong password.
///
/// # Errors
/// Wrong credentials, too many failed tries, or a fault.
pub async fn by_password(
    config: &Config,
    platform: &impl Platform,
    client: ClientIp,
    email: &str,
    password: &str,
) -> Result<(User, Option<Upgrade>), Error> {
    let db = platform.db();
    let counters = config.throttle.counters(email, client);
    config.throttle.check_uncounted(&counters, platform.now())?;
    let now = platform.now();
    let found = store::find_login(db, email, &counters, now).await?;
    // With failures on record this try is counted before it is made, so that a blocked one costs no hash, however many
    // come at once.
    let is_counted = match found.blocked_until {
        None => false,
        Some(until) if until > now => return Err(lockout::throttled(until, now)),
        Some(_) => lockout::count(db, &counters, false, platform.now()).await.map(|()| true)?,
    };
    match verify(config, platform, password, found.user) {
        Ok(proven) => {
            if is_counted {
                store::forget_failures(db, &counters).await?;
            }
            Ok(proven)
        }
        Err(Error::WrongCredentials) if is_counted => Err(Error::WrongCredentials),
        Err(Error::WrongCredentials) => match lockout::count(db, &counters, true, platform.now()).await {
            Ok(()) => Err(Error::WrongCredentials),
            Err(Error::Fault(cause)) => Err(config.throttle.note_uncounted(counters, platform.now(), &cause)),
            Err(error) => Err(error),
        },
        Err(error) => {
            if is_counted {
                store::uncount_failure(db, &counters, platform.now()).await?;
            }
            Err(error)
        }
    }
}

/// Checks the current password of a user who is logged in. Every try counts as a failure under the user until one
/// succeeds, those too that a throttled email or a fault refuses.
///
/// # Errors
/// A wrong password, a deactivated user, too many failed tries, or a fault.
pub async fn by_current_password(
    config: &Config,
    platform: &impl Platform,
    client: ClientIp,
    user: &User,
    password: &str,
) -> Result<(), Error> {
    let db = platform.db();
    let counters = config.throttle.user_counters(user.id, client);
    // Counted before it is tried, since the task of a client that leaves may be dropped at any statement: a wrong guess
    // would be forgotten with it, and a right one is applied.
    lockout::count(db, &counters, false, platform.now()).await?;
    match by_password(config, platform, client, &user.email, password).await {
        Ok((proven, _)) if proven.id == user.id => Ok(store::forget_failures(db, &counters).await?),
        // Another's, since the user's email changed a moment ago; or none.
        Ok(_) | Err(Error::WrongCredentials) => {
            let mut errors = FieldErrors::default();
            errors.add(Field::CurrentPassword, Violation::Wrong);
            Err(errors.into())
        }
        Err(Error::Deactivated) => Err(Unauthenticated::Deactivated.into()),
        Err(error) => Err(error),
    }
}

/// Compares the password with that of the user, or with nothing. Every failure costs the same.
fn verify(
    config: &Config,
    platform: &impl Platform,
    password: &str,
    found: Option<(User, String)>,
) -> Result<(User, Option<Upgrade>), Error> {
    let stored = found.as_ref().map(|(_, stored)| stored.as_str());
    let verdict = config.hasher.verify(password, stored);
    if !matches!(verdict, Verdict::Match { .. }) {
        let computed = stored.and_then(|stored| Hasher::of_stored(stored).ok()).unwrap_or(config.hasher);
        config.failure_cost.complete(computed);
    }
    let (user, stored) = found.ok_or(Error::WrongCredentials)?;
    let outdated = match verdict {
        Verdict::Match { outdated } => outdated,
        Verdict::Mismatch => return Err(Error::WrongCredentials),
        Verdict::Unreadable(reason) => {
            platform.log(&Event::UnusablePassword { user: user.id, reason });
            return Err(Error::WrongCredentials);
        }
    };
    if !user.is_active {
        return Err(Error::Deactivated);
    }
    let password = password.to_owned();
    let upgrade = outdated.then_some(Upgrade { hasher: config.hasher, user: user.id, password, stored });
    Ok((user, upgrade))
}

/// A hash to be made again with today's parameters, now that the password is known.
pub struct Upgrade {
    hasher: Hasher,
    user: i64,
    password: String,
    stored: String,
}

impl Upgrade {
    /// Hashes the password and puts the new hash in the place of the old one. A failure is logged: the
    /// old hash still works, and the next login tries again.
    pub async fn run<P: Platform>(self, platform: &P) {
        if let Err(Error::Fault(cause)) = self.try_run(platform.db(), platform).await {
            let cause = format!("password upgrade: {cause}");
            platform.log(&Event::Fault { cause });
        }
    }

    async fn try_run(self, db: &impl Db, platform: &impl Platform) -> Result<(), Error> {
        let new = self.hasher.hash(&self.password, |bytes| platform.fill_random(bytes))?;
        Ok(store::replace_hash(db, self.user, &self.stored, &new).await?)
    }
}
