//! `GET /api/user`: the user of the token. One statement, by primary key, and no write, on the nearest replica
//! of the database; a second one on the primary if that knows no such user or session.

use crate::api::authenticate;
use crate::api::caller_response;
use crate::config::Config;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;

/// Answers the request.
///
/// # Errors
/// A token that is not right, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let caller = authenticate::authenticate_reader(config, platform, request).await?;
    caller_response(config, platform, request, &caller)
}
