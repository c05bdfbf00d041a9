//! Proofs of who a user is: which one a body has, and the mailed one. That of a password has rules of its own.

use super::body::Fields;
use super::context::Context;
use super::mailed_secret;
use crate::account::user::User;
use crate::account::validate::{self, RawField};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Request;
use crate::platform::Platform;
use crate::store::recovery::{self, Redemption};
use crate::store::secrets::Purpose;

/// Takes the mailed secret out, if that is the proof that a body has: a body with an email or a password proves itself by
/// the password.
pub(super) fn take_mailed_secret(
    cx: &Context<'_, impl Platform, impl Request>,
    fields: &mut Fields,
) -> Option<RawField> {
    let is_proof = cx.config.has(Feature::MailSignIn)
        && fields.has("secret")
        && !fields.has("email")
        && !fields.has("password");
    is_proof.then(|| fields.take("secret"))
}

/// Redeems a sign-in, and gives its user. `caller` is the user that it has to be for, if the request has one. One statement to
/// find the secret, one call to redeem it.
///
/// # Errors
/// An invalid secret.
pub(super) async fn redeem_sign_in(
    cx: &Context<'_, impl Platform, impl Request>,
    secret: RawField,
    caller: Option<i64>,
) -> Result<User, Error> {
    let mut errors = FieldErrors::default();
    let secret = errors.check(Field::Secret, validate::secret(secret));
    let secret = secret.ok_or_else(|| errors.clone())?;
    let found = mailed_secret::find(cx, &mut errors, Purpose::SignIn, &secret, caller).await?;
    let (id, found) = found.ok_or_else(|| errors.clone())?;
    let lockout = &cx.config.passwords.lockout;
    let failures = [lockout.account(&found.email), lockout.user(found.user_id)];
    let origin = cx.notice_origin().unwrap_or_default();
    let redemption = Redemption {
        secret: &id,
        user_id: found.user_id,
        origin: &origin,
        failures: failures.each_ref().map(String::as_str),
    };
    if let Some(user) = recovery::sign_in(cx.db(), redemption, cx.now()).await? {
        cx.deliver_notices_later();
        return Ok(user);
    }
    errors.add(Field::Secret, Violation::InvalidSecret);
    Err(errors.into())
}
