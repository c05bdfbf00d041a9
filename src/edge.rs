//! The edge of the crate: the only file that names the `worker` crate.
//!
//! Every call from here into JavaScript costs CPU time. So this goes around `worker`'s own request,
//! response and database, which make many, and does each thing with one function of `edge.js`.

use std::cell::{OnceCell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::{Date, Object, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{self, console};
use worker::worker_sys::types::RateLimiter;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use crate::app;
use crate::bookmark;
use crate::config::{Config, ConfigError};
use crate::db::{Db, DbError, Row, Value};
use crate::http::{BodyError, Request, Response};
use crate::platform::{Event, Platform};
use crate::purge;

/// The name of the rate limit binding in `wrangler.toml`.
const RATE_LIMITER: &str = "LIMITER";

thread_local! {
    /// The configuration of this isolate. Its variables never change.
    static CONFIG: OnceCell<Rc<Result<Config, ConfigError>>> = const { OnceCell::new() };
}

#[wasm_bindgen(module = "/src/edge.js")]
extern "C" {
    fn head(request: &web_sys::Request) -> String;
    fn body(request: &web_sys::Request, limit: usize) -> Promise;
    fn first(env: &JsValue, constraint: &str, sql: &str, params: &str) -> Promise;
    fn respond(status: u16, headers: &str, bookmark: Option<&str>, body: Option<&str>) -> web_sys::Response;
}

/// There is an answer to everything; an error of `worker`'s would only bring its texts into the upload.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> Result<web_sys::Response, Infallible> {
    // Here, not at the start: `worker` adds a hook of its own then, and a panic would be told twice.
    console_error_panic_hook::set_once();
    let edge = Edge::new(request, env);
    let answer = app::handle(&edge.config(), &edge, &edge).await;
    if let Some(upgrade) = answer.upgrade {
        context.wait_until(async move { upgrade.run(&edge).await });
    }
    Ok(to_js(&answer.response))
}

#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    console_error_panic_hook::set_once();
    if let Err(error) = purge::run(&Bindings::new(env), now()).await {
        log(&Event::Fault { cause: format!("purge: {error}") }, None);
    }
}

fn now() -> i64 {
    (Date::now() / 1000.0) as i64
}

fn log(event: &Event, request: Option<&str>) {
    let line = event.line(request).into();
    if event.is_error() {
        console::error_1(&line);
    } else {
        console::warn_1(&line);
    }
}

fn to_js(response: &Response) -> web_sys::Response {
    let mut headers = String::with_capacity(256);
    let mut bookmark = None;
    for (name, value) in &response.headers {
        if *name == bookmark::HEADER {
            bookmark = Some(&**value);
            continue;
        }
        for line in [name, "\n", value, "\n"] {
            headers.push_str(line);
        }
    }
    respond(response.status, headers.trim_end(), bookmark, response.body.as_deref())
}

/// One request and what surrounds it.
struct Edge {
    request: web_sys::Request,
    /// What `head` of `edge.js` gives.
    head: String,
    bindings: Bindings,
}

impl Edge {
    fn new(request: web_sys::Request, env: Env) -> Self {
        Self { head: head(&request), request, bindings: Bindings::new(env) }
    }

    fn line(&self, index: usize) -> &str {
        self.head.split('\n').nth(index).unwrap_or_default()
    }

    fn url(&self) -> &str {
        self.line(2)
    }

    fn config(&self) -> Rc<Result<Config, ConfigError>> {
        CONFIG.with(|cell| {
            Rc::clone(cell.get_or_init(|| {
                let config = Config::from_vars(|name| self.bindings.variable(name));
                for problem in config.as_ref().map(Config::weaknesses).unwrap_or_default() {
                    self.log(&Event::WeakConfiguration { problem });
                }
                Rc::new(config)
            }))
        })
    }
}

impl Request for Edge {
    fn method(&self) -> &str {
        self.line(1)
    }

    /// The runtime gives whole URLs, normalized as WHATWG URL has it: a path always begins with `/`.
    fn path(&self) -> &str {
        let url = self.url().split(['?', '#']).next().unwrap_or_default();
        let (start, _) = url.match_indices('/').nth(2).unwrap_or((url.len(), "")); // two are before the host
        url.get(start..).unwrap_or_default()
    }

