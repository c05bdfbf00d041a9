//! `PATCH /api/user/credentials/{id}`: confirms an authenticator app, or renames a passkey.

use super::ID;
use super::add::{UNVERIFIED, why_refused};
use crate::account::validate::{self, optional};
use crate::api::authenticate::{self, Caller};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Input, Operation, RateLimit, Success, Tag};
use crate::api::{body, user_response};
use crate::auth::second_factor::{Code, draw_recovery_set, place_of_seed};
use crate::auth::session::Method;
use crate::auth::totp;
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::platform::{Event, Platform};
use crate::store::credentials::{self, Changer, Target};
use crate::store::passkeys;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/credentials/{id}",
    operations: &[Operation {
        method: "PATCH",
        id: "changeCredential",
        summary: "Confirm an authenticator app with its first code, which ends the user's other sessions, or rename a passkey",
    }],
    feature: Some(Feature::Credentials),
    tag: Tag::Credentials,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "PasskeyName",
        rules: || vec![&validate::PASSKEY_NAME],
        example: r#"{"credential":{"name":"Phone"}}"#,
        alternatives: &[&Input {
            name: "Confirmation",
            rules: || vec![&validate::CODE],
            ..Input::CREDENTIAL
        }],
        ..Input::CREDENTIAL
    }),
    parameters: &[ID],
    success: Success::ChangedCredential {
        description: "The credential; with the user and the recovery codes, which are shown once, if it was confirmed",
    },
    failures: &[
        body::MISSING_CREDENTIAL,
        authenticate::NO_RECENT_PROOF,
        UNVERIFIED,
        Failure {
            name: "UnknownCredential",
            description: "No such credential of the user",
            error: || Error::NotFound,
            varying: None,
        },
    ],
};

/// Handles the request: one statement to find the caller, one to find the credential, one call to change it.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_credential`], invalid fields, [`Error::ReauthenticationRequired`],
/// [`Error::NotFound`], or a wrong code.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let mut fields = body::read_credential(cx.request).await?;
    let mut errors = FieldErrors::default();
    let code = errors.check(Field::Code, optional(fields.take("code"), validate::code));
    let name = errors.check(Field::Name, optional(fields.take("name"), validate::passkey_name));
    let (Some(code), Some(name)) = (code, name) else { return Err(errors.into()) };
    caller.check_recent(cx.now())?;
    let id = cx.id(0)?;
    let target = credentials::find_target(cx.db(), caller.user.id, id).await?.ok_or(Error::NotFound)?;
    let required = |field| FieldErrors::of(field, Violation::Required);
    match target {
        Target::Totp(seed) => confirm(cx, caller, id, &seed, &code.ok_or(required(Field::Code))?).await,
        Target::Passkey => rename(cx, &caller, id, &name.ok_or(required(Field::Name))?).await,
    }
}

async fn confirm(
    cx: &Context<'_, impl Platform, impl Request>,
    mut caller: Caller,
    id: i64,
    sealed_seed: &str,
    code: &str,
) -> Result<Response, Error> {
    let user_id = caller.user.id;
    let keys = cx.config.data_keys.as_ref().ok_or(Error::NotFound)?;
    let Some(seed) = keys.open(cx.platform, sealed_seed, &place_of_seed(user_id, id)).await? else {
        cx.platform.log(&Event::SealedSeed { user: user_id });
        return Err(Error::NotFound);
    };
    let step = match Code::read(code) {
        Code::App(code) => totp::matching_step(&seed.bytes, &code, cx.now()),
        _ => None,
    };
    let step = step.ok_or(FieldErrors::of(Field::Code, Violation::InvalidCode))?;
    let set = draw_recovery_set(|bytes| cx.platform.fill_random(bytes))?;
    let report = cx.report();
    let changer = Changer { key: caller.token.key(), report: &report };
    let confirmed = credentials::confirm_totp(cx.db(), changer, id, step, &set.stored, cx.now()).await?;
    let Some((user, credential)) = confirmed else {
        return Err(why_refused(cx, Some(Error::NotFound)).await);
    };
    cx.deliver_later(&report);
    caller.user = user;
    if let Some(proof) = &mut caller.token.session.proof
        && !proof.methods.contains(&Method::TwoFactors)
    {
        proof.methods.push(Method::TwoFactors);
    }
    let response = user_response::with_new_proof(200, cx, &caller.user, &caller.token.session)?;
    let members = [r#""credential":"#, &credential, r#","recovery":"#, &set.codes].concat();
    Ok(user_response::with_members(response, &members))
}

async fn rename(
    cx: &Context<'_, impl Platform, impl Request>,
    caller: &Caller,
    id: i64,
    name: &str,
) -> Result<Response, Error> {
    match passkeys::rename(cx.db(), caller.token.key(), id, name, cx.now()).await? {
        Some(credential) => Ok(Response::of_json(200, [r#"{"credential":"#, &credential, "}"].concat())),
        None => Err(why_refused(cx, Some(Error::NotFound)).await),
    }
}
