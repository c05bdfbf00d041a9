//! `DELETE /api/user`: deactivates the account and ends its sessions. Its data stays.

use crate::account::validate::{self, optional};
use crate::api::authenticate;
use crate::api::body;
use crate::api::rate_limit;
use crate::auth::credentials;
use crate::config::Config;
use crate::error::{Error, Field, FieldErrors, Unauthenticated};
use crate::http::client_ip::ClientIp;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::{self, Standing};

/// Answers the request. Without a current password, which is checked where there is one, a success is one statement.
///
/// # Errors
/// A token, body or current password that is not right, too many updates, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let token = authenticate::token(config, platform, request)?;
    match current_password(request).await {
        Ok(None) => {}
        proof => {
            // What is wrong with the token comes first.
            let (user, standing) = authenticate::find_active(platform.db(), &token, platform.now()).await?;
            if standing != Standing::Active {
                return Err(Unauthenticated::Invalid.into());
            }
            let client = ClientIp::of(request);
            if let Some(current_password) = proof? {
                if config.rate_limit {
                    rate_limit::check_update(platform, client, user.id).await?;
                }
                credentials::by_current_password(config, platform, client, &user, &current_password).await?;
            }
        }
    }
    if store::deactivate_user(platform.db(), &token, platform.now()).await? {
        Ok(Response::empty(204))
    } else {
        Err(authenticate::refusal(platform.db(), &token, platform.now()).await)
    }
}

async fn current_password(request: &impl Request) -> Result<Option<String>, Error> {
    let mut fields = body::read_change(request).await?;
    let mut errors = FieldErrors::default();
    let input = fields.take("current_password");
    let current_password = errors.check(Field::CurrentPassword, optional(input, validate::current_password));
    current_password.ok_or_else(|| errors.into())
}
