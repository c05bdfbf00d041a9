//! Notices: mails that tell a user what happened to the account.

use crate::mail::{self, Application, Mailbox, Message};
use crate::platform::{Event, Platform};
use crate::store::outbox::{self, Due};

/// Sends up to `limit` notices that are due. A failure is logged, and the notice tried again later.
pub async fn deliver(platform: &impl Platform, from: &Mailbox, application: &Application, limit: usize) {
    for _ in 0..limit {
        match outbox::take(platform.primary(), platform.now()).await {
            Ok(None) => return,
            Ok(Some(due)) => send(platform, from, application, due).await,
            Err(error) => {
                platform.log(&Event::InternalError { cause: format!("outbox: {error}") });
                return;
            }
        }
    }
}

async fn send(platform: &impl Platform, from: &Mailbox, application: &Application, mut due: Due) {
    let is_done = match due.notice.take() {
        None => true, // of another version
        Some(notice) => {
            let message = Message::Notice(notice);
            let mail = mail::write(application, from, &due.recipient, &message);
            match platform.send(&mail).await {
                Ok(()) => true,
                Err(error) => {
                    let is_hopeless = error.is_of_recipient() || due.is_last_attempt();
                    platform.log(&Event::mail_failed(message.kind(), Some(due.user_id), error));
                    is_hopeless
                }
            }
        }
    };
    if is_done && let Err(error) = outbox::put_down(platform.primary(), &due, platform.now()).await {
        platform.log(&Event::InternalError { cause: format!("outbox: {error}") });
    }
}
