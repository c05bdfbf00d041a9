//! `POST /api/user/reauthenticate`: renews the proof of a session, for requests that ask for a recent one.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, body, mailed_secret, proof, user_response};
use crate::auth::session::{Proof, Session};
use crate::auth::{current_password, lockout};
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
        alternative: Some(&mailed_secret::INPUT),
    }),
    parameter: None,
    success: Success::User { status: 200, description: "The user", has_profile: false, may_have_mail: false },
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

/// Handles the request. A wrong proof is counted as that of a login is.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_required`], an invalid or a wrong proof, or too many failed logins.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let mut fields = body::read_required(cx.request).await?;
    let client_ip = cx.client_ip().rate_limit_key();
    let policy = &cx.config.passwords;
    let proof = if let Some(secret) = proof::take_mailed_secret(cx, &mut fields) {
        let keys = policy.lockout.user_keys(&client_ip, caller.user.id);
        let notice_to = policy.lockout.notice_to(&caller.user.email);
        lockout::record_failure(cx.db(), &keys, false, notice_to, cx.now()).await?; // forgotten if it is right
        caller.user = proof::redeem_sign_in(cx, secret, Some(caller.user.id)).await?;
        Proof::of_email(cx.now())
    } else {
        let mut errors = FieldErrors::default();
        let password = validate::login_password(fields.take("password"), &|text| cx.platform.to_nfc(text));
        let password = errors.check(Field::Password, password).ok_or(errors)?;
        let field = Field::Password;
        current_password::verify(policy, cx.platform, &client_ip, &caller.user, field, &password).await?;
        Proof::of_password(cx.now())
    };
    let session = Session { proof: Some(proof), ..caller.token.session };
    user_response::with_new_proof(200, cx, &caller.user, &session)
}
