//! Records of the operator's changes: events, and notices to users.

use crate::mail::Event;
use crate::store::erasure::Erasure;
use crate::store::events::{EventType, NewEvent, Recording};
use crate::store::outbox;

/// Current time, of the database: a clock of another machine would not agree with its order.
const NOW: &str = "unixepoch()";

/// Writer of events and notices beside changes. Its statements come before the change, in its transaction, under the condition that something changes.
#[derive(Debug, Clone, Copy)]
pub struct Recorder {
    /// Recording of events.
    pub recording: Recording,
    /// True if the deployment sends mail.
    pub has_notices: bool,
    /// True if it sends the notices too that are not essential.
    pub has_all_notices: bool,
}

impl Recorder {
    /// SQL statement: adds an event with a detail for each row of `users` under a condition.
    pub(super) fn event(self, of_type: EventType, detail: &str, condition: &str) -> Option<String> {
        self.event_from(of_type, detail, "users", condition)
    }

    /// SQL statement: adds an event for each row of some tables, `users` among them.
    pub(super) fn event_from(
        self,
        of_type: EventType,
        detail: &str,
        from: &str,
        condition: &str,
    ) -> Option<String> {
        let event = NewEvent { of_type, actor: "0", detail, condition, from };
        self.recording.add(&event, [NOW, "NULL", "NULL"])
    }

    /// SQL statement, if the deployment sends mail: adds a notice to the email in force of each row of `users` under a condition, if it
    /// is verified.
    pub(super) fn notice(self, event: Event, condition: &str) -> Option<String> {
        let condition = format!("{condition} AND email_verified");
        self.has_notices.then(|| outbox::add_by_administrator(event, "email", &condition, NOW))
    }

    /// Erasure of the user ?1 under a condition.
    pub(super) fn erasure<'a>(self, condition: &'a str, accounts: Option<[&'a str; 3]>) -> Erasure<'a> {
        let (recording, parameters) = (self.recording, [NOW, "NULL", "NULL"]);
        Erasure { user: "?1", condition, accounts, actor: "0", parameters, recording }
    }
}
