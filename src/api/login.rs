//! `POST /api/users/login`: begins a session of a user who knows the password.

use crate::api::body::{self, Fields};
use crate::api::user_response;
use crate::client;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::password::{Hasher, Verdict};
use crate::platform::{Event, Platform};
use crate::store;
use crate::throttle;
use crate::token::Session;
use crate::user::User;
use crate::validate;

/// Answers the request, and says which hash to upgrade once the answer is sent. Where no failures are on
/// record, a success is one read and no write. An unknown email costs as much as a wrong password.
///
/// # Errors
/// What is wrong with the body, its fields or the credentials, that too many logins failed, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(Response, Option<Upgrade>), Error> {
    let Credentials { email, password } = parse(body::read(request).await?)?;
    let (db, now) = (platform.db(), platform.now());
    let counters = config.throttle.counters(&email, &client::network(request));
    let found = store::find_login(db, &email, &counters, now).await?;
    // With failures on record this login is counted before it is tried, so that a blocked one costs no
    // hash, however many come at once.
    let is_counted = match found.blocked_until {
        None => false,
        Some(until) if until > now => return Err(throttle::throttled(until, now)),
        Some(_) => throttle::count(db, &counters, false, now).await.map(|()| true)?,
    };
    match verify(config, platform, &password, found.user) {
        Ok((user, upgrade)) => {
            if is_counted {
                store::forget_failures(db, &counters).await?;
            }
            let session = Session::begin(|bytes| platform.fill_random(bytes))?;
            Ok((user_response(200, config, platform, &user, &session)?, upgrade))
        }
        Err(Error::WrongCredentials) => {
            if !is_counted {
                throttle::count(db, &counters, true, platform.now()).await?;
            }
            Err(Error::WrongCredentials)
        }
        Err(error) => {
            if is_counted {
                store::uncount_failure(db, &counters, platform.now()).await?;
            }
            Err(error)
        }
    }
}

/// Compares the password with that of the user, or with nothing, at the same cost.
fn verify(
    config: &Config,
    platform: &impl Platform,
    password: &str,
    found: Option<(User, String)>,
) -> Result<(User, Option<Upgrade>), Error> {
    let stored = found.as_ref().map(|(_, stored)| stored.as_str());
    let verdict = config.hasher.verify(password, stored);
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

struct Credentials {
    email: String,
    password: String,
}

fn parse(mut fields: Fields) -> Result<Credentials, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = errors.check(Field::Email, validate::login_email(fields.take("email")));
    let password = errors.check(Field::Password, validate::login_password(fields.take("password")));
    match (email, password) {
        (Some(email), Some(password)) => Ok(Credentials { email, password }),
        _ => Err(errors),
    }
}

/// A hash to be made anew with today's parameters, now that the password is known.
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
