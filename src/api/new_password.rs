//! Refusal of new passwords that are easily guessed.

use super::context::Context;
use crate::account::password::Password;
use crate::auth::blocklist::{self, Words};
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::Request;
use crate::platform::Platform;

/// Adds the first violation of the blocklist, if the deployment has one. `email` and `username` are those that the user
/// will have.
///
/// # Errors
/// [`Error::Internal`] if the list of common passwords can't be read: then no password is taken unchecked.
pub(super) async fn check(
    errors: &mut FieldErrors,
    cx: &Context<'_, impl Platform, impl Request>,
    password: &Password,
    email: Option<&str>,
    username: Option<&str>,
) -> Result<(), Error> {
    if !cx.config.passwords.has_blocklist {
        return Ok(());
    }
    let words = Words { email, username, app_name: &cx.config.app_name };
    if let Some(violation) = blocklist::similar(password, &words, &|text| cx.platform.to_nfc(text)) {
        errors.add(Field::Password, violation);
        return Ok(());
    }
    let common = cx.platform.read_asset(blocklist::COMMON_PASSWORDS).await.map_err(Error::Internal)?;
    if blocklist::is_common(password, &common) {
        errors.add(Field::Password, Violation::TooCommon);
    }
    Ok(())
}
