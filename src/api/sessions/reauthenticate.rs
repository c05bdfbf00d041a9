//! `POST /api/user/reauthenticate`: renews the proof of a session, for requests that ask for a recent one.

use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, body, proof, user_response};
use crate::auth::session::Session;
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
        alternatives: proof::OTHERS,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::User { status: 200, description: "The user", has_profile: false, may_have_mail: false },
    failures: &[
        body::MISSING_USER,
        Failure {
            name: "WrongPassword",
            description: "Another password than the user's",
            error: || FieldErrors::of(Field::Password, Violation::Wrong).into(),
            varying: None,
        },
        proof::FACTOR_REQUIRED,
    ],
};

/// Handles the request. A wrong proof is counted as that of a login is.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_required`], an invalid or a wrong proof, or too many failed logins.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let fields = body::read_required(cx.request).await?;
    let (user, proof) = proof::verify(cx, fields, Some(&caller)).await?;
    let session = Session { proof: Some(proof), ..caller.token.session };
    user_response::with_new_proof(200, cx, &user, &session)
}
