//! `PUT` and `PATCH /api/user`: changes what the user of the token sends, and keeps the rest.

use crate::account::user::{User, UserPatch};
use crate::account::validate::{self, Input, optional};
use crate::api::authenticate::{self, Caller};
use crate::api::body::{self, Fields};
use crate::api::rate_limit;
use crate::api::{add_taken, caller_response, conflict};
use crate::auth::credentials;
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors};
use crate::http::client_ip::ClientIp;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::db::DbError;
use crate::store::{self, Standing};

/// Answers the request: one statement to find the user, one to change them; before a hash is computed, one more to see
/// what is taken. A new password refuses every token before it.
///
/// # Errors
/// A token, body, fields or current password that are not right, too many updates, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let mut caller = authenticate::authenticate(config, platform, request).await?;
    let Update { patch, current_password } =
        parse(body::read_change(request).await?, platform, &caller.user)?;
    if patch == UserPatch::default() {
        return caller_response(config, platform, request, &caller);
    }
    let client = ClientIp::of(request);
    // What costs a hash, or tells whether an email is taken.
    let is_new_email = patch.email.as_ref().is_some_and(|email| *email != caller.user.email);
    if config.rate_limit && (is_new_email || patch.password.is_some() || current_password.is_some()) {
        rate_limit::check_update(platform, client, caller.user.id).await?;
    }
    if let Some(current_password) = &current_password {
        credentials::by_current_password(config, platform, client, &caller.user, current_password).await?;
    }
    update(config, platform, &mut caller, patch, current_password.is_none()).await?;
    caller_response(config, platform, request, &caller)
}

async fn update(
    config: &Config,
    platform: &impl Platform,
    Caller { user, token, standing }: &mut Caller,
    mut patch: UserPatch,
    has_grace: bool,
) -> Result<(), Error> {
    let db = platform.db();
    let is_new_password = patch.password.is_some();
    if let Some(password) = &patch.password {
        let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
        let mut errors = FieldErrors::default();
        add_taken(&mut errors, db, email, username, Some(user.id)).await?;
        if !errors.is_empty() {
            return Err(errors.into());
        }
        patch.password = Some(config.hasher.hash(password, |bytes| platform.fill_random(bytes))?);
    }
    match store::update_user(db, token, &patch, has_grace, platform.now()).await {
        Ok(Some((updated, now_good_for))) => {
            *user = updated;
            // The answer to a new password has a fresh token, whatever this one is good for by now.
            *standing = if is_new_password { Standing::Active } else { now_good_for };
            Ok(())
        }
        // Deactivated, deleted or logged out since the token was checked.
        Ok(None) => Err(authenticate::refusal(db, token, platform.now()).await),
        Err(DbError::Unique { column }) => {
            let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
            Err(conflict(db, column, email, username, Some(user.id)).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes that a request asks for.
struct Update {
    patch: UserPatch,
    /// The proof of the change, if it changes what a proof is for.
    current_password: Option<String>,
}

fn parse(mut fields: Fields, platform: &impl Platform, user: &User) -> Result<Update, FieldErrors> {
    let mut errors = FieldErrors::default();
    let to_ascii = |domain: &str| platform.domain_to_ascii(domain);
    let email = optional(fields.take("email"), |input| validate::email(input, to_ascii));
    let email = errors.check(Field::Email, email);
    let username = match fields.take("username") {
        // A name from before a rule is no new name.
        Input::Text(name) if name == user.username => Some(Some(name)),
        input => errors.check(Field::Username, optional(input, validate::username)),
    };
    let password = errors.check(Field::Password, optional(fields.take("password"), validate::password));
    let bio = errors.check(Field::Bio, optional(fields.take("bio"), validate::bio));
    let image = errors.check(Field::Image, optional(fields.take("image"), validate::image));
    let current_password = optional(fields.take("current_password"), validate::current_password);
    let current_password = errors.check(Field::CurrentPassword, current_password);
    match (email, username, password, bio, image, current_password) {
        (Some(email), Some(username), Some(password), Some(bio), Some(image), Some(current_password)) => {
            let is_new = |new: &Option<String>, current: &str| new.as_ref().is_some_and(|new| new != current);
            let is_proof =
                is_new(&email, &user.email) || is_new(&username, &user.username) || password.is_some();
            let current_password = current_password.filter(|_| is_proof);
            Ok(Update { patch: UserPatch { email, username, password, bio, image }, current_password })
        }
        _ => Err(errors),
    }
}
