//! A request of the platform, and the platform for it.

use std::cell::OnceCell;
use std::rc::Rc;

use worker::js_sys::{Date, JsString};

use super::d1::{Database, Handle, Replica};
use super::exports::log;
use super::host::{Host, Url};
use super::strings;
use super::tasks::{Outcome, Slot};
use crate::http::bookmark;
use crate::http::{BodyError, Header, Request, Response};
use crate::mail::delivery::{Deliverable, SendError};
use crate::mail::{Mail, Mailbox};
use crate::platform::{Event, Fetched, Limiter, Outgoing, Platform, SignatureAlgorithm};
use crate::store::Db;

/// Parts of a request that nearly every endpoint reads.
#[derive(Default)]
pub struct Head {
    pub method: String,
    pub url: String,
    pub authorization: Option<String>,
    pub origin: Option<String>,
}

/// Adds a line for the name of a header, and one for its value.
fn push_lines(lines: &mut String, name: &str, value: &str) {
    for part in ["\n", name, "\n", value] {
        lines.push_str(part);
    }
}

/// A request, and the platform for handling it.
pub struct WorkerRequest {
    handle: Rc<Handle>,
    db: Database,
    head: Head,
    /// Values of the other headers, each read when it is first asked for.
    headers: [OnceCell<Option<String>>; Header::COUNT],
}

impl WorkerRequest {
    pub fn new(host: Host, slot: Rc<Slot>, head: Head, has_sessions: bool) -> Self {
        let handle = Rc::new(Handle { host, slot });
        let db = Database::new(Rc::clone(&handle), has_sessions);
        Self { handle, db, head, headers: Default::default() }
    }

    /// Responds.
    pub fn respond(&self, response: &Response) {
        let mut head = String::with_capacity(512);
        head.push_str(&response.status.to_string());
        let mut bookmark = None;
        for (name, value) in &response.headers {
            if *name == bookmark::HEADER {
                bookmark = Some(&**value); // another each time, so the head can be kept without it
                continue;
            }
            push_lines(&mut head, name, value);
        }
        let body = response.body.as_deref();
        strings::call_with(&head, |head| self.handle.host.respond(head, bookmark, body));
    }

    /// Waits until the response is on its way.
    pub async fn respond_and_continue(&self, response: &Response) {
        self.respond(response);
        self.handle.host.continue_in_background();
        self.handle.slot.wait().await;
    }
}

impl Request for WorkerRequest {
    fn is_https(&self) -> bool {
        self.head.url.starts_with("https:")
    }

    fn authority(&self) -> &str {
        self.head.url.split('/').nth(2).unwrap_or_default()
    }

    fn method(&self) -> &str {
        &self.head.method
    }

    /// The runtime gives whole URLs, normalized as WHATWG URL has it: a path always begins with `/`.
    fn path(&self) -> &str {
        let url = self.head.url.split(['?', '#']).next().unwrap_or_default();
        let (start, _) = url.match_indices('/').nth(2).unwrap_or((url.len(), "")); // two are before the host
        url.get(start..).unwrap_or_default()
    }

    fn query(&self) -> &str {
        let url = self.head.url.split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    fn header(&self, header: Header) -> Option<&str> {
        match header {
            Header::Authorization => self.head.authorization.as_deref(),
            Header::Origin => self.head.origin.as_deref(),
            other => {
                let value = self.headers.get(other as usize)?;
                value.get_or_init(|| self.handle.host.header(other.name())).as_deref()
            }
        }
    }

    fn place(&self) -> Option<String> {
        self.handle.host.place()
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        self.handle.host.read_body(limit);
        match self.handle.slot.wait_for_body().await {
            Outcome::Body(Ok(body)) if body.len() > limit => Err(BodyError::TooLarge),
            Outcome::Body(body) => body,
            _ => Err(BodyError::BrokenOff),
        }
    }
}

impl Platform for WorkerRequest {
    type Db = Database;

    fn primary(&self) -> &Database {
        &self.db
    }

    fn replica<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a {
        Replica { db: &self.db, constraint: bookmark.unwrap_or("first-unconstrained") }
    }

    fn bookmark(&self) -> Option<String> {
        self.db.bookmark.borrow().clone()
    }

