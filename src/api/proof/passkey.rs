//! Proof by a passkey. With verification of the user it is both factors.

use super::FirstProof;
use crate::api::authenticate::Caller;
use crate::api::body::Fields;
use crate::api::context::Context;
use crate::api::passkey::{self, invalid, unknown};
use crate::auth::lockout;
use crate::auth::passkey::assertion::{Assertion, VerifiedAssertion};
use crate::auth::session::Method;
use crate::error::Error;
use crate::http::Request;
use crate::platform::Platform;
use crate::store::login_failures::{self, keys_in_json};
use crate::store::passkeys;

/// Verifies it: one statement to find the passkey, one call to record its use.
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    mut fields: Fields,
    caller: Option<&Caller>,
) -> Result<FirstProof, Error> {
    let assertion = Assertion::parse(&passkey::response(&mut fields, "passkey")?).ok_or_else(invalid)?;
    let (lockout, client_ip) = (&cx.config.passwords.lockout, cx.client_ip().rate_limit_key());
    let caller_keys = caller.map(|caller| lockout.user_keys(&client_ip, caller.user.id));
    if let Some(keys) = &caller_keys {
        // Forgotten if it is right.
        lockout::record_failure(cx.db(), keys, false, cx.now()).await?;
    }
    let found = passkeys::find(cx.db(), assertion.credential_id()).await?;
    let (stored, user, has_second_factor) = found.ok_or_else(unknown)?;
    if caller.is_some_and(|caller| caller.user.id != user.id) {
        return Err(invalid());
    }
    let verified = passkey::verify(cx, &assertion, &stored, caller.is_none()).await?;
    let VerifiedAssertion { challenge, counter, is_user_verified } = verified.ok_or_else(invalid)?;
    let challenge = passkey::used(challenge);
    if !user.is_active {
        return Err(Error::Deactivated);
    }
    let methods = methods(stored.is_backup_eligible, is_user_verified);
    let is_complete = is_user_verified || !has_second_factor;
    let cleared = [
        lockout.keys(&client_ip, &user.email),
        lockout.user_keys(&client_ip, user.id),
        lockout.factor_keys(&client_ip, user.id),
    ];
    let cleared = keys_in_json(if is_complete { &cleared } else { &[] });
    // A session that has ended since it was authenticated is not to get a token of the version after that.
    let user = caller.map_or(user, |caller| caller.user.clone());
    let used = passkeys::accept(cx.db(), stored.id, counter, &challenge, &user, &cleared, cx.now()).await;
    let user = passkey::unless_spent(used)?.ok_or_else(invalid)?;
    if let Some(keys) = caller_keys.filter(|_| !is_complete) {
        login_failures::retract(cx.db(), &keys, cx.now()).await?;
    }
    Ok(FirstProof { user, methods, has_second_factor })
}

/// Methods of a proof by a passkey alone.
fn methods(is_backup_eligible: bool, is_user_verified: bool) -> Vec<Method> {
    let mut methods = passkey::methods(is_backup_eligible, is_user_verified);
    if is_user_verified {
        methods.push(Method::TwoFactors);
    }
    methods
}
