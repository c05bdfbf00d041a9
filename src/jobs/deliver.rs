//! Delivery of what could not be sent with the change that it tells of.

use crate::auth::notices;
use crate::config::{Config, MailConfig};
use crate::platform::Platform;

/// The most notices of one run: a transport that hangs takes ten seconds for each, and a run of the schedule has minutes.
const NOTICES: usize = 20;

/// Sends notices that are due.
pub async fn run(config: &Config, platform: &impl Platform) {
    if let Some(MailConfig { from, application, .. }) = &config.mail {
        notices::deliver(platform, from, application, NOTICES).await;
    }
}
