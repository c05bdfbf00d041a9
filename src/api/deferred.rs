//! Work of a request that its response does not wait for.

use crate::auth::rehash::Rehash;
use crate::platform::{Event, Platform};
use crate::store::sessions::{self, SessionRecord};

/// Work that is left once the response has been sent. What is lost of it is made up for by a later request.
#[derive(Default)]
pub struct Deferred {
    /// Session to be recorded.
    pub session: Option<SessionRecord>,
    /// Password to be hashed again.
    pub rehash: Option<Rehash>,
}

impl Deferred {
    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.session.is_none() && self.rehash.is_none()
    }

    /// Does the work. Failures are logged.
    pub async fn run(self, platform: &impl Platform) {
        if let Some(session) = self.session
            && let Err(error) = sessions::record(platform.primary(), &session, platform.now()).await
        {
            platform.log(&Event::InternalError { cause: format!("record of a session: {error}") });
        }
        if let Some(rehash) = self.rehash {
            rehash.run(platform).await;
        }
    }
}
