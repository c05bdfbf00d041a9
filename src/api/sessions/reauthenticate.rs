//! `POST /api/user/reauthenticate`: renews the proof of a session, for requests that ask for a recent one.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, body, user_response};
use crate::auth::current_password;
use crate::auth::session::{Proof, Session};
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::sessions::Standing;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/reauthenticate",
    operations: &[Operation {
        method: "POST",
        id: "reauthenticate",
        summary: "Prove again who uses the session, which goes on",
    }],
    feature: None,
    tag: Tag::Session,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "PasswordProof",
        rules: || vec![&validate::LOGIN_PASSWORD],
        is_patch: false,
        example: r#"{"user":{"password":"correct horse"}}"#,
    }),
    parameter: None,
    success: Success::User { status: 200, description: "The user", has_profile: false },
    failures: &[
        body::MISSING_USER,
        Failure {
            name: "WrongPassword",
            description: "Another password than the user's",
            error: wrong_password,
            varying: None,
        },
    ],
};

fn wrong_password() -> Error {
    let mut errors = FieldErrors::default();
    errors.add(Field::Password, Violation::Wrong);
    errors.into()
}

/// Handles the request. A wrong password is counted as that of a login is.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_required`], an invalid or a wrong password, or too many failed logins.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let mut fields = body::read_required(cx.request).await?;
    let mut errors = FieldErrors::default();
    let password = validate::login_password(fields.take("password"), &|text| cx.platform.to_nfc(text));
    let password = errors.check(Field::Password, password);
    let password = password.ok_or(errors)?;
    let (policy, client_ip) = (&cx.config.passwords, cx.client_ip().rate_limit_key());
    current_password::verify(policy, cx.platform, &client_ip, &caller.user, Field::Password, &password)
        .await?;
    let session = Session { proof: Some(Proof::of_password(cx.now())), ..caller.token.session };
    user_response::with_new_proof(200, cx, &caller.user, &session)
}
