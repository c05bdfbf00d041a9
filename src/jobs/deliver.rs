//! Delivery of what could not be sent with the change that it tells of.

use crate::auth::{deliveries, notices};
use crate::config::{Config, MailConfig};
use crate::platform::Platform;

/// The most notices of one run: a transport that hangs takes ten seconds for each, and a run of the schedule has minutes.
const NOTICES: usize = 20;

/// The most events of one run: with two statements each, well within the thousand requests that a Worker may make. (Latchkey needs a paid
/// plan anyway, for its hashes.)
const EVENTS: usize = 200;

/// Time after which no more events are tried, in seconds: the next run begins after ten minutes.
const TIME_FOR_EVENTS: i64 = 9 * 60;

/// Sends notices and events that are due.
pub async fn run(config: &Config, platform: &impl Platform) {
    if let Some(MailConfig { from, application, .. }) = &config.mail {
        notices::deliver(platform, from, application, NOTICES).await;
    }
    if let Some(webhook) = &config.events.webhook {
        deliveries::deliver(platform, webhook, EVENTS, platform.now() + TIME_FOR_EVENTS).await;
    }
}
