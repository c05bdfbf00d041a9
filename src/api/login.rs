//! `POST /api/users/login`: begins a session of a user who knows the password.

use crate::api::body::{self, Fields};
use crate::api::user_response;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::password::{Hasher, Verdict};
use crate::platform::{Event, Platform};
use crate::store;
use crate::token;
use crate::validate;

/// Answers the request, and says which hash to upgrade once the answer is sent. This reads one row
/// and writes nothing. An unknown email costs as much as a wrong password.
///
/// # Errors
/// What is wrong with the body, its fields or the credentials, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<(Response, Option<Upgrade>), Error> {
    let Credentials { email, password } = parse(body::read(request).await?)?;
    let found = store::find_login(platform.db(), &email).await?;
    let stored = found.as_ref().map(|(_, stored)| stored.as_str());
    let verdict = config.hasher.verify(&password, stored);
    let Some((user, stored)) = found else {
        return Err(Error::WrongCredentials);
    };
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
    let sid = token::new_sid(|bytes| platform.fill_random(bytes))?;
    let response = user_response(200, config, platform, &user, &sid)?;
    let upgrade = outdated.then_some(Upgrade { hasher: config.hasher, user: user.id, password, stored });
    Ok((response, upgrade))
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
