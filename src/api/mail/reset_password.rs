//! `PUT /api/users/password-reset`: sets a new password with a mailed secret. No session begins.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::api::{body, mailed_secret, new_password};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::recovery::{self, Redemption};
use crate::store::secrets::Purpose;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users/password-reset",
    operations: &[Operation {
        method: "PUT",
        id: "resetPassword",
        summary: "Set a new password with a mailed secret, and end every session of the user",
    }],
    feature: Some(Feature::Mail),
    tag: Tag::Mail,
    authentication: Authentication::None,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "PasswordReset",
        rules: || vec![&validate::PASSWORD, &validate::SECRET],
        is_patch: false,
        example: r#"{"user":{"secret":"q83vEjRWeJCrze8SNFZ4kA.12345678","password":"correct horse"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::Empty { description: "The password is set" },
    failures: &[body::MISSING_USER],
};

/// Handles the request: one statement to find the secret, one call to redeem it. A right secret beside a password that breaks
/// a rule is neither spent nor counted.
///
/// # Errors
/// The errors of [`body::read_required`], an invalid secret, or invalid fields.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut fields = body::read_required(cx.request).await?;
    let mut errors = FieldErrors::default();
    let password = validate::password(fields.take("password"), cx.config.passwords.min_length, &|text| {
        cx.platform.to_nfc(text)
    });
    let password = errors.check(Field::Password, password);
    let secret =
        errors.check(Field::Secret, validate::secret(fields.take("secret"))).ok_or_else(|| errors.clone())?;
    let found = mailed_secret::find(cx, &mut errors, Purpose::PasswordReset, &secret, None).await?;
    let (Some(password), Some((id, found))) = (password, found) else { return Err(errors.into()) };
    new_password::check(&mut errors, cx, &password, Some(&found.email), Some(&found.username)).await?;
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let hash = errors.check(Field::Password, new_password::hash(cx, &password).await?);
    let hash = hash.ok_or_else(|| errors.clone())?;
    let lockout = &cx.config.passwords.lockout;
    let failures = [lockout.account(&found.email), lockout.user(found.user_id)];
    let report = cx.report();
    let redemption = Redemption {
        secret: &id,
        user_id: found.user_id,
        report: &report,
        failures: failures.each_ref().map(String::as_str),
    };
    if recovery::reset_password(cx.db(), redemption, &hash, cx.now()).await? {
        cx.deliver_later(&report);
        return Ok(Response::empty(204));
    }
    errors.add(Field::Secret, Violation::InvalidSecret);
    Err(errors.into())
}
