//! Functions that JavaScript calls.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use worker::js_sys::{Number, Reflect};
use worker::wasm_bindgen::JsCast as _;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::{Env, console_error, console_warn};

use super::host::Host;
use super::request::{Head, WorkerRequest};
use super::tasks::{Outcome, Slot, Tasks};
use crate::app;
use crate::config::{Config, ConfigError};
use crate::error::Error;
use crate::http::BodyError;
use crate::jobs::{deliver, purge};
use crate::platform::{Event, Fetched, Platform as _};

type SharedConfig = Rc<Result<Config, ConfigError>>;

thread_local! {
    /// The configuration of this isolate. Its variables never change.
    static CONFIG: OnceCell<SharedConfig> = const { OnceCell::new() };
    static TASKS: RefCell<Tasks> = RefCell::default();
}

/// Reads the variables and secrets that `wrangler.toml` binds. To be called first.
#[wasm_bindgen]
pub fn configure(env: Env) {
    // Here, not at the start: `worker` adds a hook of its own then, and a panic would be logged twice.
    console_error_panic_hook::set_once();
    let config = Config::from_vars(|name| variable(&env, name));
    for problem in config.as_ref().map(|config| config.warnings.clone()).unwrap_or_default() {
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

fn has_sessions(config: &Result<Config, ConfigError>) -> bool {
    config.as_ref().is_ok_and(|config| config.read_replication)
}

/// Starts to handle a request, with what nearly every one is read for: these headers are handed in, the others asked for.
#[wasm_bindgen(js_name = handleRequest)]
pub fn handle_request(
    id: u32,
    host: Host,
    method: String,
    url: String,
    authorization: Option<String>,
    origin: Option<String>,
) {
    let (config, slot) = (config(), Rc::<Slot>::default());
    let head = Head { method, url, authorization, origin };
    let request = WorkerRequest::new(host, Rc::clone(&slot), head, has_sessions(&config));
    start(id, slot, async move {
        let handled = app::handle(&config, &request, &request).await;
        if handled.deferred.is_empty() {
            request.respond(&handled.response);
        } else {
            request.respond_and_continue(&handled.response).await;
            if let Ok(config) = &*config {
                handled.deferred.run(config, &request).await;
            }
        }
    });
}

/// Starts the work of the schedule, at a time in Unix milliseconds.
#[wasm_bindgen(js_name = handleScheduled)]
pub fn handle_scheduled(id: u32, host: Host, now: f64) {
    let (config, slot) = (config(), Rc::<Slot>::default());
    let platform = WorkerRequest::new(host, Rc::clone(&slot), Head::default(), false);
    start(id, slot, async move {
        let Ok(config) = &*config else { return };
        let purged = purge::run(platform.primary(), config.events.max_age, (now / 1_000.0) as i64).await;
        if let Err(error) = purged {
            platform.log(&Event::InternalError { cause: format!("purge: {error}") });
        }
        deliver::run(config, &platform).await;
    });
}

fn start(id: u32, slot: Rc<Slot>, work: impl Future<Output = ()> + 'static) {
    TASKS.with(|tasks| tasks.borrow_mut().start(id, slot, work));
}

/// Resumes a task with the result of a statement. Like the others, `false` if it is not pending: it was evicted, or
/// wasm was reset since it started.
#[wasm_bindgen(js_name = resumeWithRow)]
pub fn resume_with_row(id: u32, bookmark: Option<String>, row: Option<String>) -> bool {
    resume(id, Outcome::Row { bookmark, row })
}

/// Resumes a task with the body.
#[wasm_bindgen(js_name = resumeWithBody)]
pub fn resume_with_body(id: u32, body: Vec<u8>) -> bool {
    resume(id, Outcome::Body(Ok(body)))
}

/// Reason for which there is no body.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum NoBody {
    /// It is over the limit.
    TooLarge,
    /// It took too long to arrive.
    TimedOut,
    /// It broke off.
    BrokenOff,
}

/// Resumes a task without a body.
#[wasm_bindgen(js_name = resumeWithoutBody)]
pub fn resume_without_body(id: u32, reason: NoBody) -> bool {
    let error = match reason {
        NoBody::TooLarge => BodyError::TooLarge,
        NoBody::TimedOut => BodyError::TimedOut,
        NoBody::BrokenOff => BodyError::BrokenOff,
    };
    resume(id, Outcome::Body(Err(error)))
}

/// Resumes a task with the text of a static asset.
#[wasm_bindgen(js_name = resumeWithAsset)]
pub fn resume_with_asset(id: u32, text: String) -> bool {
    resume(id, Outcome::Asset(text))
}

/// Resumes a task with the verdict of a rate limit; `undefined` if the limiter is not bound.
#[wasm_bindgen(js_name = resumeWithRateLimit)]
pub fn resume_with_rate_limit(id: u32, is_within: Option<bool>) -> bool {
    resume(id, Outcome::RateLimit(is_within))
}

/// Resumes a task whose request to another server is under way, or whose mail is sent.
#[wasm_bindgen(js_name = resumeAfterSending)]
pub fn resume_after_sending(id: u32) -> bool {
    resume(id, Outcome::Sent)
}

/// Resumes a task with the response of another server.
#[wasm_bindgen(js_name = resumeWithFetched)]
pub fn resume_with_fetched(id: u32, status: u16, text: String, retry_after: Option<u32>) -> bool {
    resume(id, Outcome::Fetched(Fetched { status, text, retry_after }))
}

/// Resumes a task with what was encrypted or decrypted; `undefined` if it could not be.
#[wasm_bindgen(js_name = resumeWithBytes)]
pub fn resume_with_bytes(id: u32, bytes: Option<Vec<u8>>) -> bool {
    resume(id, Outcome::Bytes(bytes))
}

/// Resumes a task with the verdict on a signature.
#[wasm_bindgen(js_name = resumeWithVerdict)]
pub fn resume_with_verdict(id: u32, is_good: bool) -> bool {
    resume(id, Outcome::Verdict(is_good))
}

/// Resumes a task whose response is on its way.
#[wasm_bindgen(js_name = resumeAfterResponse)]
pub fn resume_after_response(id: u32) -> bool {
    resume(id, Outcome::Responded)
}

/// Resumes a task whose operation failed.
#[wasm_bindgen(js_name = resumeWithError)]
pub fn resume_with_error(id: u32, message: String) -> bool {
    resume(id, Outcome::Failed(message))
}

fn resume(id: u32, outcome: Outcome) -> bool {
    TASKS.with(|tasks| tasks.borrow_mut().resume(id, outcome))
}

/// Drops a task whose client has left.
#[wasm_bindgen]
pub fn abandon(id: u32) {
    TASKS.with(|tasks| tasks.borrow_mut().abandon(id));
}

/// Responds to a request whose task broke, with the cause.
#[wasm_bindgen(js_name = respondWithInternalError)]
pub fn respond_with_internal_error(
    cause: String,
    host: Host,
    method: String,
    url: String,
    authorization: Option<String>,
    origin: Option<String>,
) {
    respond_with(Error::Internal(cause), host, Head { method, url, authorization, origin });
}

/// Responds to a request whose task was evicted while it waited for the body.
#[wasm_bindgen(js_name = respondWithTimeout)]
pub fn respond_with_timeout(
    host: Host,
    method: String,
    url: String,
    authorization: Option<String>,
    origin: Option<String>,
) {
    respond_with(Error::BodyTimedOut, host, Head { method, url, authorization, origin });
}

fn respond_with(error: Error, host: Host, head: Head) {
    let request = WorkerRequest::new(host, Rc::default(), head, false);
    request.respond(&app::respond_with_error(&config(), &request, &request, error));
}

/// Writes an event to the console.
pub(super) fn log(event: &Event, request: Option<&str>) {
    let line = event.line(request);
    if event.is_error() {
        console_error!("{line}");
    } else {
        console_warn!("{line}");
    }
}
