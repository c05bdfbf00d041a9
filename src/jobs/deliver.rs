//! Delivery of notices that could not be sent with the change that they tell of.

use crate::auth::notices;
use crate::config::MailConfig;
use crate::platform::Platform;

/// The most notices of one run: a transport that hangs takes ten seconds for each, and a run of the schedule has minutes.
const NOTICES: usize = 20;

/// Sends notices that are due.
pub async fn run(MailConfig { from, application, .. }: &MailConfig, platform: &impl Platform) {
    notices::deliver(platform, from, application, NOTICES).await;
}
