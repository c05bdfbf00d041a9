//! `PUT` and `PATCH /api/user`: changes the fields that are sent, and keeps the others.

use crate::account::password::Password;
use crate::account::profile::{PROFILE, ProfilePatch};
use crate::account::user::{User, UserPatch};
use crate::account::validate::{self, RawField, Rule, optional};
use crate::api::authenticate::{self, Caller};
use crate::api::body::{self, Fields};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::api::mailed_secret::{self, Verification};
use crate::api::{conflict, new_password, rate_limit, user_response};
use crate::auth::current_password;
use crate::auth::session::{Proof, RECENT};
use crate::auth::token::VerifiedToken;
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::secrets::NewSecret;
use crate::store::sessions::Standing;
use crate::store::users;
use crate::store::{DbError, email};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user",
    operations: &[
        Operation {
            method: "PATCH",
            id: "updateUser",
            summary: "Change the fields that are sent. A new password ends the user's other sessions",
        },
        Operation { method: "PUT", id: "replaceUser", summary: "As PATCH" },
    ],
    feature: None,
    tag: Tag::Account,
    authentication: Authentication::Token,
    rate_limit: RateLimit::User,
    input: Some(Input {
        name: "UserPatch",
        rules,
        is_patch: true,
        example: r#"{"user":{"bio":"I keep the keys."}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::User {
        status: 200,
        description: "The user as it is now",
        has_profile: true,
        may_have_mail: true,
    },
    failures: &[body::MISSING_USER, authenticate::OLD_PROOF],
};

fn rules() -> Vec<&'static Rule> {
    let account = [&validate::EMAIL, &validate::USERNAME, &validate::PASSWORD];
    let profile = PROFILE.iter().map(|field| &field.rule);
    account.into_iter().chain(profile).chain([&validate::CURRENT_PASSWORD]).collect()
}

/// Handles the request: one statement to find the user, one to change them; before a hash is computed, one more to see
/// what is taken. A new password refuses every token before it.
///
/// # Errors
/// [`Error::Unauthenticated`], those of [`body::read_change`], invalid or taken fields, [`Error::ReauthenticationRequired`],
/// a wrong current password, or too many updates.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut caller = authenticate::authenticate(cx).await?;
    let update = parse(body::read_change(cx.request).await?, cx, &caller.user).await?;
    if update.is_empty() {
        if update.is_cancellation && cx.config.has(Feature::Mail) {
            email::cancel(cx.db(), caller.token.key(), cx.now()).await?;
        }
        return user_response::of_caller(cx, &caller);
    }
    // Updates that cost a hash, tell what is taken, or leave an event.
    let current_password = update.current_password.as_ref();
    let is_new_email = update.patch.email.is_some();
    let is_new_name = is_new_email || update.patch.username.is_some();
    if is_new_name || update.password.is_some() || current_password.is_some() {
        rate_limit::check_update(cx, caller.user.id).await?;
    }
    let has_mail = cx.config.has(Feature::Mail);
    let is_proved_within = |max_age| caller.is_proved_within(max_age, cx.now());
    let max_age_for_email = if has_mail { Some(RECENT) } else { cx.config.proof_max_age };
    let is_proved = (!is_new_email || is_proved_within(max_age_for_email))
        && (update.password.is_none() || is_proved_within(cx.config.proof_max_age));
    // Of a user with a second factor it is checked, and does not count.
    let counts = current_password.is_some() && !caller.has_second_factor;
    if !counts && !is_proved {
        return Err(Error::ReauthenticationRequired);
    }
    if let Some(password) = current_password {
        let client_ip = cx.client_ip().rate_limit_key();
        let policy = &cx.config.passwords;
        let field = Field::CurrentPassword;
        current_password::verify(policy, cx.platform, &client_ip, &caller.user, field, password).await?;
    }
    if counts {
        caller.token.session.proof = Some(Proof::of_password(cx.now()));
    }
    let sent = apply(cx, &mut caller, update).await?;
    let response = if counts && caller.standing == Standing::Active {
        user_response::with_new_proof(200, cx, &caller.user, &caller.token.session)?
    } else {
        user_response::of_caller(cx, &caller)?
    };
    Ok(match sent {
        Some((verification, expires)) => verification.send(cx, caller.user.id, &expires, response),
        None => response,
    })
}

