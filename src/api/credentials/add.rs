//! `POST /api/user/credentials`: adds an authenticator app, a set of recovery codes, or a passkey.

use crate::account::validate;
use crate::api::authenticate::{self, Caller};
use crate::api::body::{self, Fields};
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Input, Operation, Placeholder, RateLimit, Success, Tag,
};
use crate::api::passkey::{self, invalid};
use crate::auth::passkey::RelyingParty;
use crate::auth::passkey::registration::{self, NewPasskey};
use crate::auth::second_factor::{draw_credential_id, draw_recovery_set, place_of_seed};
use crate::auth::totp;
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::credentials::{self, Changer};
use crate::store::{email, passkeys};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/credentials",
    operations: &[Operation {
        method: "POST",
        id: "addCredential",
        summary: "Add an authenticator app, which has to be confirmed, new recovery codes, or a passkey",
    }],
    feature: Some(Feature::Credentials),
    tag: Tag::Credentials,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "NewCredential",
        rules: || vec![&validate::TYPE],
        example: r#"{"credential":{"type":"totp"}}"#,
        alternatives: &[&Input {
            name: "NewPasskey",
            rules: || vec![&validate::TYPE, &validate::PASSKEY_NAME, &validate::RESPONSE],
            ..Input::CREDENTIAL
        }],
        ..Input::CREDENTIAL
    }),
    parameters: &[],
    success: Success::AddedCredential { description: "The credential, or the codes, which are shown once" },
    failures: &[
        body::MISSING_CREDENTIAL,
        authenticate::NO_RECENT_PROOF,
        UNVERIFIED,
        Failure {
            name: "UnknownType",
            description: "A type that there is not, or that the deployment lacks the variable for",
            error: || FieldErrors::of(Field::Type, Violation::NotAChoice("x".to_owned())).into(),
            varying: Some(Placeholder { part: "x", pattern: r"[\s\S]*" }),
        },
        Failure {
            name: "InvalidPasskey",
            description: "A response that is not what was asked for",
            error: invalid,
            varying: None,
        },
        Failure {
            name: "TooManyPasskeys",
            description: "There are ten passkeys",
            error: too_many,
            varying: None,
        },
    ],
};

/// Failure of an account whose address is not verified, where the deployment sends mail.
pub(super) const UNVERIFIED: Failure = Failure {
    name: "Unverified",
    description: "The deployment sends mail, and the user's email is not verified",
    error: || Error::Unverified,
    varying: None,
};

fn too_many() -> Error {
    FieldErrors::of(Field::Credential, Violation::TooMany).into()
}

/// Handles the request: one statement to find the caller, one to add the credential; of a passkey one more, for the user's
/// handle.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_credential`], invalid fields, [`Error::ReauthenticationRequired`], or
/// [`Error::Unverified`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    let mut fields = body::read_credential(cx.request).await?;
    let new = read(cx, &mut fields)?;
    caller.check_recent(cx.now())?;
    let report = cx.report();
    let changer = Changer { key: caller.token.key(), report: &report };
    let response = match new {
        New::Totp => return add_totp(cx, &caller, changer).await, // no news until it is confirmed
        New::RecoveryCodes => replace_codes(cx, changer).await,
        New::Passkey { name, response } => add_passkey(cx, &caller, changer, &name, &response).await,
    }?;
    cx.deliver_later(&report);
    Ok(response)
}

/// Credential that a request asks for.
enum New {
    Totp,
    RecoveryCodes,
    Passkey { name: String, response: serde_json::Value },
}

fn read(cx: &Context<'_, impl Platform, impl Request>, fields: &mut Fields) -> Result<New, Error> {
    let mut errors = FieldErrors::default();
    let of_type = errors.check(Field::Type, validate::credential_type(fields.take("type")));
    let of_type = of_type.ok_or_else(|| errors.clone())?;
    let has_keys = cx.config.data_keys.is_some();
    match &*of_type {
        "totp" if has_keys => Ok(New::Totp),
        "recovery" if has_keys => Ok(New::RecoveryCodes),
        "passkey" if has_keys && cx.config.passkeys.is_some() => {
            let name = errors.check(Field::Name, validate::passkey_name(fields.take("name")));
            let response = passkey::response(fields, "response");
            let (Some(name), Ok(response)) = (name, &response) else {
                return Err(if errors.is_empty() {
                    response.err().unwrap_or_else(invalid)
                } else {
                    errors.into()
                });
            };
            Ok(New::Passkey { name, response: response.clone() })
        }
        _ => Err(FieldErrors::of(Field::Type, Violation::NotAChoice(of_type)).into()),
    }
}

