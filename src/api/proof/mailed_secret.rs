//! Proof by a mailed secret.

use super::FirstProof;
use crate::account::validate;
use crate::api::authenticate::Caller;
use crate::api::body::Fields;
use crate::api::context::Context;
use crate::api::mailed_secret;
use crate::auth::lockout;
use crate::auth::second_factor::StepSecret;
use crate::auth::session::Method;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Request;
use crate::platform::Platform;
use crate::store::login_failures;
use crate::store::recovery::{self, Redemption};
use crate::store::secrets::Purpose;

/// Verifies it: one statement to find the secret, one call to redeem it.
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    mut fields: Fields,
    caller: Option<&Caller>,
) -> Result<FirstProof, Error> {
    let mut errors = FieldErrors::default();
    let secret = errors.check(Field::Secret, validate::secret(fields.take("secret")));
    let secret = secret.ok_or_else(|| errors.clone())?;
    if StepSecret::read(&secret).is_some() {
        errors.add(Field::Code, Violation::Required);
        return Err(errors.into());
    }
    let (lockout, client_ip) = (&cx.config.passwords.lockout, cx.client_ip().rate_limit_key());
    let keys = caller.map(|caller| lockout.user_keys(&client_ip, caller.user.id));
    if let Some(keys) = &keys {
        // Forgotten if it is right.
        lockout::record_failure(cx.db(), keys, false, cx.now()).await?;
    }
    let caller = caller.map(|caller| caller.user.id);
    let found = mailed_secret::find(cx, &mut errors, Purpose::SignIn, &secret, caller).await?;
    let (id, found) = found.ok_or_else(|| errors.clone())?;
    let failures = [lockout.account(&found.email), lockout.user(found.user_id)];
    let report = cx.report();
    let redemption = Redemption {
        secret: &id,
        user_id: found.user_id,
        report: &report,
        failures: failures.each_ref().map(String::as_str),
    };
    if let Some((user, has_second_factor)) = recovery::sign_in(cx.db(), redemption, cx.now()).await? {
        cx.deliver_later(&report);
        if let Some(keys) = keys.filter(|_| has_second_factor) {
            login_failures::retract(cx.db(), &keys, cx.now()).await?;
        }
        return Ok(FirstProof { user, methods: vec![Method::Email], has_second_factor });
    }
    errors.add(Field::Secret, Violation::InvalidSecret);
    Err(errors.into())
}
