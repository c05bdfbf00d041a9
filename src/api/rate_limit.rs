//! Limits on requests of one client: coarse limits of the platform, which cost no statement. They hold for registrations,
//! logins, and updates that cost a hash or tell whether an email is taken.

use super::context::Context;
use crate::error::Error;
use crate::http::Request;
use crate::platform::{Limiter, Platform};

/// Wait that a refused client is told, in seconds: the period of the bindings in `wrangler.toml`, which tell
/// nothing more exact.
const PERIOD: i64 = 60;

/// Counts a request of this client, and refuses it if there were too many, before any work is done.
///
/// # Errors
/// [`Error::Throttled`], or [`Error::Internal`] if a limiter is not bound.
pub async fn check(cx: &Context<'_, impl Platform, impl Request>) -> Result<(), Error> {
    if !cx.config.rate_limit {
        return Ok(());
    }
    let client_ip = cx.client_ip();
    count(cx.platform, Limiter::ClientIp, &client_ip.rate_limit_key()).await?;
    if client_ip.is_ipv6() {
        count(cx.platform, Limiter::Network, &client_ip.network_key()).await?;
    }
    Ok(())
}

/// Counts an update of this user by this client, and refuses it if there were too many. Of one user there may be more
/// from all client IPs together, or a thief could keep the user from setting a new password.
///
/// # Errors
/// [`Error::Throttled`], or [`Error::Internal`] if a limiter is not bound.
pub async fn check_update(cx: &Context<'_, impl Platform, impl Request>, user: i64) -> Result<(), Error> {
    if !cx.config.rate_limit {
        return Ok(());
    }
    let client_ip = cx.client_ip().rate_limit_key();
    count(cx.platform, Limiter::Update, &format!("{user} {client_ip}")).await?;
    count(cx.platform, Limiter::ClientIp, &format!("user {user}")).await?;
    check(cx).await
}

async fn count(platform: &impl Platform, limiter: Limiter, key: &str) -> Result<(), Error> {
    match platform.check_rate_limit(limiter, key).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Throttled { seconds: PERIOD }),
        Err(cause) => Err(Error::Internal(cause)),
    }
}
