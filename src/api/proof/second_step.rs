//! Second step: a second factor, after a first proof that was right.

use super::FirstProof;
use crate::account::user::User;
use crate::account::validate;
use crate::api::authenticate::Caller;
use crate::api::body::Fields;
use crate::api::context::Context;
use crate::api::passkey::{self, invalid};
use crate::auth::passkey::assertion::{Assertion, VerifiedAssertion};
use crate::auth::seal::Opened;
use crate::auth::second_factor::{Code, StepSecret, place_of_seed};
use crate::auth::session::{Method, Proof, methods_from_json, methods_in_json};
use crate::auth::{lockout, totp};
use crate::error::{Error, FactorRequired, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::Request;
use crate::platform::{Event, Platform};
use crate::store::events::{Recording, Report};
use crate::store::login_failures::{self, keys_in_json};
use crate::store::second_steps::{self, Attempt, Factor, Named, Proven, Refused, StepKey};

/// Issues a second step, and gives the error that asks for it.
pub(super) async fn require(
    cx: &Context<'_, impl Platform, impl Request>,
    FirstProof { user, methods, .. }: FirstProof,
    caller: Option<&Caller>,
) -> Error {
    let issue = async || {
        let (step, secret) = StepSecret::draw(user.id, |bytes| cx.platform.fill_random(bytes))?;
        let key = key_of(&step, caller);
        let accepts_passkey = cx.config.passkeys.is_some() && !is_by_passkey(&methods);
        let json = methods_in_json(&methods);
        let issued =
            second_steps::issue(cx.db(), key, user.token_version, &json, accepts_passkey, cx.now()).await?;
        // Deactivated, logged out or given another password since the first proof was found right.
        let ended = || match caller {
            Some(_) => Unauthenticated::Invalid.into(),
            None => Error::WrongCredentials,
        };
        let issued = issued.ok_or_else(ended)?;
        Ok(FactorRequired { secret, types: issued.types, expires: issued.expires })
    };
    issue().await.map_or_else(|error: Error| error, |factor| Error::FactorRequired(Box::new(factor)))
}

fn key_of<'a>(step: &'a StepSecret, caller: Option<&'a Caller>) -> StepKey<'a> {
    StepKey {
        id: &step.id,
        user_id: step.user_id,
        token_hash: &step.token_hash,
        sid: caller.map(|caller| &*caller.token.session.sid),
    }
}

fn is_by_passkey(methods: &[Method]) -> bool {
    methods.contains(&Method::SyncedPasskey) || methods.contains(&Method::DevicePasskey)
}

/// Factor that a body has.
enum Sent {
    Code(Code),
    Passkey(Assertion),
}

/// Result of comparing a factor with what is stored.
enum Verdict {
    /// Right, with its methods.
    Right(Proven, Vec<Method>),
    Wrong(Violation),
    /// No code can be right: the seed can't be opened.
    Sealed,
}

/// Verifies it, and gives the user, and both proofs as one: one call to count the try and find the factor, one to record its use.
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    mut fields: Fields,
    caller: Option<&Caller>,
) -> Result<(User, Proof), Error> {
    let mut errors = FieldErrors::default();
    let secret = errors.check(Field::Secret, validate::secret(fields.take("secret")));
    let sent = if fields.has("code") {
        errors
            .check(Field::Code, validate::code(fields.take("code")))
            .map(|code| Sent::Code(Code::read(&code)))
    } else {
        let response = passkey::response(&mut fields, "passkey")?;
        Some(Sent::Passkey(Assertion::parse(&response).ok_or_else(invalid)?))
    };
    let (Some(secret), Some(sent)) = (secret, sent) else { return Err(errors.into()) };
    let unknown_secret = || Error::from(FieldErrors::of(Field::Secret, Violation::InvalidSecret));
    let step = StepSecret::read(&secret).ok_or_else(unknown_secret)?;
    let key = key_of(&step, caller);
    if caller.is_some_and(|caller| caller.user.id != step.user_id) {
        return Err(unknown_secret());
    }
    let (lockout, client_ip) = (&cx.config.passwords.lockout, cx.client_ip().rate_limit_key());
    let failures = lockout.factor_keys(&client_ip, step.user_id);
    let factor = match &sent {
        Sent::Code(Code::App(_)) => Factor::App,
        Sent::Code(Code::Recovery(hash)) => Factor::Recovery(hash),
        Sent::Code(Code::Other) => Factor::Unknown,
        Sent::Passkey(assertion) => Factor::Passkey(assertion.credential_id()),
    };
    let attempt = match second_steps::attempt(cx.db(), key, &failures, factor, cx.now()).await? {
        Ok(attempt) => attempt,
        Err(Refused::Unknown) => return Err(unknown_secret()),
        Err(Refused::LockedUntil(until)) => return Err(lockout::throttled(until, cx.now())),
    };
    let Attempt { methods, email, named } = attempt;
    let mut methods = methods_from_json(&methods);
    let (proven, more) = match check(cx, step.user_id, &sent, named, is_by_passkey(&methods)).await? {
        Verdict::Right(proven, more) => (proven, more),
        Verdict::Wrong(violation) => return note_wrong(cx, step.user_id, violation).await,
        Verdict::Sealed => {
            // No guess at anything.
            second_steps::retract(cx.db(), &step.id).await?;
            login_failures::retract(cx.db(), &failures, cx.now()).await?;
            cx.platform.log(&Event::SealedSeed { user: step.user_id });
            return Err(error(Violation::InvalidCode));
        }
    };
    let user_keys = lockout.user_keys(&client_ip, step.user_id);
    let cleared = keys_in_json(&[lockout.keys(&client_ip, &email), user_keys, failures]);
    let report = cx.report();
    let finished = second_steps::finish(cx.db(), key, &proven, &cleared, &report, cx.now()).await;
    // Used before, or a moment ago.
    let user = passkey::unless_spent(finished)?.ok_or_else(|| match &sent {
        Sent::Code(_) => error(Violation::InvalidCode),
        Sent::Passkey(_) => invalid(),
    })?;
    if matches!(proven, Proven::Recovery { .. }) {
        cx.deliver_later(&report);
    }
    methods.extend(more);
    methods.push(Method::TwoFactors);
    Ok((user, Proof { at: cx.now(), methods }))
}