/// Applies the changes. Gives the verification of a new email that was issued, and the end of its code.
async fn apply(
    cx: &Context<'_, impl Platform, impl Request>,
    Caller { user, token, standing, .. }: &mut Caller,
    Update { mut patch, password, current_password, .. }: Update,
) -> Result<Option<(Verification, String)>, Error> {
    let (db, key) = (cx.db(), token.key());
    if let Some(password) = &password {
        let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
        let mut errors = FieldErrors::default();
        conflict::add_taken(&mut errors, db, email, username, Some(user.id)).await?;
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let hash = errors.check(Field::Password, new_password::hash(cx, password).await?);
        patch.password = Some(hash.ok_or(errors)?);
    }
    let verification = match &patch.email {
        Some(email) => Verification::draw(cx, email)?,
        None => None,
    };
    let secret = verification.as_ref().map(Verification::secret);
    let report = cx.report();
    match users::update(db, key, &patch, current_password.is_none(), secret, &report, cx.now()).await {
        Ok(Some(updated)) => {
            *user = updated.user;
            cx.record_as_of(user.token_version);
            if password.is_some() || patch.email.is_some() || patch.username.is_some() {
                cx.deliver_later(&report);
            }
            // The response to a new password has a fresh token, whatever this one is good for by now.
            *standing = if password.is_some() { Standing::Active } else { updated.standing };
            Ok(verification.zip(updated.expires))
        }
        Ok(None) => Err(why_refused(cx, user, token, &patch, secret).await),
        Err(DbError::Unique { column }) => {
            let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
            Err(conflict::from_constraint(db, column, email, username, Some(user.id)).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// The error of an update that matched no row: a new email that waits is another user's, a limit of mail is reached, or the user
/// was deactivated, deleted or logged out since the token was checked.
async fn why_refused(
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
    token: &VerifiedToken,
    patch: &UserPatch,
    secret: Option<&NewSecret>,
) -> Error {
    if let (Some(email), Some(secret)) = (&patch.email, secret) {
        let refused = async || {
            let mut errors = FieldErrors::default();
            conflict::add_taken(&mut errors, cx.db(), Some(email), patch.username.as_deref(), Some(user.id))
                .await?;
            if !errors.is_empty() {
                return Err(errors.into());
            }
            let wait = mailed_secret::wait_for_verification(cx, user.id, email, secret).await?;
            if wait > 0 { Err(Error::Throttled { seconds: wait }) } else { Ok(()) }
        };
        if let Err(error) = refused().await {
            return error;
        }
    }
    authenticate::why_rejected(cx, token).await
}

/// Changes that a request asks for.
struct Update {
    /// Changes without the password.
    patch: UserPatch,
    /// New password.
    password: Option<Password>,
    /// `true` if an address that waits is to be dropped, and nothing else changed.
    is_cancellation: bool,
    /// Proof of the change, if it changes what a proof is for.
    current_password: Option<Password>,
}

impl Update {
    fn is_empty(&self) -> bool {
        self.patch == UserPatch::default() && self.password.is_none()
    }
}

async fn parse(
    mut fields: Fields,
    cx: &Context<'_, impl Platform, impl Request>,
    user: &User,
) -> Result<Update, Error> {
    let mut errors = FieldErrors::default();
    let is_email_only = fields.has_only("email");
    let to_ascii = |domain: &str| cx.platform.normalize_domain(domain);
    let to_nfc = |text: &str| cx.platform.to_nfc(text);
    let email = optional(fields.take("email"), |input| validate::email(input, to_ascii));
    let email = errors.check(Field::Email, email).flatten();
    let is_cancellation = is_email_only && email.as_ref() == Some(&user.email);
    // Written, it could undo another request's change, with no proof asked for.
    let email = email.filter(|email| *email != user.email);
    let username = match fields.take("username") {
        // A name from before a rule is no new name.
        RawField::Text(name) if name == user.username => None,
        input => errors.check(Field::Username, optional(input, validate::username)).flatten(),
    };
    let min_length = cx.config.passwords.min_length;
    let password = optional(fields.take("password"), |input| validate::password(input, min_length, &to_nfc));
    let password = errors.check(Field::Password, password).flatten();
    if let Some(password) = &password {
        let email = email.as_ref().unwrap_or(&user.email);
        let username = username.as_ref().unwrap_or(&user.username);
        new_password::check(&mut errors, cx, password, Some(email), Some(username)).await?;
    }
    let mut profile = ProfilePatch::default();
    for (field, change) in PROFILE.iter().zip(&mut profile) {
        let input = optional(fields.take(field.name()), |input| field.check(input));
        *change = errors.check(field.rule.field, input).flatten();
    }
    let current_password =
        optional(fields.take("current_password"), |input| validate::current_password(input, &to_nfc));
    let current_password = errors.check(Field::CurrentPassword, current_password).flatten();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let is_proof = email.is_some() || username.is_some() || password.is_some();
    let current_password = current_password.filter(|_| is_proof);
    Ok(Update {
        patch: UserPatch { email, username, password: None, profile },
        password,
        is_cancellation,
        current_password,
    })
}
