//! `DELETE /api/user`: deactivates the account and ends its sessions. Its data stays.

use crate::account::password::Password;
use crate::account::validate::{self, optional};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, body, rate_limit};
use crate::auth::current_password;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::sessions::Standing;
use crate::store::{erasure, users};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user",
    operations: &[Operation {
        method: "DELETE",
        id: "deactivateUser",
        summary: "Deactivate the account, and end its sessions. Its data stays",
    }],
    feature: None,
    tag: Tag::Account,
    authentication: Authentication::Token,
    rate_limit: RateLimit::User,
    input: Some(Input {
        name: "Deactivation",
        rules: || vec![&validate::CURRENT_PASSWORD],
        is_patch: true,
        example: r#"{"user":{"current_password":"correct horse"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::Empty { description: "The account is deactivated" },
    failures: &[
        body::MISSING_USER,
        authenticate::OLD_PROOF,
        Failure {
            name: "LastSuperuser",
            description: "The user is the last active superuser",
            error: last_superuser,
            varying: None,
        },
    ],
};

fn last_superuser() -> Error {
    FieldErrors::of(Field::Superuser, Violation::LastSuperuser).into()
}

/// Handles the request. Without a current password, which is checked where there is one, a success is one statement.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_change`], [`Error::ReauthenticationRequired`], a wrong current password,
/// or too many updates.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut token = authenticate::token(cx)?;
    match read_current_password(cx).await {
        Ok(None) if token.session.is_proved_within(cx.config.proof_max_age, cx.now()) => {}
        proof => {
            // Errors of the token come first.
            let caller = authenticate::authenticate_with(cx, token).await?;
            if caller.standing != Standing::Active {
                return Err(Unauthenticated::Invalid.into());
            }
            let password = proof?;
            rate_limit::check_update(cx, caller.user.id).await?;
            let has_second_factor = caller.has_second_factor;
            if has_second_factor && !caller.is_proved_within(None, cx.now()) {
                return Err(Error::ReauthenticationRequired);
            }
            if let Some(password) = &password {
                let client_ip = cx.client_ip().rate_limit_key();
                let (policy, field) = (&cx.config.passwords, Field::CurrentPassword);
                current_password::verify(policy, cx.platform, &client_ip, &caller.user, field, password)
                    .await?;
            } else if !has_second_factor {
                return Err(Error::ReauthenticationRequired);
            }
            token = caller.token;
        }
    }
    let report = cx.minor_report();
    let is_proved_twice = authenticate::is_proved_twice(&token.session, cx.now());
    if users::deactivate(cx.db(), token.key(), is_proved_twice, &report, cx.now()).await? {
        cx.deliver_later(&report);
        Ok(Response::empty(204))
    } else {
        // Or the user has a second factor, and the session did not prove it; or is the last superuser.
        let caller = authenticate::authenticate_with(cx, token).await?;
        if erasure::is_last_superuser(cx.db(), caller.user.id).await? {
            return Err(last_superuser());
        }
        Err(caller.check_recent(cx.now()).err().unwrap_or(Unauthenticated::Invalid.into()))
    }
}

async fn read_current_password(
    cx: &Context<'_, impl Platform, impl Request>,
) -> Result<Option<Password>, Error> {
    let mut fields = body::read_change(cx.request).await?;
    let mut errors = FieldErrors::default();
    let input = fields.take("current_password");
    let password =
        optional(input, |input| validate::current_password(input, &|text| cx.platform.to_nfc(text)));
    let password = errors.check(Field::CurrentPassword, password);
    password.ok_or_else(|| errors.into())
}
