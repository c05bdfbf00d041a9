//! Dispatch: request to endpoint to response, with errors rendered and cross-origin headers set.

use crate::api::admin::guard;
use crate::api::context::Context;
use crate::api::deferred::Deferred;
use crate::api::endpoint::{Authentication, RateLimit};
use crate::api::route::{self, Route};
use crate::api::{self, DISPATCHES, rate_limit};
use crate::config::{Config, ConfigError};
use crate::error::{Dialect, Error};
use crate::http::cors::Cors;
use crate::http::{Header, Request, Response, bookmark, is_local};
use crate::platform::{Event, Platform};

/// Two years (RFC 6797): a browser then never sends a token to this host in the clear.
const STRICT_TRANSPORT: &str = "max-age=63072000";

/// Handles a request. Every outcome is a response; an internal error is logged here, once.
pub async fn handle(
    config: &Result<Config, ConfigError>,
    platform: &impl Platform,
    request: &impl Request,
) -> Handled {
    let config = match config {
        Ok(config) => config,
        Err(ConfigError { problems, cors }) => {
            let problems = problems.clone();
            platform.log(&Event::Misconfigured { problems });
            let response = Dialect::Django.render(&Error::Internal("misconfigured".to_owned()));
            return finalize(response, platform, request, cors, None).into();
        }
    };
    let (mut preflight, mut deferred) = (None, Deferred::default());
    let response = match route::find(config, request.method(), request.path()) {
        Ok(Route::Endpoint { index, parameters }) => {
            let cx = Context::new(config, platform, request, parameters);
            let response = dispatch(index, &cx).await;
            deferred = cx.into_deferred();
            response
        }
        Ok(Route::Preflight(allow)) => {
            let response = Response::empty(204).with("Allow", allow.clone());
            preflight = Some(allow);
            Ok(response)
        }
        Err(error) => Err(error),
    };
    let response = response.unwrap_or_else(|error| render(config.dialect, error, platform));
    Handled { response: finalize(response, platform, request, &config.cors, preflight), deferred }
}

/// Response to a request, and the work that is left once it has been sent.
pub struct Handled {
    /// Response to the client.
    pub response: Response,
    /// Work that no response waits for.
    pub deferred: Deferred,
}

impl From<Response> for Handled {
    fn from(response: Response) -> Self {
        Self { response, deferred: Deferred::default() }
    }
}

/// Responds to a request that could not be handled.
pub fn respond_with_error(
    config: &Result<Config, ConfigError>,
    platform: &impl Platform,
    request: &impl Request,
    error: Error,
) -> Response {
    let (dialect, cors) = match config {
        Ok(config) => (config.dialect, &config.cors),
        Err(error) => (Dialect::Django, &error.cors),
    };
    let response = render(dialect, error, platform);
    finalize(response, platform, request, cors, None)
}

async fn dispatch(index: usize, cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let endpoint = DISPATCHES.get(index).ok_or(Error::NotFound)?;
    if endpoint.rate_limit == RateLimit::ClientIp {
        rate_limit::check(cx).await?;
    }
    if matches!(endpoint.authentication, Authentication::Staff | Authentication::Superuser) {
        // Boxed, so that other requests don't carry its state.
        Box::pin(guard::check(cx, endpoint.authentication)).await?;
    }
    let handling = api::handle(index, cx).ok_or(Error::NotFound)?;
    handling.await
}

/// Renders an error, and logs an internal one.
fn render(dialect: Dialect, error: Error, platform: &impl Platform) -> Response {
    let response = dialect.render(&error);
    if let Error::Internal(cause) = error {
        platform.log(&Event::InternalError { cause });
    }
    response
}

fn finalize(
    mut response: Response,
    platform: &impl Platform,
    request: &impl Request,
    cors: &Cors,
    preflight: Option<String>,
) -> Response {
    if request.method() == "HEAD" {
        response.body = None;
    }
    if request.is_https() {
        response = response.with("Strict-Transport-Security", STRICT_TRANSPORT);
    }
    if let Some(bookmark) = platform.bookmark() {
        response = response.with(bookmark::HEADER, bookmark);
    }
    let origin = request.header(Header::Origin);
    if let Some(origin) = origin
        && is_local(request)
    {
        hint_at_refusal(origin, platform, request, cors, preflight.is_some());
    }
    cors.apply(response, origin, preflight)
}

/// Tells the developer of a page on another origin why the browser keeps the response from it.
fn hint_at_refusal(
    origin: &str,
    platform: &impl Platform,
    request: &impl Request,
    cors: &Cors,
    is_preflight: bool,
) {
    let is_same_host =
        origin.split_once("://").is_some_and(|(_, authority)| authority == request.authority());
    // The second of a page behind the same proxy, for example.
    if is_same_host || request.header(Header::SecFetchSite) == Some("same-origin") {
        return;
    }
    let asked = request.header(Header::AccessControlRequestHeaders).filter(|_| is_preflight);
    if let Some(hint) = cors.refusal(origin, asked) {
        platform.log(&Event::Hint { hint });
    }
}