    /// The clock of a deployed Worker stands still while it computes.
    fn now(&self) -> i64 {
        (Date::now() / 1_000.0) as i64
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    fn normalize_domain(&self, domain: &str) -> String {
        // With one more label: a host that ends in a number would be read as an IPv4 address.
        let url = Url::new(&["http://", domain, ".x"].concat()).ok();
        let hostname = url.map(|url| url.hostname());
        let ascii = hostname.as_deref().and_then(|hostname| hostname.strip_suffix(".x"));
        ascii.map_or_else(|| JsString::from(domain).to_lower_case().into(), str::to_owned)
    }

    fn to_nfc(&self, text: &str) -> String {
        JsString::from(text).normalize("NFC").into()
    }

    fn to_lowercase(&self, text: &str) -> String {
        JsString::from(text).normalize("NFC").to_lower_case().into()
    }

    async fn read_asset(&self, path: &str) -> Result<String, String> {
        self.handle.host.read_asset(path);
        match self.handle.slot.wait().await {
            Outcome::Asset(text) => Ok(text),
            Outcome::Failed(message) => Err(format!("static asset {path}: {message}")),
            _ => Err(format!("static asset {path}: another outcome")),
        }
    }

    async fn check_rate_limit(&self, limiter: Limiter, key: &str) -> Result<bool, String> {
        let binding = limiter.binding();
        self.handle.host.check_rate_limit(binding, key);
        match self.handle.slot.wait().await {
            Outcome::RateLimit(Some(is_within)) => Ok(is_within),
            Outcome::RateLimit(None) => Err(format!(
                "there is no rate limit binding {binding} in wrangler.toml: add it, or set RATE_LIMIT to \"off\""
            )),
            Outcome::Failed(message) => {
                self.log(&Event::InternalError { cause: format!("rate limiter: {message}") });
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn fetch(&self, request: Outgoing) -> impl Future<Output = Result<Fetched, String>> {
        let Handle { host, slot } = &*self.handle;
        let mut lines = String::new();
        for (name, value) in &request.headers {
            push_lines(&mut lines, name, value);
        }
        let Outgoing { timeout, max_bytes, .. } = request;
        let lines = lines.get(1..).unwrap_or_default(); // without the first break
        host.fetch(request.method(), &request.url, lines, request.body.as_deref());
        slot.wait().await;
        async move {
            host.receive(timeout, max_bytes);
            match slot.wait().await {
                Outcome::Fetched(fetched) => Ok(fetched),
                Outcome::Failed(message) => Err(message),
                _ => Err("another outcome".to_owned()),
            }
        }
    }

    async fn deliver(&self, mail: Deliverable<'_>) -> Result<(), SendError> {
        let Mail { from: Mailbox { name, address }, to, subject, text, html } = &*mail;
        self.handle.host.send_mail(name.as_deref(), address, to, subject, text, html);
        match self.handle.slot.wait().await {
            Outcome::Sent => Ok(()),
            Outcome::Failed(code) => Err(SendError { code }),
            _ => Err(SendError { code: "another outcome".to_owned() }),
        }
    }

    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String> {
        self.handle.host.encrypt(key, nonce, text, context);
        match self.handle.slot.wait().await {
            Outcome::Bytes(Some(encrypted)) => Ok(encrypted),
            Outcome::Failed(message) => Err(message),
            _ => Err("another outcome".to_owned()),
        }
    }

    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String> {
        self.handle.host.decrypt(key, nonce, encrypted, context);
        match self.handle.slot.wait().await {
            Outcome::Bytes(decrypted) => Ok(decrypted),
            Outcome::Failed(message) => Err(message),
            _ => Err("another outcome".to_owned()),
        }
    }

    async fn verify_signature(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<bool, String> {
        self.handle.host.verify_signature(algorithm.number() as i32, public_key, signature, message);
        match self.handle.slot.wait().await {
            Outcome::Verdict(is_good) => Ok(is_good),
            Outcome::Failed(message) => Err(message),
            _ => Err("another outcome".to_owned()),
        }
    }

    fn log(&self, event: &Event) {
        log(event, self.header(Header::CfRay));
    }
}
