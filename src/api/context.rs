//! Context of a request: what every handler is given.

use std::cell::{OnceCell, RefCell};

use super::admin::guard::Staff;
use super::deferred::Deferred;
use super::session_record;
use crate::auth::rehash::Rehash;
use crate::auth::session::Session;
use crate::auth::token::MAX_SAFE_INTEGER;
use crate::config::Config;
use crate::error::Error;
use crate::http::Request;
use crate::http::client_ip::ClientIp;
use crate::mail::Message;
use crate::platform::Platform;
use crate::store::events::{Recording, Report};
use crate::store::secrets::Recipient;
use crate::store::sessions::SessionRecord;

/// Configuration, runtime and request.
pub struct Context<'a, P, R> {
    /// Configuration of the deployment.
    pub config: &'a Config,
    /// Runtime.
    pub platform: &'a P,
    /// Request.
    pub request: &'a R,
    /// Parts of the path that stand for the names in braces of the endpoint's.
    pub parameters: Vec<&'a str>,
    /// Member of staff who sent the request, once the guard has let it pass.
    staff: OnceCell<Staff>,
    deferred: RefCell<Deferred>,
}

impl<'a, P: Platform, R: Request> Context<'a, P, R> {
    /// Context of a request for an endpoint with these parameters.
    pub fn new(config: &'a Config, platform: &'a P, request: &'a R, parameters: Vec<&'a str>) -> Self {
        Self { config, platform, request, parameters, staff: OnceCell::new(), deferred: RefCell::default() }
    }

    /// The id at this place among the parameters of the path: a positive number in decimal without leading zeros.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is anything else.
    pub fn id(&self, at: usize) -> Result<i64, Error> {
        read_id(self.parameters.get(at).copied().unwrap_or_default()).ok_or(Error::NotFound)
    }

    /// Lets the request of a member of staff pass.
    pub(super) fn admit(&self, staff: Staff) {
        self.staff.get_or_init(|| staff);
    }

    /// The member of staff who sent the request.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if no guard let it pass.
    pub fn staff(&self) -> Result<&Staff, Error> {
        self.staff.get().ok_or(Error::Forbidden)
    }

    /// The primary of the database.
    pub fn db(&self) -> &P::Db {
        self.platform.primary()
    }

    /// The time, in Unix seconds. Read it where it is used: a body, or a statement, may have taken long.
    pub fn now(&self) -> i64 {
        self.platform.now()
    }

    /// IP address of the client.
    pub fn client_ip(&self) -> ClientIp {
        ClientIp::from_request(self.request)
    }

    /// Record of a session of a user, as this request tells it.
    pub fn session_record(&self, user_id: i64, token_version: i64, session: &Session) -> SessionRecord {
        session_record::new(self.request, user_id, token_version, session, self.config.token_ttl)
    }

    /// Report of a change by this request.
    pub fn report(&self) -> Report {
        Report {
            origin: session_record::origin(self.request),
            has_notices: self.config.mail.is_some(),
            has_minor_notices: self.config.mail.as_ref().is_some_and(|mail| mail.sends_all_notices),
            recording: self.config.events.recording(),
        }
    }

    /// Report of a change whose notice is not essential.
    pub fn minor_report(&self) -> Report {
        let report = self.report();
        Report { has_notices: report.has_minor_notices, ..report }
    }

    /// Sends what is due of a report once the response is sent.
    pub fn deliver_later(&self, report: &Report) {
        let mut deferred = self.deferred.borrow_mut();
        deferred.has_notices |= report.has_notices;
        deferred.has_events |= report.recording == Recording::Sent;
    }

    /// Records a session once the response is sent. Of several records the last counts.
    pub fn record_later(&self, record: SessionRecord) {
        self.deferred.borrow_mut().session = Some(record);
    }

    /// Records the session as of this version of its user, if it is to be recorded: the version before is refused by now.
    pub fn record_as_of(&self, token_version: i64) {
        if let Some(record) = &mut self.deferred.borrow_mut().session {
            record.token_version = token_version;
        }
    }

    /// Sends a mail once the response is sent.
    pub fn send_later(&self, recipient: Recipient, message: Message) {
        self.deferred.borrow_mut().mails.push((recipient, message));
    }

    /// Hashes a password again once the response is sent.
    pub fn rehash_later(&self, rehash: Rehash) {
        self.deferred.borrow_mut().rehash = Some(rehash);
    }

    /// Work that is left once the response is sent.
    pub fn into_deferred(self) -> Deferred {
        self.deferred.into_inner()
    }
}

/// Reads an id: a positive number in decimal without leading zeros.
pub(super) fn read_id(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|id| is_number && (1..=MAX_SAFE_INTEGER).contains(id))
}
