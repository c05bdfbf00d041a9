//! `DELETE /api/user`: deactivates the account and ends its sessions. Its data stays.

use crate::auth;
use crate::config::Config;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store;

/// Answers the request. On success this is one statement.
///
/// # Errors
/// What is wrong with the token, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let token = auth::token(config, platform, request)?;
    if store::deactivate_user(platform.db(), &token, platform.now()).await? {
        Ok(Response::empty(204))
    } else {
        Err(auth::refusal(platform.db(), &token, platform.now()).await)
    }
}