/// Compares a factor with what is stored. After a first proof by a passkey another one is no second factor.
async fn check(
    cx: &Context<'_, impl Platform, impl Request>,
    user_id: i64,
    sent: &Sent,
    named: Option<Named>,
    is_after_passkey: bool,
) -> Result<Verdict, Error> {
    Ok(match (sent, named) {
        (Sent::Code(Code::App(code)), Some(Named::App(id, seed))) => {
            check_app(cx, user_id, id, &seed, code).await?
        }
        (Sent::Code(_), Some(Named::Recovery(id))) => {
            Verdict::Right(Proven::Recovery { id }, vec![Method::Code])
        }
        (Sent::Code(_), _) => Verdict::Wrong(Violation::InvalidCode),
        (Sent::Passkey(assertion), Some(Named::Passkey(stored))) if !is_after_passkey => {
            match passkey::verify(cx, assertion, &stored, false).await? {
                None => Verdict::Wrong(Violation::InvalidPasskey),
                Some(VerifiedAssertion { challenge, counter, is_user_verified }) => Verdict::Right(
                    Proven::Passkey { id: stored.id, counter, challenge: passkey::used(challenge) },
                    passkey::methods(stored.is_backup_eligible, is_user_verified),
                ),
            }
        }
        (Sent::Passkey(_), Some(_)) => Verdict::Wrong(Violation::InvalidPasskey),
        (Sent::Passkey(_), None) => Verdict::Wrong(Violation::UnknownPasskey),
    })
}

async fn check_app(
    cx: &Context<'_, impl Platform, impl Request>,
    user_id: i64,
    id: i64,
    sealed_seed: &str,
    code: &str,
) -> Result<Verdict, Error> {
    let Some(keys) = &cx.config.data_keys else { return Ok(Verdict::Sealed) };
    let place = place_of_seed(user_id, id);
    let Some(Opened { bytes: seed, is_outdated }) = keys.open(cx.platform, sealed_seed, &place).await? else {
        return Ok(Verdict::Sealed);
    };
    let Some(step) = totp::matching_step(&seed, code, cx.now()) else {
        return Ok(Verdict::Wrong(Violation::InvalidCode));
    };
    let resealed = if is_outdated { Some(keys.seal(cx.platform, &seed, &place).await?) } else { None };
    Ok(Verdict::Right(Proven::App { id, step, resealed }, vec![Method::Code]))
}

/// Tells the user of a wrong second factor, and gives its error.
async fn note_wrong<T>(
    cx: &Context<'_, impl Platform, impl Request>,
    user_id: i64,
    violation: Violation,
) -> Result<T, Error> {
    let report = Report { recording: Recording::Off, ..cx.minor_report() };
    if report.has_notices {
        second_steps::note_wrong(cx.db(), user_id, &report.origin, cx.now()).await?;
        cx.deliver_later(&report);
    }
    Err(error(violation))
}

fn error(violation: Violation) -> Error {
    let field = if violation == Violation::InvalidCode { Field::Code } else { Field::Passkey };
    FieldErrors::of(field, violation).into()
}
