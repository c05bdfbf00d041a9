//! The API on the host: a configuration, SQLite, a clock that can be set, and a log that is kept.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use latchkey::account::{email, password};
use latchkey::api::deferred::Deferred;
use latchkey::api::openapi::asset;
use latchkey::app::{self, Handled};
use latchkey::auth::blocklist;
use latchkey::auth::password::iterations_computed;
use latchkey::config::{Config, ConfigError};
use latchkey::error::Dialect;
use latchkey::http::{self, BodyError, Header};
use latchkey::jobs::deliver;
use latchkey::mail::Mail;
use latchkey::mail::delivery::{Deliverable, SendError};
use latchkey::openapi;
use latchkey::platform::{Event, Fetched, Limiter, Outgoing, Platform, SignatureAlgorithm};
use latchkey::store::{Batch, Db, DbError, Param, Row, Statement};

use crate::api::{Api, Received, Request, Response, Vars};
use crate::crypto;
use crate::openapi::OpenApi;
use crate::sqlite::Sqlite;

/// The time at which tests begin: 15 January 2027.
pub const NOW: i64 = 1_800_000_000;

pub fn config(vars: &Vars) -> Result<Config, ConfigError> {
    Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()))
}

pub struct Native {
    pub config: Result<Config, ConfigError>,
    pub platform: Host,
}

pub struct Host {
    pub db: Sqlite,
    /// A copy of the database that lags behind, if there is one.
    pub replica: RefCell<Option<Sqlite>>,
    bookmark: RefCell<Option<String>>,
    /// `true` if statements run in sessions, which give bookmarks.
    has_sessions: Cell<bool>,
    pub now: Cell<i64>,
    /// Number of requests that pass each coarse limit.
    pub rate_limit: Cell<usize>,
    /// The binding and the key of those that were counted.
    pub limited: RefCell<Vec<String>>,
    pub log: RefCell<Vec<String>>,
    /// `false` if the static assets are missing.
    pub has_assets: Cell<bool>,
    /// Iterations that were computed by the time a request to another server was started, and its response waited for.
    pub computed: RefCell<Vec<[u64; 2]>>,
    /// Mails that were sent.
    pub mails: RefCell<Vec<Mail>>,
    /// Code with which the transport fails, if it does.
    pub mail_failure: RefCell<Option<String>>,
}

impl Native {
    pub fn new(vars: Vars) -> Self {
        Self::with(config(&vars), Sqlite::migrated())
    }

    /// Another with the same configuration, and a copy of the database.
    pub fn copy(&self) -> Self {
        Self::with(self.config.clone(), self.platform.db.copy())
    }

    fn with(config: Result<Config, ConfigError>, db: Sqlite) -> Self {
        let platform = Host {
            db,
            replica: RefCell::default(),
            bookmark: RefCell::default(),
            has_sessions: Cell::new(false),
            now: Cell::new(NOW),
            rate_limit: Cell::new(100),
            limited: RefCell::default(),
            log: RefCell::default(),
            has_assets: Cell::new(true),
            computed: RefCell::default(),
            mails: RefCell::default(),
            mail_failure: RefCell::default(),
        };
        Self { config, platform }
    }

    /// Does the work that is left after a response.
    pub fn run(&self, deferred: Deferred) {
        if let Ok(config) = &self.config {
            pollster::block_on(deferred.run(config, &self.platform));
        }
    }

    /// Does the deliveries of the schedule.
    pub fn deliver(&self) {
        pollster::block_on(deliver::run(self.config.as_ref().unwrap(), &self.platform));
    }

    /// Answers, and leaves what comes after the answer to the caller.
    pub fn handle(&self, call: &Request) -> (Response, Deferred) {
        pollster::block_on(self.answer(call))
    }

    pub async fn answer(&self, call: &Request) -> (Response, Deferred) {
        let (answer, deferred) = self.answer_unchecked(call).await;
        (answer.checked(call), deferred)
    }

