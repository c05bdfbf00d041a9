//! Work of a request that its response does not wait for.

use crate::auth::rehash::Rehash;
use crate::auth::{deliveries, notices};
use crate::config::{Config, MailConfig};
use crate::mail::{self, Message};
use crate::platform::{Event, Platform};
use crate::store::secrets::Recipient;
use crate::store::sessions::{self, SessionRecord};

/// The most notices that are sent after one response; others are for the schedule.
const NOTICES: usize = 3;

/// The most events that the webhook is sent after one response.
const EVENTS: usize = 3;

/// Time after a response after which no more events are tried, in seconds: a Worker ends some 30 s after it, and an attempt takes up
/// to half of that.
const TIME_FOR_EVENTS: i64 = 15;

/// Work that is left once the response has been sent. What is lost of it is made up for by a later request.
#[derive(Default)]
pub struct Deferred {
    /// Session to be recorded.
    pub session: Option<SessionRecord>,
    /// Mails to be sent. A user whose mail is lost asks for another.
    pub mails: Vec<(Recipient, Message)>,
    /// `true` if notices are due.
    pub has_notices: bool,
    /// `true` if events are due for the webhook.
    pub has_events: bool,
    /// Password to be hashed again.
    pub rehash: Option<Rehash>,
}

impl Deferred {
    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.session.is_none()
            && self.mails.is_empty()
            && !self.has_notices
            && !self.has_events
            && self.rehash.is_none()
    }

    /// Does the work. Failures are logged.
    pub async fn run(mut self, config: &Config, platform: &impl Platform) {
        let mail = config.mail.as_ref();
        let until = platform.now() + TIME_FOR_EVENTS;
        if let Some(session) = &self.session {
            let (db, now) = (platform.primary(), platform.now());
            let recorded = if session.has_begun && mail.is_some_and(|mail| mail.sends_all_notices) {
                sessions::record_begun(db, session, now).await
            } else {
                sessions::record(db, session, now).await.map(|()| false)
            };
            match recorded {
                Ok(is_due) => self.has_notices |= is_due,
                Err(error) => {
                    platform.log(&Event::InternalError { cause: format!("record of a session: {error}") });
                }
            }
        }
        if let Some(MailConfig { from, application, .. }) = mail {
            for (recipient, message) in self.mails {
                let mail = mail::write(application, from, &recipient.email, &message);
                if let Err(error) = platform.send(&mail).await {
                    platform.log(&Event::mail_failed(message.kind(), Some(recipient.user_id), error));
                }
            }
            if self.has_notices {
                notices::deliver(platform, from, application, NOTICES).await;
            }
        }
        if self.has_events
            && let Some(webhook) = &config.events.webhook
        {
            deliveries::deliver(platform, webhook, EVENTS, until).await;
        }
        if let Some(rehash) = self.rehash {
            rehash.run(platform).await;
        }
    }
}
