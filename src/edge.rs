//! The edge of the crate: the only file that names the `worker` crate.
//!
//! What crosses between wasm and JavaScript costs more CPU time than most of what is done on either side. So this
//! goes around `worker`'s own request, response and database: `entry.js` hands in what a request is read for,
//! as one text, does what the [`exchange`](crate::exchange) wishes for, and makes a response of its result.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use worker::js_sys::{Date, Number, Reflect};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, console_error, console_warn};

use crate::app;
use crate::bookmark;
use crate::config::{Config, ConfigError};
use crate::db::{Batch, Db, DbError, Row, Statement, Value};
use crate::error::Error;
use crate::exchange::{Exchanges, Given, Mailbox};
use crate::http::{BodyError, Request, Response};
use crate::platform::{Event, Limiter, Platform};
use crate::purge;

type SharedConfig = Rc<Result<Config, ConfigError>>;

thread_local! {
    /// The configuration of this isolate. Its variables never change.
    static CONFIG: OnceCell<SharedConfig> = const { OnceCell::new() };
    static EXCHANGES: RefCell<Exchanges> = RefCell::default();
}

#[wasm_bindgen]
extern "C" {
    /// The parser of URLs, for what it knows of international domains: a crate for that has 80 KiB of tables.
    #[wasm_bindgen(js_name = URL)]
    type Url;

    #[wasm_bindgen(constructor, catch, js_class = "URL")]
    fn new(url: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
}

/// Reads the variables and secrets that `wrangler.toml` binds. To be called first.
#[wasm_bindgen]
pub fn configure(env: Env) {
    // Here, not at the start: `worker` adds a hook of its own then, and a panic would be told twice.
    console_error_panic_hook::set_once();
    let config = Config::from_vars(|name| variable(&env, name));
    for problem in config.as_ref().map(Config::weaknesses).unwrap_or_default() {
        log(&Event::WeakConfiguration { problem }, None);
    }
    CONFIG.with(|cell| {
        cell.get_or_init(|| Rc::new(config));
    });
}

/// A variable or a secret. A number in `wrangler.toml` is as good as its text; what is neither can't be right.
fn variable(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok()?;
    // As JavaScript writes it, since Rust's own way has 8 KiB of code.
    let number = || value.dyn_ref::<Number>()?.to_string_with_radix(10).ok().map(String::from);
    (!value.is_undefined()).then(|| value.as_string().or_else(number).unwrap_or_else(|| format!("{value:?}")))
}

fn config() -> SharedConfig {
    let unread = || Rc::new(Config::from_vars(|_| None)); // says that nothing is set
    CONFIG.with(|cell| Rc::clone(cell.get_or_init(unread)))
}

/// Begins to answer a request, of which `head` is what [`Head`] reads. The first wish, or the answer.
#[wasm_bindgen]
pub fn begin(id: u32, head: String) -> String {
    let mailbox = Rc::new(Mailbox::default());
    let edge = Edge::new(Rc::clone(&mailbox), head);
    begin_exchange(id, mailbox, async move {
        let answer = app::handle(&config(), &edge, &edge).await;
        let Some(upgrade) = answer.upgrade else {
            return sent("answer", &answer.response);
        };
        edge.mailbox.ask(sent("early answer", &answer.response)).await;
        upgrade.run(&edge).await;
        String::new()
    })
}

/// Begins the work of the schedule, at a time in Unix milliseconds. The first wish, or nothing when it is done.
#[wasm_bindgen(js_name = beginPurge)]
pub fn begin_purge(id: u32, now: f64) -> String {
    let mailbox = Rc::new(Mailbox::default());
    let db = Database { mailbox: Rc::clone(&mailbox), bookmark: RefCell::default() };
    begin_exchange(id, mailbox, async move {
        if let Err(error) = purge::run(&db, (now / 1_000.0) as i64).await {
            log(&Event::Fault { cause: format!("purge: {error}") }, None);
        }
        String::new()
    })
}

fn begin_exchange(id: u32, mailbox: Rc<Mailbox>, work: impl Future<Output = String> + 'static) -> String {
    EXCHANGES.with(|exchanges| exchanges.borrow_mut().begin(id, mailbox, work))
}

/// Goes on with a text. Nothing if this exchange was given up, or wasm was made anew since it began.
#[wasm_bindgen]
pub fn resume(id: u32, text: String) -> Option<String> {
    go_on(id, Given::Text(text))
}

/// Goes on with a body.
#[wasm_bindgen]
pub fn receive(id: u32, body: Vec<u8>) -> Option<String> {
    go_on(id, Given::Body(Ok(body)))
}

/// Goes on without a body: it is "too large", "late", or broke off.
#[wasm_bindgen(js_name = receiveNone)]
pub fn receive_none(id: u32, reason: &str) -> Option<String> {
    let error = match reason {
        "too large" => BodyError::TooLarge,
        "late" => BodyError::TimedOut,
        _ => BodyError::BrokenOff,
    };
    go_on(id, Given::Body(Err(error)))
}

/// Goes on without what could not be had.
#[wasm_bindgen]
pub fn fail(id: u32, message: String) -> Option<String> {
    go_on(id, Given::Failed(message))
}

fn go_on(id: u32, given: Given) -> Option<String> {
    EXCHANGES.with(|exchanges| exchanges.borrow_mut().resume(id, given))
}

/// Drops what waits for something, as nobody waits for its answer.
#[wasm_bindgen]
pub fn abandon(id: u32) {
    EXCHANGES.with(|exchanges| exchanges.borrow_mut().abandon(id));
}

/// The answer to a request whose exchange broke, with why.
#[wasm_bindgen]
pub fn fault(head: String, cause: String) -> String {
    refuse(head, Error::Fault(cause))
}

/// The answer to a request whose exchange was given up while it waited for the body.
#[wasm_bindgen(js_name = timeOut)]
pub fn time_out(head: String) -> String {
    refuse(head, Error::BodyTimedOut)
}

fn refuse(head: String, error: Error) -> String {
    let edge = Edge::new(Rc::default(), head);
    sent("answer", &app::refuse(&config(), &edge, &edge, error))
}

/// A response as a text: how it is to be sent, its bookmark, its body, its status, and its headers, a line each
/// and one each for their names and values. No JSON of ours has a line break in it, and no header can.
fn sent(how: &str, response: &Response) -> String {
    let body = response.body.as_deref().unwrap_or_default();
    let is_bookmark = |(name, _): &&(&str, _)| *name == bookmark::HEADER;
    let bookmark = response.headers.iter().find(is_bookmark).map_or("", |(_, value)| value);
    let mut text = String::with_capacity(body.len() + 512);
    for line in [how, "\n", bookmark, "\n", body, "\n", &response.status.to_string()] {
        text.push_str(line);
    }
    for (name, value) in response.headers.iter().filter(|header| !is_bookmark(header)) {
        for part in ["\n", name, "\n", value] {
            text.push_str(part);
        }
    }
    text
}

fn log(event: &Event, request: Option<&str>) {
    let line = event.line(request);
    if event.is_error() {
        console_error!("{line}");
    } else {
        console_warn!("{line}");
    }
}

/// What a request is read for, a line each, in the order of [`Line`]. No value has a line break in it.
struct Head {
    text: String,
    /// Where each line ends.
    ends: [usize; Line::COUNT],
}

/// The lines of a head.
#[derive(Clone, Copy)]
enum Line {
    Method,
    Url,
    Authorization,
    Origin,
    Bookmark,
    /// Cloudflare's id of the request.
    Ray,
    ContentType,
    /// The client's address.
    Client,
    IfNoneMatch,
    ContentEncoding,
}

impl Line {
    const COUNT: usize = 10;

    fn of_header(name: &str) -> Option<Self> {
        Some(match name {
            "authorization" => Self::Authorization,
            "origin" => Self::Origin,
            "x-d1-bookmark" => Self::Bookmark,
            "cf-ray" => Self::Ray,
            "content-type" => Self::ContentType,
            "cf-connecting-ip" => Self::Client,
            "if-none-match" => Self::IfNoneMatch,
            "content-encoding" => Self::ContentEncoding,
            _ => return None,
        })
    }
}

impl Head {
    fn new(text: String) -> Self {
        let mut ends = [text.len(); Line::COUNT];
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        for (end, (position, _)) in ends.iter_mut().zip(breaks) {
            *end = position;
        }
        Self { text, ends }
    }

    fn line(&self, line: Line) -> &str {
        let index = line as usize;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| end + 1);
        self.ends.get(index).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }
}

