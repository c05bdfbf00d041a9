//! The edge of the crate: the only file that names the `worker` crate.
//!
//! Every call from here into JavaScript costs CPU time. So this goes around `worker`'s own request and
//! response, which read and set more than an answer needs, and reads each part when it is asked for.

use std::cell::OnceCell;
use std::rc::Rc;

use worker::js_sys::{Array, Date, Object, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{self, ReadableStreamDefaultReader, ResponseInit, console};
use worker::worker_sys::types::{D1Database, RateLimiter};
use worker::{Context, D1PreparedStatement, Env, ScheduleContext, ScheduledEvent, event};

use crate::app;
use crate::config::{Config, ConfigError};
use crate::db::{Db, DbError, Row, Value};
use crate::http::{BodyError, Request, Response};
use crate::platform::{Event, Platform};
use crate::purge;

/// The name of the D1 binding in `wrangler.toml`.
const DATABASE: &str = "DB";

/// The name of the rate limit binding in `wrangler.toml`.
const RATE_LIMITER: &str = "LIMITER";

thread_local! {
    /// The configuration of this isolate. Its variables never change.
    static CONFIG: OnceCell<Rc<Result<Config, ConfigError>>> = const { OnceCell::new() };
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    // Here, not at the start: `worker` adds a hook of its own then, and a panic would be told twice.
    console_error_panic_hook::set_once();
    let edge = Edge::new(request, env);
    let answer = app::handle(&edge.config(), &edge, &edge).await;
    if let Some(upgrade) = answer.upgrade {
        context.wait_until(async move { upgrade.run(&edge).await });
    }
    Ok(to_js(&answer.response)?)
}

#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    console_error_panic_hook::set_once();
    if let Err(error) = purge::run(&Bindings(env), now()).await {
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

fn to_js(response: &Response) -> Result<web_sys::Response, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(response.status);
    init.set_headers(&headers);
    web_sys::Response::new_with_opt_str_and_init(response.body.as_deref(), &init)
}

/// One request and what surrounds it.
struct Edge {
    request: web_sys::Request,
    method: String,
    url: String,
    headers: OnceCell<web_sys::Headers>,
    bindings: Bindings,
}

impl Edge {
    fn new(request: web_sys::Request, env: Env) -> Self {
        Self {
            method: request.method(),
            url: request.url(),
            request,
            headers: OnceCell::new(),
            bindings: Bindings(env),
        }
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
        &self.method
    }

    /// The runtime gives whole URLs, normalized as WHATWG URL has it: a path always begins with `/`.
    fn path(&self) -> &str {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
        let start = after_scheme.find('/').unwrap_or(after_scheme.len());
        after_scheme.get(start..).unwrap_or_default()
    }

    fn query(&self) -> &str {
        let url = self.url.split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers.get_or_init(|| self.request.headers());
        headers.get(name).ok().flatten()
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        // With a length, which HTTP holds the client to, the whole body is one call.
        let body = match self.header("content-length") {
            Some(length) if length == "0" => Vec::new(),
            Some(length) if length.parse().is_ok_and(|length: usize| length <= limit) => {
                let promise = self.request.array_buffer().map_err(broken)?;
                let buffer = JsFuture::from(promise).await.map_err(broken)?;
                Uint8Array::new(&buffer).to_vec()
            }
            Some(_) => return Err(BodyError::TooLarge),
            None => self.stream(limit).await?,
        };
        if body.len() > limit {
            return Err(BodyError::TooLarge);
        }
        Ok(body)
    }
}

impl Edge {
    /// Reads a body of unknown length chunk by chunk, until it is over the limit.
    async fn stream(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let mut body = Vec::new();
        let Some(stream) = self.request.body() else {
            return Ok(body);
        };
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        while body.len() <= limit {
            let chunk = JsFuture::from(reader.read()).await.map_err(broken)?;
            let value = Reflect::get(&chunk, &"value".into()).map_err(broken)?;
            if value.is_undefined() {
                return Ok(body);
            }
            body.extend(Uint8Array::new(&value).to_vec());
        }
        Err(BodyError::TooLarge)
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

    fn now(&self) -> i64 {
        now()
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

/// What `wrangler.toml` binds to the Worker.
struct Bindings(Env);

impl Bindings {
    fn get(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// A variable or a secret. A number in `wrangler.toml` is as good as its text; what is neither can't be right.
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        let number = || value.as_f64().map(|number| number.to_string());
        (!value.is_undefined())
            .then(|| value.as_string().or_else(number).unwrap_or_else(|| format!("{value:?}")))
    }
}

impl Db for Bindings {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        let binding = self.get(DATABASE);
        if binding.is_undefined() {
            return Err(DbError::Other(format!("there is no D1 binding {DATABASE} in wrangler.toml")));
        }
        let statement = binding.unchecked_into::<D1Database>().prepare(sql);
        let statement =
            D1PreparedStatement::from(statement.map_err(|error| DbError::from_message(&message(&error)))?);
        let params: Vec<JsValue> = params.iter().map(to_d1).collect();
        let rows = statement.bind(&params).map_err(d1_error)?.raw_js_value().await.map_err(d1_error)?;
        let first = rows.first().map(|row| row.unchecked_ref::<Array>());
        first.map(|columns| columns.iter().map(from_d1).collect::<Result<_, _>>().map(Row::new)).transpose()
    }
}

/// D1 takes no `BigInt`, so an integer goes as a double; those of this crate are far below 2^53.
fn to_d1(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(integer) => JsValue::from_f64(*integer as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

fn from_d1(value: JsValue) -> Result<Value<'static>, DbError> {
    if let Some(text) = value.as_string() {
        Ok(Value::Text(text.into()))
    } else if let Some(number) = value.as_f64() {
        Ok(Value::Integer(number as i64))
    } else if value.is_null() {
        Ok(Value::Null)
    } else {
        Err(DbError::Decode("a column is neither text nor a number nor NULL".to_owned()))
    }
}

fn d1_error(error: worker::Error) -> DbError {
    match &error {
        worker::Error::D1(error) => DbError::from_message(&message(error.as_ref())),
        other => DbError::from_message(&other.to_string()),
    }
}
