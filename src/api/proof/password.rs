//! Proof by the password: with the email for a login, alone for the renewal of a session's proof.

use super::FirstProof;
use crate::account::validate;
use crate::api::authenticate::Caller;
use crate::api::body::Fields;
use crate::api::context::Context;
use crate::auth::session::Method;
use crate::auth::{credentials, current_password};
use crate::error::{Error, Field, FieldErrors};
use crate::http::Request;
use crate::platform::Platform;

/// Verifies it, and defers the rehash of an outdated hash.
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    mut fields: Fields,
    caller: Option<&Caller>,
) -> Result<FirstProof, Error> {
    let mut errors = FieldErrors::default();
    let email = match caller {
        None => {
            let email =
                validate::login_email(fields.take("email"), |domain| cx.platform.normalize_domain(domain));
            errors.check(Field::Email, email)
        }
        Some(_) => None,
    };
    let password = validate::login_password(fields.take("password"), &|text| cx.platform.to_nfc(text));
    let password = errors.check(Field::Password, password);
    let (client_ip, policy) = (cx.client_ip().rate_limit_key(), &cx.config.passwords);
    let methods = vec![Method::Password];
    match (caller, email, password) {
        (Some(Caller { user, .. }), _, Some(password)) => {
            let field = Field::Password;
            let has_second_factor =
                current_password::verify(policy, cx.platform, &client_ip, user, field, &password).await?;
            Ok(FirstProof { user: user.clone(), methods, has_second_factor })
        }
        (None, Some(email), Some(password)) => {
            let verified = credentials::verify(policy, cx.platform, &client_ip, &email, &password).await?;
            if let Some(rehash) = verified.rehash {
                cx.rehash_later(rehash);
            }
            Ok(FirstProof { user: verified.user, methods, has_second_factor: verified.has_second_factor })
        }
        _ => Err(errors.into()),
    }
}