/// One request and what surrounds it.
struct Edge {
    head: Head,
    mailbox: Rc<Mailbox>,
    db: Database,
}

impl Edge {
    fn new(mailbox: Rc<Mailbox>, head: String) -> Self {
        let db = Database { mailbox: Rc::clone(&mailbox), bookmark: RefCell::default() };
        Self { head: Head::new(head), mailbox, db }
    }
}

impl Request for Edge {
    fn is_https(&self) -> bool {
        self.head.line(Line::Url).starts_with("https:")
    }

    fn method(&self) -> &str {
        self.head.line(Line::Method)
    }

    /// The runtime gives whole URLs, normalized as WHATWG URL has it: a path always begins with `/`.
    fn path(&self) -> &str {
        let url = self.head.line(Line::Url).split(['?', '#']).next().unwrap_or_default();
        let (start, _) = url.match_indices('/').nth(2).unwrap_or((url.len(), "")); // two are before the host
        url.get(start..).unwrap_or_default()
    }

    fn query(&self) -> &str {
        let url = self.head.line(Line::Url).split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = self.head.line(Line::of_header(name)?);
        (!value.is_empty()).then_some(value)
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        match self.mailbox.ask_for_body(format!("body\n{limit}")).await {
            Given::Body(Ok(body)) if body.len() > limit => Err(BodyError::TooLarge),
            Given::Body(body) => body,
            Given::Failed(_) | Given::Text(_) => Err(BodyError::BrokenOff),
        }
    }
}

