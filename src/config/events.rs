//! `EVENTS_DAYS`, `WEBHOOK_URL`, `WEBHOOK_SECRET` and `WEBHOOK_SECRET_PREVIOUS`.

use super::variables::Variables;
use crate::auth::deliveries::Webhook;
use crate::auth::webhook::WebhookKey;
use crate::http::is_local_authority;
use crate::store::DAY;
use crate::store::events::Recording;

/// Time for which events are kept, in days.
const DEFAULT_DAYS: i64 = 400;
const MAX_DAYS: i64 = 3_650;

/// The least with a webhook: an event is sent for more than three days.
const MIN_DAYS_OF_WEBHOOK: i64 = 4;

/// Events of a deployment.
#[derive(Debug, Clone)]
pub struct EventsConfig {
    are_written: bool,
    /// `EVENTS_DAYS`, in seconds: the age at which they are purged.
    pub max_age: i64,
    /// `WEBHOOK_URL`, if it is set, with `WEBHOOK_SECRET` and `WEBHOOK_SECRET_PREVIOUS`.
    pub webhook: Option<Webhook>,
}

impl EventsConfig {
    /// Recording of events.
    pub const fn recording(&self) -> Recording {
        match self {
            Self { webhook: Some(_), .. } => Recording::Sent,
            Self { are_written: true, .. } => Recording::On,
            Self { are_written: false, .. } => Recording::Off,
        }
    }
}

/// Reads the configuration of events. `has_staff` tells whether staff can read them.
pub(super) fn read(variables: &mut Variables<'_>, has_staff: bool) -> Option<EventsConfig> {
    let days = variables.read("EVENTS_DAYS", days);
    let url = variables.read("WEBHOOK_URL", webhook_url);
    let current = variables.read("WEBHOOK_SECRET", |value| key("WEBHOOK_SECRET", value));
    let previous = variables.read("WEBHOOK_SECRET_PREVIOUS", |value| key("WEBHOOK_SECRET_PREVIOUS", value));
    let (days, url, current, previous) = (days?, url?, current?, previous?);
    let webhook = match (url, current) {
        (Some(url), Some(current)) => {
            Some(Webhook { url, keys: [Some(current), previous].into_iter().flatten().collect() })
        }
        (Some(_), None) => {
            variables.problems.push(
                "WEBHOOK_URL is set, and WEBHOOK_SECRET is not: set one with 'npx wrangler secret put WEBHOOK_SECRET', or locally in .dev.vars; 'npx latchkey secret --webhook' makes one".to_owned(),
            );
            None
        }
        // A secret that outlives its URL harms nobody, and is there between two deployments.
        (None, _) => None,
    };
    if webhook.is_some() && days.is_some_and(|days| days < MIN_DAYS_OF_WEBHOOK) {
        variables.problems.push(format!(
            "EVENTS_DAYS is too low for WEBHOOK_URL, which events are sent to for three days: it can be {MIN_DAYS_OF_WEBHOOK} to {MAX_DAYS}, or \"\" for {DEFAULT_DAYS}"
        ));
    }
    Some(EventsConfig {
        are_written: days.is_some() || webhook.is_some() || has_staff,
        max_age: days.unwrap_or(DEFAULT_DAYS) * DAY,
        webhook,
    })
}

fn days(value: Option<String>) -> Result<Option<i64>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let days = value.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days));
    days.map(Some).ok_or_else(|| {
        format!("EVENTS_DAYS is {value:?}: it can be 1 to {MAX_DAYS}, or \"\" for {DEFAULT_DAYS} where there is someone to read them")
    })
}

/// Parses an https URL, or an http one of this machine. Parts of it may be secret, so the problem does not show it.
fn webhook_url(value: Option<String>) -> Result<Option<String>, String> {
    let Some(url) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let (rest, is_secure) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (_, rest) => (rest.unwrap_or_default(), false),
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let is_good = !authority.is_empty()
        && !authority.starts_with(':')
        && !authority.contains('@')
        && (is_secure || is_local_authority(authority))
        && rest.bytes().all(|c| c.is_ascii_graphic() && !b"#\\\"<>".contains(&c));
    if is_good {
        return Ok(Some(url));
    }
    Err("WEBHOOK_URL can be an https URL without a user, a password and a fragment, like \"https://example.com/hooks/latchkey\", or http on localhost".to_owned())
}

fn key(name: &str, value: Option<String>) -> Result<Option<WebhookKey>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    WebhookKey::parse(&value).map(Some).ok_or_else(|| {
        format!("{name} is not \"whsec_\" and the Base64 of 24 to 64 bytes: 'npx latchkey secret --webhook' makes one")
    })
}
