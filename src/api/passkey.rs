//! Passkeys, as requests have them.

use serde::Serialize;
use serde_json::Value;

use super::body::Fields;
use super::context::Context;
use crate::account::user::User;
use crate::auth::passkey::RelyingParty;
use crate::auth::passkey::assertion::{Assertion, StoredPasskey, VerifiedAssertion};
use crate::auth::passkey::challenge::{self, Ceremony, Challenge};
use crate::auth::session::Method;
use crate::config::PasskeyConfig;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Request;
use crate::platform::{Platform, SignatureAlgorithm};
use crate::store::DbError;
use crate::store::passkeys::{Passkey, UsedChallenge};

/// Time that a browser gives its user, in milliseconds.
const TIMEOUT: &str = "300000";

/// Options for the use of any passkey, in JSON (`PublicKeyCredentialRequestOptionsJSON`); `None` if the deployment accepts none.
pub(super) fn request_options(
    cx: &Context<'_, impl Platform, impl Request>,
) -> Result<Option<String>, Error> {
    let Some(PasskeyConfig { rp_id, challenge_key }) = &cx.config.passkeys else { return Ok(None) };
    let fill_random = |bytes: &mut [u8]| cx.platform.fill_random(bytes);
    let challenge = challenge::draw(challenge_key, Ceremony::Authentication, cx.now(), fill_random)?;
    // Nothing in them has to be escaped.
    let parts = [
        r#"{"challenge":""#,
        &challenge,
        r#"","timeout":"#,
        TIMEOUT,
        r#","rpId":""#,
        rp_id,
        r#"","userVerification":"preferred"}"#,
    ];
    Ok(Some(parts.concat()))
}

/// Parts of the options for a new passkey that a user or the operator has chosen.
#[derive(Serialize)]
struct Names<'a> {
    rp: RelyingPartyEntity<'a>,
    user: UserEntity<'a>,
}

#[derive(Serialize)]
struct RelyingPartyEntity<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserEntity<'a> {
    id: &'a str,
    name: &'a str,
    display_name: &'a str,
}

/// Options for a new passkey of a user, in JSON (`PublicKeyCredentialCreationOptionsJSON`), who has passkeys with these
/// descriptors, in JSON; `None` if none can be added.
pub(super) fn creation_options(
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    user_handle: Option<String>,
    known: &str,
) -> Result<Option<String>, Error> {
    let (Some(keys), Some(PasskeyConfig { rp_id, challenge_key })) =
        (&cx.config.data_keys, &cx.config.passkeys)
    else {
        return Ok(None);
    };
    let user_handle = user_handle.unwrap_or_else(|| keys.user_handle(user.id));
    let fill_random = |bytes: &mut [u8]| cx.platform.fill_random(bytes);
    let ceremony = Ceremony::Registration { user_id: user.id, user_handle: &user_handle };
    let challenge = challenge::draw(challenge_key, ceremony, cx.now(), fill_random)?;
    let names = Names {
        rp: RelyingPartyEntity { id: rp_id, name: &cx.config.app_name },
        user: UserEntity { id: &user_handle, name: &user.email, display_name: &user.username },
    };
    let names = serde_json::to_string(&names).unwrap_or_default(); // strings always serialize
    let parts = [
        names.trim_end_matches('}'),
        r#"},"challenge":""#,
        &challenge,
        r#"","pubKeyCredParams":[{"type":"public-key","alg":-8},{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}],"timeout":"#,
        TIMEOUT,
        r#","excludeCredentials":"#,
        known,
        r#","authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"preferred"},"attestation":"none"}"#,
    ];
    Ok(Some(parts.concat()))
}

/// Takes the response of an authenticator out of a body.
pub(super) fn response(fields: &mut Fields, name: &str) -> Result<Value, Error> {
    let field = if name == "response" { Field::Response } else { Field::Passkey };
    let violation = match fields.take_value(name) {
        None => Violation::Required,
        Some(Value::Null) => Violation::Null,
        Some(response @ Value::Object(_)) => return Ok(response),
        Some(_) => return Err(invalid()),
    };
    Err(FieldErrors::of(field, violation).into())
}

/// The error of a response that is not what was asked for.
pub(super) fn invalid() -> Error {
    FieldErrors::of(Field::Passkey, Violation::InvalidPasskey).into()
}

/// The error of a passkey that no user has: the browser can be told to forget it.
pub(super) fn unknown() -> Error {
    FieldErrors::of(Field::Passkey, Violation::UnknownPasskey).into()
}

/// The result of a batch that spends a challenge, or the error if that was spent before.
pub(super) fn unless_spent<T>(result: Result<T, DbError>) -> Result<T, Error> {
    result.map_err(|error| match error {
        DbError::Unique { .. } => invalid(),
        error => error.into(),
    })
}

/// A challenge that was answered, as the database takes it.
pub(super) fn used(Challenge { nonce, expires_at }: Challenge) -> UsedChallenge {
    UsedChallenge { nonce, expires_at }
}

/// Methods of a factor that is a passkey.
pub(super) fn methods(is_backup_eligible: bool, is_user_verified: bool) -> Vec<Method> {
    let key = if is_backup_eligible { Method::SyncedPasskey } else { Method::DevicePasskey };
    [Some(key), is_user_verified.then_some(Method::UserVerification)].into_iter().flatten().collect()
}

/// Verifies the response of a passkey; `None` if it is not what was asked for, or the deployment accepts none.
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    assertion: &Assertion,
    stored: &Passkey,
    needs_user_handle: bool,
) -> Result<Option<VerifiedAssertion>, Error> {
    let Some(PasskeyConfig { rp_id, challenge_key }) = &cx.config.passkeys else { return Ok(None) };
    let Some(algorithm) = SignatureAlgorithm::from_number(stored.algorithm) else { return Ok(None) };
    let rp = RelyingParty { id: rp_id, challenge_key, allows: &|origin| is_allowed(cx, rp_id, origin) };
    let stored = StoredPasskey {
        public_key: stored.public_key.clone(),
        algorithm,
        counter: stored.counter,
        is_backup_eligible: stored.is_backup_eligible,
        user_handle: stored.user_handle.clone(),
    };
    assertion.verify(cx.platform, &rp, &stored, needs_user_handle, cx.now()).await
}

/// Tells whether pages of an origin may use passkeys: those of the configuration, and the Worker's own, if its host is the
/// relying party or under it, over HTTPS, or on this machine.
pub(super) fn is_allowed(cx: &Context<'_, impl Platform, impl Request>, rp_id: &str, origin: &str) -> bool {
    if cx.config.cors.lists(origin) {
        return true;
    }
    let authority = cx.request.authority();
    let host = authority.split(':').next().unwrap_or_default();
    let is_under = host == rp_id || host.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.'));
    let scheme = if cx.request.is_https() { "https://" } else { "http://" };
    let is_secure = cx.request.is_https() || host == "localhost";
    is_under && is_secure && origin.strip_prefix(scheme) == Some(authority)
}
