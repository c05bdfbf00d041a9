//! New passwords: refusal of those that are easily guessed, and their hashes.

use super::context::Context;
use crate::account::password::{Password, PasswordHash};
use crate::account::validate::Validated;
use crate::auth::blocklist::{self, Words};
use crate::auth::breached;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Request;
use crate::platform::Platform;

/// Adds the first violation of the blocklist, if the deployment has one. `email` and `username` are those that the user
/// will have.
///
/// # Errors
/// [`Error::Internal`] if the list of common passwords can't be read: then no password is taken unchecked.
pub(super) async fn check(
    errors: &mut FieldErrors,
    cx: &Context<'_, impl Platform, impl Request>,
    password: &Password,
    email: Option<&str>,
    username: Option<&str>,
) -> Result<(), Error> {
    if !cx.config.passwords.has_blocklist {
        return Ok(());
    }
    let words = Words { email, username, app_name: &cx.config.app_name };
    if let Some(violation) = blocklist::similar(password, &words, &|text| cx.platform.to_lowercase(text)) {
        errors.add(Field::Password, violation);
        return Ok(());
    }
    let common = cx.platform.read_asset(blocklist::COMMON_PASSWORDS).await.map_err(Error::Internal)?;
    if blocklist::is_common(password, &common) {
        errors.add(Field::Password, Violation::TooCommon);
    }
    Ok(())
}

/// Hashes a password that breaks no other rule. If the deployment looks them up, it is refused where it is known from a
/// breach: the service is asked before the hash is computed and answers meanwhile, and is never asked for a request that
/// breaks another rule. (What is taken, and how many may register, the database decides after it.)
///
/// # Errors
/// [`Error::Internal`] without randomness.
pub(super) async fn hash(
    cx: &Context<'_, impl Platform, impl Request>,
    password: &Password,
) -> Result<Validated<PasswordHash>, Error> {
    let policy = &cx.config.passwords;
    let lookup = match &policy.breached_passwords_url {
        Some(url) => Some(breached::look_up(cx.platform, url, password).await),
        None => None,
    };
    let hash = policy.hasher.hash(password, |bytes| cx.platform.fill_random(bytes))?;
    let is_breached = match lookup {
        Some(lookup) => lookup.await,
        None => false,
    };
    Ok(if is_breached { Err(vec![Violation::Breached]) } else { Ok(hash) })
}