    pub async fn answer_unchecked(&self, call: &Request) -> (Response, Deferred) {
        self.platform.bookmark.take(); // of the request before
        let is_on = self.config.as_ref().is_ok_and(|config| config.read_replication);
        self.platform.has_sessions.set(is_on);
        let request = Arriving { call, clock: &self.platform.now };
        let Handled { response, deferred } = app::handle(&self.config, &self.platform, &request).await;
        let headers = response.headers.into_iter();
        let answer = Response {
            status: response.status,
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect(),
            body: response.body.unwrap_or_default(),
        };
        OpenApi::of(&self.config).describes(call, &answer);
        (answer, deferred)
    }
}

impl Api for Native {
    fn send(&self, call: &Request) -> Response {
        let (answer, deferred) = self.handle(call);
        self.run(deferred);
        answer
    }

    fn sql(&self, sql: &str) -> Option<String> {
        self.platform.db.query_text(sql)
    }

    fn now(&self) -> i64 {
        self.platform.now.get()
    }

    fn log(&self) -> Vec<String> {
        self.platform.log.borrow().clone()
    }

    fn mails(&self, to: &str) -> Vec<Received> {
        let mails = self.platform.mails.borrow();
        let received = mails.iter().filter(|mail| mail.to == to).cloned();
        received.map(|Mail { to, subject, text, html, .. }| Received { to, subject, text, html }).collect()
    }
}

impl Platform for Host {
    type Db = Self;

    fn primary(&self) -> &Self {
        self
    }

    fn replica<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a {
        Replica { host: self, bookmark: bookmark.map(str::to_owned) }
    }

    fn bookmark(&self) -> Option<String> {
        self.bookmark.borrow().clone().filter(|_| self.has_sessions.get())
    }

