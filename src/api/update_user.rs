//! `PUT` and `PATCH /api/user`: changes what the user of the token sends, and keeps the rest.

use crate::api::body::{self, Fields};
use crate::api::{Rejected, conflict, user_response};
use crate::auth;
use crate::config::Config;
use crate::db::DbError;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store;
use crate::token::Token;
use crate::user::{User, UserPatch};
use crate::validate::{self, optional};

/// Answers the request: one statement to find the user, one to change them. A new password ends the user's
/// other sessions.
///
/// # Errors
/// What is wrong with the token, the body or its fields, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let (user, token) = auth::authenticate(config, platform, request).await?;
    let patch = match parse(body::read(request).await?) {
        Ok(patch) => patch,
        Err(rejected) => return Err(rejected.into_error(platform.db(), Some(user.id)).await),
    };
    let user =
        if patch == UserPatch::default() { user } else { update(config, platform, &token, patch).await? };
    user_response(200, config, platform, &user, &token.session)
}

async fn update(
    config: &Config,
    platform: &impl Platform,
    token: &Token,
    mut patch: UserPatch,
) -> Result<User, Error> {
    let db = platform.db();
    if let Some(password) = &patch.password {
        patch.password = Some(config.hasher.hash(password, |bytes| platform.fill_random(bytes))?);
    }
    match store::update_user(db, token, &patch, platform.now()).await {
        Ok(Some(user)) => Ok(user),
        // Deactivated, deleted or logged out since the token was checked.
        Ok(None) => Err(auth::refusal(db, token).await),
        Err(DbError::Unique { column }) => {
            let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
            Err(conflict(db, column, email, username, Some(token.user)).await)
        }
        Err(error) => Err(error.into()),
    }
}

fn parse(mut fields: Fields) -> Result<UserPatch, Rejected> {
    let mut errors = FieldErrors::default();
    let email = errors.check(Field::Email, optional(fields.take("email"), validate::email));
    let username = errors.check(Field::Username, optional(fields.take("username"), validate::username));
    let password = errors.check(Field::Password, optional(fields.take("password"), validate::password));
    let bio = errors.check(Field::Bio, optional(fields.take("bio"), validate::bio));
    let image = errors.check(Field::Image, optional(fields.take("image"), validate::image));
    match (email, username, password, bio, image) {
        (Some(email), Some(username), Some(password), Some(bio), Some(image)) => {
            Ok(UserPatch { email, username, password, bio, image })
        }
        (email, username, ..) => {
            Err(Rejected { errors, email: email.flatten(), username: username.flatten() })
        }
    }
}
