//! Work of a request that its response does not wait for.

use crate::auth::rehash::Rehash;
use crate::config::MailConfig;
use crate::mail::{self, Message};
use crate::platform::{Event, Platform};
use crate::store::secrets::Recipient;
use crate::store::sessions::{self, SessionRecord};

/// Work that is left once the response has been sent. What is lost of it is made up for by a later request.
#[derive(Default)]
pub struct Deferred {
    /// Session to be recorded.
    pub session: Option<SessionRecord>,
    /// Mails to be sent. A user whose mail is lost asks for another.
    pub mails: Vec<(Recipient, Message)>,
    /// Password to be hashed again.
    pub rehash: Option<Rehash>,
}

impl Deferred {
    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.session.is_none() && self.mails.is_empty() && self.rehash.is_none()
    }

    /// Does the work. Failures are logged.
    pub async fn run(self, mail: Option<&MailConfig>, platform: &impl Platform) {
        if let Some(session) = self.session
            && let Err(error) = sessions::record(platform.primary(), &session, platform.now()).await
        {
            platform.log(&Event::InternalError { cause: format!("record of a session: {error}") });
        }
        for (recipient, message) in self.mails {
            let Some(MailConfig { from, application, .. }) = mail else { continue };
            let mail = mail::write(application, from, &recipient.email, &message);
            if let Err(cause) = platform.send(&mail).await {
                platform.log(&Event::InternalError { cause: format!("mail: {cause}") });
            }
        }
        if let Some(rehash) = self.rehash {
            rehash.run(platform).await;
        }
    }
}
