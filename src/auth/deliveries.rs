//! Deliveries of the webhook: events that its server is sent, as Standard Webhooks has it (<https://www.standardwebhooks.com>).

use std::fmt;

use super::webhook::{self, WebhookKey};
use crate::platform::{Event, Fetched, Outgoing, Platform, USER_AGENT};
use crate::store::events::{self, Due, Outcome};
use crate::store::{DAY, DbError};

/// Waits after each attempt that failed, in seconds; 75 hours in all. After the last attempt the event is given up.
const WAITS: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 60 * 60, 5 * 60 * 60, 10 * 60 * 60, 14 * 60 * 60, 20 * 60 * 60, 24 * 60 * 60];

/// Longest wait that the server can ask for, in seconds.
const MAX_WAIT: i64 = DAY;

/// Time for the response, in milliseconds. The lease of an event is longer.
const TIMEOUT: u32 = 15_000;

/// Status of a server that wants no events any more.
const GONE: u16 = 410;

/// Webhook of a deployment: a server that is sent events. Its `Debug` does not show the address, parts of which may be secret.
#[derive(Clone)]
pub struct Webhook {
    /// Address.
    pub url: String,
    /// Keys, each of which signs.
    pub keys: Vec<WebhookKey>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(redacted)")
    }
}

/// Sends up to `limit` events that are due, and begins with none after `until`, in Unix seconds. A failure is logged, and the event
/// tried again later.
pub async fn deliver(platform: &impl Platform, webhook: &Webhook, limit: usize, until: i64) {
    for _ in 0..limit {
        match deliver_one(platform, webhook, until).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                platform.log(&Event::InternalError { cause: format!("webhook: {error}") });
                return;
            }
        }
    }
}

/// Sends an event that is due, and tells whether to go on with another.
async fn deliver_one(platform: &impl Platform, webhook: &Webhook, until: i64) -> Result<bool, DbError> {
    let now = platform.now();
    if now > until {
        return Ok(false);
    }
    let Some(due) = events::take(platform.primary(), now).await? else { return Ok(false) };
    let response = send(platform, webhook, &due).await;
    let now = platform.now();
    let (code, status, retry_after) = match response {
        Ok(Fetched { status: 200..=299, .. }) => {
            events::record(platform.primary(), &due, Outcome::Sent).await?;
            return Ok(true);
        }
        Ok(Fetched { status, retry_after, .. }) => (format!("status {status}"), Some(status), retry_after),
        Err(cause) => (cause, None, None),
    };
    let stops = status == Some(GONE);
    let due_at = if stops { Some(now) } else { next_attempt(due.attempt, now, retry_after) };
    let (id, attempt, gives_up) = (due.message_id.clone(), due.attempt, due_at.is_none());
    platform.log(&Event::WebhookFailed { id, code: code.clone(), attempt, gives_up, stops });
    if stops {
        events::stop(platform.primary(), now).await?;
    }
    events::record(platform.primary(), &due, Outcome::Failed(&code, due_at)).await?;
    // A server that takes no event now is not tried for each of them; one that refuses an event, or fails at it, may take others.
    Ok(!stops && status.is_some_and(|status| status <= 500 && status != 429))
}

async fn send(platform: &impl Platform, webhook: &Webhook, due: &Due) -> Result<Fetched, String> {
    let timestamp = platform.now().to_string();
    let signature = webhook::sign(&webhook.keys, &due.message_id, &timestamp, &due.body);
    let request = Outgoing {
        url: webhook.url.clone(),
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("User-Agent", USER_AGENT.into()),
            ("Webhook-Id", due.message_id.clone().into()),
            ("Webhook-Timestamp", timestamp.into()),
            ("Webhook-Signature", signature.into()),
        ],
        body: Some(due.body.clone()),
        timeout: TIMEOUT,
        max_bytes: 0,
    };
    platform.fetch(request).await.await
}

/// Time of the attempt after one that failed at `now`: no earlier than the server asks for. `None` after the last one.
fn next_attempt(attempt: i64, now: i64, retry_after: Option<u32>) -> Option<i64> {
    let index = usize::try_from(attempt - 1).ok()?;
    let asked = retry_after.map_or(0, i64::from).min(MAX_WAIT);
    WAITS.get(index).map(|wait| now + asked.max(*wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_go_on_for_three_days() {
        let waits: Vec<_> = (1..).map_while(|attempt| next_attempt(attempt, 7, None)).collect();
        assert_eq!(waits, WAITS.map(|wait| 7 + wait));
        assert_eq!(WAITS.iter().sum::<i64>(), 75 * 60 * 60 + 35 * 60 + 5);
    }

    #[test]
    fn a_server_can_ask_for_a_longer_wait() {
        for (attempt, asked, next) in [
            (1, 0, Some(5)),
            (1, 4, Some(5)),
            (1, 6, Some(6)),
            (2, 6, Some(300)),
            (2, u32::MAX, Some(86_400)),
            (9, 86_401, Some(86_400)),
            (10, 1, None),
            (11, 1, None),
        ] {
            assert_eq!(next_attempt(attempt, 0, Some(asked)), next, "{attempt} {asked}");
        }
    }
}
