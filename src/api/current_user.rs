//! `GET /api/user`: the user of the token. One statement, by primary key, and no write, on the nearest copy
//! of the database; a second one on the primary if that knows no such user or session.

use crate::api::user_response;
use crate::auth;
use crate::config::Config;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;

/// Answers the request.
///
/// # Errors
/// What is wrong with the token, or a fault.
pub async fn handle(
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Response, Error> {
    let (user, token) = auth::authenticate_reader(config, platform, request).await?;
    user_response(200, config, platform, &user, &token.session)
}
