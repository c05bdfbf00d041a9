//! `PUT /api/user/email-verification`: verifies an address with a mailed secret and a token of its user.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, body, conflict, mailed_secret, user_response};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::secrets::Purpose;
use crate::store::sessions::Standing;
use crate::store::{DbError, email};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/email-verification",
    operations: &[Operation {
        method: "PUT",
        id: "verifyEmail",
        summary: "Verify an address with a mailed secret. One that waited is the email from then on, and the user's other sessions end",
    }],
    feature: Some(Feature::Mail),
    tag: Tag::Mail,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "EmailVerification",
        rules: || vec![&validate::SECRET],
        is_patch: false,
        example: r#"{"user":{"secret":"q83vEjRWeJCrze8SNFZ4kA.12345678"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::User {
        status: 200,
        description: "The user as it is now",
        has_profile: false,
        may_have_mail: false,
    },
    failures: &[
        body::MISSING_USER,
        Failure {
            name: "EmailTaken",
            description: "Another user has the address by now",
            error: taken,
            varying: None,
        },
    ],
};

fn taken() -> Error {
    let mut errors = FieldErrors::default();
    errors.add(Field::Email, Violation::Taken);
    errors.into()
}

/// Handles the request: one statement to find the caller, one to find the secret, one call to redeem it.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_required`], an invalid secret, or an address that another user has by now.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let mut fields = body::read_required(cx.request).await?;
    let mut errors = FieldErrors::default();
    let secret = errors.check(Field::Secret, validate::secret(fields.take("secret")));
    let secret = secret.ok_or_else(|| errors.clone())?;
    let purpose = Purpose::EmailVerification;
    let found = mailed_secret::find(cx, &mut errors, purpose, &secret, Some(caller.user.id)).await?;
    let (id, found) = found.ok_or_else(|| errors.clone())?;
    let report = cx.report();
    match email::verify(cx.db(), caller.token.key(), &id, &report, cx.now()).await {
        Ok(Some(user)) => {
            caller.user = user;
            cx.deliver_later(&report);
            cx.record_as_of(caller.user.token_version);
            user_response::of_caller(cx, &caller)
        }
        Ok(None) => {
            // The session has ended meanwhile, or the secret was redeemed.
            authenticate::authenticate(cx).await?;
            errors.add(Field::Secret, Violation::InvalidSecret);
            Err(errors.into())
        }
        Err(DbError::Unique { column }) => {
            Err(conflict::from_constraint(cx.db(), column, Some(&found.email), None, Some(caller.user.id))
                .await)
        }
        Err(error) => Err(error.into()),
    }
}
