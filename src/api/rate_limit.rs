//! Limits on requests of one client: coarse limits of the platform, which cost no statement. They hold for registrations,
//! logins, and updates that cost a hash or tell whether an email is taken.

use crate::error::Error;
use crate::http::client_ip::ClientIp;
use crate::platform::{Limiter, Platform};

/// Wait that a refused client is told, in seconds: the period of the bindings in `wrangler.toml`, which tell
/// nothing more exact.
const PERIOD: i64 = 60;

/// Counts a request of this client, and refuses it if there were too many, before any work is done.
///
/// # Errors
/// [`Error::Throttled`], or a fault.
pub async fn check(platform: &impl Platform, client: ClientIp) -> Result<(), Error> {
    count(platform, Limiter::Address, &client.address()).await?;
    if client.is_ipv6() {
        count(platform, Limiter::Network, &client.network()).await?;
    }
    Ok(())
}

/// Counts an update of this user by this client, and refuses it if there were too many. Of one user there may be more
/// from all addresses together, or a thief could keep the user from setting a new password.
///
/// # Errors
/// [`Error::Throttled`], or a fault.
pub async fn check_update(platform: &impl Platform, client: ClientIp, user: i64) -> Result<(), Error> {
    count(platform, Limiter::Update, &format!("{user} {}", client.address())).await?;
    count(platform, Limiter::Address, &format!("user {user}")).await?;
    check(platform, client).await
}

async fn count(platform: &impl Platform, limiter: Limiter, key: &str) -> Result<(), Error> {
    match platform.within_rate_limit(limiter, key).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Throttled { seconds: PERIOD }),
        Err(cause) => Err(Error::Fault(cause)),
    }
}