impl Platform for Edge {
    type Db = Database;

    fn db(&self) -> &Database {
        &self.db
    }

    fn nearest<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a {
        Nearest { db: &self.db, constraint: bookmark.unwrap_or("first-unconstrained") }
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

    fn domain_to_ascii(&self, domain: &str) -> Option<String> {
        // With one more label: a host that ends in a number would be read as an IPv4 address.
        let url = Url::new(&["http://", domain, ".x"].concat()).ok()?;
        url.hostname().strip_suffix(".x").map(str::to_owned)
    }

    async fn within_rate_limit(&self, limiter: Limiter, key: &str) -> Result<bool, String> {
        let binding = limiter.binding();
        match self.mailbox.ask(["count", binding, key].join("\n")).await {
            Given::Text(verdict) if verdict == "unbound" => Err(format!(
                "there is no rate limit binding {binding} in wrangler.toml: add it, or set RATE_LIMIT to \"off\""
            )),
            Given::Failed(message) => {
                self.log(&Event::Fault { cause: format!("rate limiter: {message}") });
                Ok(true)
            }
            given => Ok(given == Given::Text("within".to_owned())),
        }
    }

    fn log(&self, event: &Event) {
        log(event, self.header("cf-ray"));
    }
}

/// The D1 database; by itself, its primary copy.
struct Database {
    mailbox: Rc<Mailbox>,
    /// What D1 gave with the last statement.
    bookmark: RefCell<Option<String>>,
}

/// The error of `serde_json` might tell a value.
const NOT_A_ROW: &str = "a column is neither text nor an integer nor NULL";

impl Database {
    /// Runs a statement on a copy of the database that a bookmark or one of D1's constraints allows. What comes back
    /// is two lines, each of which may be empty: a bookmark, and the first row in JSON.
    async fn run(&self, constraint: &str, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        let params = serde_json::to_string(params).map_err(|error| DbError::Other(error.to_string()))?;
        self.ask(["first", constraint, &params, sql].join("\n")).await
    }

    async fn ask(&self, wish: String) -> Result<Option<Row>, DbError> {
        let lines = match self.mailbox.ask(wish).await {
            Given::Text(lines) => lines,
            Given::Failed(message) => return Err(DbError::from_message(&message)),
            Given::Body(_) => return Err(DbError::Decode(NOT_A_ROW.to_owned())),
        };
        let (bookmark, row) = lines.split_once('\n').unwrap_or_default();
        if !bookmark.is_empty() {
            *self.bookmark.borrow_mut() = Some(bookmark.to_owned());
        }
        if row.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(row).map(Some).map_err(|_| DbError::Decode(NOT_A_ROW.to_owned()))
    }
}

impl Db for Database {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        self.run("first-primary", sql, params).await
    }
}

impl Batch for Database {
    async fn batch(&self, statements: &[Statement<'_>]) -> Result<Option<Row>, DbError> {
        let statements: Vec<_> =
            statements.iter().map(|statement| (statement.sql, statement.params)).collect();
        let statements =
            serde_json::to_string(&statements).map_err(|error| DbError::Other(error.to_string()))?;
        self.ask(["batch", "first-primary", &statements].join("\n")).await
    }
}

/// The nearest copy of the database that a bookmark or a constraint allows.
struct Nearest<'a> {
    db: &'a Database,
    constraint: &'a str,
}

impl Db for Nearest<'_> {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        self.db.run(self.constraint, sql, params).await
    }
}