    fn query(&self) -> &str {
        let url = self.url().split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    fn header(&self, name: &str) -> Option<String> {
        let known = match name {
            "authorization" => self.line(3),
            "origin" => self.line(4),
            "x-d1-bookmark" => self.line(5),
            _ => return self.request.headers().get(name).ok().flatten(),
        };
        (!known.is_empty()).then(|| known.to_owned())
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let read = JsFuture::from(body(&self.request, limit)).await.map_err(broken)?;
        if read.is_undefined() {
            return Err(BodyError::TooLarge);
        }
        let body = read.unchecked_into::<Uint8Array>().to_vec();
        if body.len() > limit { Err(BodyError::TooLarge) } else { Ok(body) }
    }
}

fn broken(error: JsValue) -> BodyError {
    BodyError::Broken(message(&error))
}

/// The message of something that JavaScript threw.
fn message(error: &JsValue) -> String {
    error
        .dyn_ref::<worker::js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| error.message().into())
}

impl Platform for Edge {
    type Db = Bindings;

    fn db(&self) -> &Bindings {
        &self.bindings
    }

    fn nearest<'a>(&'a self, bookmark: Option<&'a str>) -> impl Db + 'a {
        Nearest { bindings: &self.bindings, constraint: bookmark.unwrap_or("first-unconstrained") }
    }

    fn bookmark(&self) -> Option<String> {
        self.bindings.bookmark.borrow().clone()
    }

    /// The clock of a deployed Worker stands still while it computes, so once is enough.
    fn now(&self) -> i64 {
        self.line(0).parse().map_or(0, |milliseconds: i64| milliseconds / 1_000)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    async fn within_rate_limit(&self, key: &str) -> Result<bool, String> {
        let limiter = self.bindings.get(RATE_LIMITER);
        if limiter.is_undefined() {
            return Err(format!(
                "there is no rate limit binding {RATE_LIMITER} in wrangler.toml: add it, or set RATE_LIMIT to \"off\""
            ));
        }
        let outcome = count_request(limiter.unchecked_ref(), key).await;
        Ok(outcome.unwrap_or_else(|error| {
            let cause = format!("rate limiter: {}", message(&error));
            self.log(&Event::Fault { cause });
            true
        }))
    }

    fn log(&self, event: &Event) {
        log(event, self.header("cf-ray").as_deref());
    }
}

async fn count_request(limiter: &RateLimiter, key: &str) -> Result<bool, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = JsFuture::from(limiter.limit(options)?).await?;
    Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
}

/// What `wrangler.toml` binds to the Worker; as a database, its primary copy.
struct Bindings {
    env: Env,
    /// What D1 gave with the last statement.
    bookmark: RefCell<Option<String>>,
}

impl Bindings {
    fn new(env: Env) -> Self {
        Self { env, bookmark: RefCell::default() }
    }

    fn get(&self, name: &str) -> JsValue {
        Reflect::get(&self.env, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// A variable or a secret. A number in `wrangler.toml` is as good as its text; what is neither can't be right.
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        let number = || value.as_f64().map(|number| number.to_string());
        (!value.is_undefined())
            .then(|| value.as_string().or_else(number).unwrap_or_else(|| format!("{value:?}")))
    }
}

/// The error of `serde_json` might tell a value.
const NOT_A_ROW: &str = "a column is neither text nor an integer nor NULL";

impl Bindings {
    /// Runs a statement on a copy of the database that a bookmark or one of D1's constraints allows.
    async fn run(&self, constraint: &str, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        let params = serde_json::to_string(params).map_err(|error| DbError::Other(error.to_string()))?;
        let result = JsFuture::from(first(&self.env, constraint, sql, &params)).await;
        let lines = result.map_err(|error| DbError::from_message(&message(&error)))?.as_string();
        let (bookmark, row) = lines.as_deref().and_then(|lines| lines.split_once('\n')).unwrap_or_default();
        if !bookmark.is_empty() {
            *self.bookmark.borrow_mut() = Some(bookmark.to_owned());
        }
        if row.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(row).map(Some).map_err(|_| DbError::Decode(NOT_A_ROW.to_owned()))
    }
}

impl Db for Bindings {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        self.run("first-primary", sql, params).await
    }
}

/// The nearest copy of the database that a bookmark or a constraint allows.
struct Nearest<'a> {
    bindings: &'a Bindings,
    constraint: &'a str,
}

impl Db for Nearest<'_> {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        self.bindings.run(self.constraint, sql, params).await
    }
}