/// The error of a change that matched no row: the address is not verified, or `otherwise`, or the session has ended meanwhile.
pub(super) async fn why_refused(
    cx: &Context<'_, impl Platform, impl Request>,
    otherwise: Option<Error>,
) -> Error {
    let refused = async || {
        let caller = authenticate::authenticate(cx).await?;
        caller.check_recent(cx.now())?;
        if cx.config.has(Feature::Mail) {
            let addresses =
                email::find(cx.db(), caller.user.id).await?.ok_or(Unauthenticated::UnknownUser)?;
            if !addresses.is_verified {
                return Err(Error::Unverified);
            }
        }
        Err(otherwise.unwrap_or(Unauthenticated::Invalid.into()))
    };
    let refused: Result<(), Error> = refused().await;
    refused.err().unwrap_or(Error::NotFound)
}

async fn add_totp(
    cx: &Context<'_, impl Platform, impl Request>,
    caller: &Caller,
    changer: Changer<'_>,
) -> Result<Response, Error> {
    let keys = cx.config.data_keys.as_ref().ok_or(Error::NotFound)?;
    let fill_random = |bytes: &mut [u8]| cx.platform.fill_random(bytes);
    let (id, user) = (draw_credential_id(fill_random)?, &caller.user);
    let mut seed = [0; totp::SEED_BYTES];
    fill_random(&mut seed)?;
    let sealed = keys.seal(cx.platform, &seed, &place_of_seed(user.id, id)).await?;
    if !credentials::add_totp(cx.db(), changer, id, &sealed, cx.now()).await? {
        return Err(why_refused(cx, None).await);
    }
    let secret = totp::base32(&seed);
    let uri = totp::uri(&cx.config.app_name, &user.email, &secret);
    // Nothing in them has to be escaped.
    let id = id.to_string();
    let parts = [
        r#"{"credential":{"id":"#,
        &id,
        r#","type":"totp","secret":""#,
        &secret,
        r#"","uri":""#,
        &uri,
        r#""}}"#,
    ];
    Ok(Response::of_json(201, parts.concat()))
}

async fn replace_codes(
    cx: &Context<'_, impl Platform, impl Request>,
    changer: Changer<'_>,
) -> Result<Response, Error> {
    let set = draw_recovery_set(|bytes| cx.platform.fill_random(bytes))?;
    if !credentials::replace_codes(cx.db(), changer, &set.stored, cx.now()).await? {
        let no_totp = FieldErrors::of(Field::Type, Violation::NotAChoice("recovery".to_owned()));
        return Err(why_refused(cx, Some(no_totp.into())).await);
    }
    Ok(Response::of_json(201, [r#"{"recovery":"#, &set.codes, "}"].concat()))
}

async fn add_passkey(
    cx: &Context<'_, impl Platform, impl Request>,
    caller: &Caller,
    changer: Changer<'_>,
    name: &str,
    response: &serde_json::Value,
) -> Result<Response, Error> {
    let (Some(keys), Some(config)) = (&cx.config.data_keys, &cx.config.passkeys) else {
        return Err(Error::NotFound);
    };
    let user_id = caller.user.id;
    let user_handle = credentials::find_user_handle(cx.db(), user_id).await?;
    let user_handle = user_handle.unwrap_or_else(|| keys.user_handle(user_id));
    let rp = RelyingParty {
        id: &config.rp_id,
        challenge_key: &config.challenge_key,
        allows: &|origin| passkey::is_allowed(cx, &config.rp_id, origin),
    };
    let verified = registration::verify(&rp, response, user_id, &user_handle, cx.now());
    let NewPasskey { id, public_key, algorithm, counter, is_backup_eligible, transports, challenge } =
        verified.ok_or_else(invalid)?;
    let new = passkeys::NewPasskey {
        id: draw_credential_id(|bytes| cx.platform.fill_random(bytes))?,
        key: &id,
        name,
        public_key: &public_key,
        algorithm: algorithm.number(),
        counter,
        user_handle: &user_handle,
        is_backup_eligible,
        transports: &transports,
        challenge: &passkey::used(challenge),
    };
    let added = passkeys::add(cx.db(), changer, &new, cx.now()).await;
    match passkey::unless_spent(added)? {
        Some(credential) => Ok(Response::of_json(201, [r#"{"credential":"#, &credential, "}"].concat())),
        None => Err(why_refused(cx, Some(too_many())).await),
    }
}