    fn now(&self) -> i64 {
        self.now.get()
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    fn normalize_domain(&self, domain: &str) -> String {
        email::normalize_domain(domain)
    }

    fn to_nfc(&self, text: &str) -> String {
        password::to_nfc(text)
    }

    fn to_lowercase(&self, text: &str) -> String {
        password::to_nfc(text).to_lowercase()
    }

    async fn read_asset(&self, path: &str) -> Result<String, String> {
        if !self.has_assets.get() {
            return Err(format!("there is no asset {path}"));
        }
        if path == blocklist::COMMON_PASSWORDS {
            return Ok(include_str!("../../src/auth/common_passwords.txt").to_owned());
        }
        let mut dialects = [Dialect::Django, Dialect::RealWorld].into_iter();
        let dialect = dialects.find(|dialect| asset(*dialect) == path);
        dialect.map(openapi::document).ok_or_else(|| format!("there is no asset {path}"))
    }

    async fn check_rate_limit(&self, limiter: Limiter, key: &str) -> Result<bool, String> {
        let mut limited = self.limited.borrow_mut();
        let key = format!("{} {key}", limiter.binding());
        limited.push(key.clone());
        Ok(limited.iter().filter(|limited| **limited == key).count() <= self.rate_limit.get())
    }

    async fn fetch(&self, request: Outgoing) -> impl Future<Output = Result<Fetched, String>> {
        let under_way = thread::spawn(move || exchange(&request));
        self.computed.borrow_mut().push(iterations_computed());
        async move {
            self.computed.borrow_mut().push(iterations_computed());
            under_way.join().unwrap()
        }
    }

    async fn deliver(&self, mail: Deliverable<'_>) -> Result<(), SendError> {
        if let Some(code) = self.mail_failure.borrow().clone() {
            return Err(SendError { code });
        }
        self.mails.borrow_mut().push((*mail).clone());
        Ok(())
    }

    async fn encrypt(&self, key: &[u8], nonce: &[u8], text: &[u8], context: &str) -> Result<Vec<u8>, String> {
        crypto::encrypt(key, nonce, text, context)
    }

    async fn decrypt(
        &self,
        key: &[u8],
        nonce: &[u8],
        encrypted: &[u8],
        context: &str,
    ) -> Result<Option<Vec<u8>>, String> {
        Ok(crypto::decrypt(key, nonce, encrypted, context))
    }

    async fn verify_signature(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<bool, String> {
        Ok(crypto::verify_signature(algorithm, public_key, signature, message).is_some())
    }

    fn log(&self, event: &Event) {
        self.log.borrow_mut().push(event.line(None));
    }
}

/// Sends a request, whose server ends the connection with the response.
fn exchange(request: &Outgoing) -> Result<Fetched, String> {
    let Outgoing { url, headers, body, timeout, max_bytes } = request;
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if let Some(body) = body {
        headers += &format!("Content-Length: {}\r\n", body.len());
    }
    let body = body.as_deref().unwrap_or_default();
    let sent = format!("{} /{path} HTTP/1.1\r\nHost: {authority}\r\n{headers}\r\n{body}", request.method());
    let mut stream = TcpStream::connect(authority).map_err(|error| error.kind().to_string())?;
    let time = Duration::from_millis(u64::from(*timeout));
    stream.set_read_timeout(Some(time)).unwrap();
    let mut response = Vec::new();
    let received = stream.write_all(sent.as_bytes()).and_then(|()| {
        stream.take(*max_bytes as u64 + 1_000).read_to_end(&mut response) // the head too
    });
    match received.map_err(|error| error.kind()) {
        Err(ErrorKind::WouldBlock) => return Err(format!("no response within {timeout} ms")),
        Err(kind) => return Err(kind.to_string()),
        Ok(bytes) if *max_bytes > 0 && bytes > *max_bytes => {
            return Err(format!("a response of more than {max_bytes} bytes"));
        }
        Ok(_) => {}
    }
    let response = String::from_utf8(response).unwrap();
    let (head, text) = response.split_once("\r\n\r\n").ok_or("no response")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let retry_after = head.lines().find_map(|line| line.strip_prefix("Retry-After: "));
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    let text = if *max_bytes > 0 { text.to_owned() } else { String::new() };
    Ok(Fetched { status, text, retry_after })
}

impl Db for Host {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        let row = self.db.first(sql, params).await;
        *self.bookmark.borrow_mut() = Some(self.db.bookmark());
        row
    }
}

impl Batch for Host {
    async fn batch(&self, statements: &[Statement<'_>]) -> Result<Option<Row>, DbError> {
        let row = self.db.batch(statements).await;
        *self.bookmark.borrow_mut() = Some(self.db.bookmark());
        row
    }
}

/// The replica, if it is as new as the bookmark; as D1 has it.
struct Replica<'a> {
    host: &'a Host,
    bookmark: Option<String>,
}

impl Db for Replica<'_> {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        let replica = self.host.replica.borrow_mut().take();
        let Some(replica) = replica else {
            return self.host.first(sql, params).await;
        };
        let is_new_enough = self.bookmark.as_ref().is_none_or(|bookmark| *bookmark <= replica.bookmark());
        let row = if is_new_enough {
            *self.host.bookmark.borrow_mut() = Some(replica.bookmark());
            replica.first(sql, params).await
        } else if self.bookmark > Some(self.host.db.bookmark()) {
            Err(DbError::Other("there is no such state".to_owned()))
        } else {
            self.host.first(sql, params).await
        };
        *self.host.replica.borrow_mut() = Some(replica);
        row
    }
}

/// A request whose body arrives by a clock.
pub struct Arriving<'a> {
    pub call: &'a Request,
    pub clock: &'a Cell<i64>,
}

impl http::Request for Arriving<'_> {
    fn is_https(&self) -> bool {
        self.call.is_https
    }

    fn authority(&self) -> &str {
        self.call.headers.iter().find(|(name, _)| name == "Host").map_or("localhost:8787", |(_, host)| host)
    }

    fn method(&self) -> &str {
        &self.call.method
    }

    fn path(&self) -> &str {
        self.call.path.split('?').next().unwrap_or_default()
    }

    fn query(&self) -> &str {
        self.call.path.split_once('?').map_or("", |(_, query)| query)
    }

    fn header(&self, header: Header) -> Option<&str> {
        let name = header.name();
        let found = self.call.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn place(&self) -> Option<String> {
        self.call.headers.iter().find(|(name, _)| name == "Place").map(|(_, place)| place.clone())
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        self.clock.set(self.clock.get() + self.call.body_takes);
        if let Some(error) = self.call.body_error {
            return Err(error);
        }
        let body = self.call.body.clone().unwrap_or_default();
        if body.len() > limit { Err(BodyError::TooLarge) } else { Ok(body) }
    }
}
