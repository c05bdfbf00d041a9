//! Dispatch: request to endpoint to response, with errors rendered and cross-origin headers set.

use crate::api::context::Context;
use crate::api::endpoint::{Handled, RateLimit};
use crate::api::route::{self, Route};
use crate::api::{self, ENDPOINTS, rate_limit};
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
            return finalize(response.into(), platform, request, cors, None);
        }
    };
    let mut preflight = None;
    let handled = match route::find(request.method(), request.path()) {
        Ok(Route::Endpoint(index)) => dispatch(index, &Context { config, platform, request }).await,
        Ok(Route::Preflight(allow)) => {
            let response = Response::empty(204).with("Allow", allow.clone());
            preflight = Some(allow);
            Ok(response.into())
        }
        Err(error) => Err(error),
    };
    let handled = handled.unwrap_or_else(|error| render(config.dialect, error, platform).into());
    finalize(handled, platform, request, &config.cors, preflight)
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
    finalize(response.into(), platform, request, cors, None).response
}

async fn dispatch(index: usize, cx: &Context<'_, impl Platform, impl Request>) -> Result<Handled, Error> {
    let limit = ENDPOINTS.get(index).map(|endpoint| endpoint.rate_limit);
    if limit == Some(RateLimit::ClientIp) {
        rate_limit::check(cx).await?;
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
    mut handled: Handled,
    platform: &impl Platform,
    request: &impl Request,
    cors: &Cors,
    preflight: Option<String>,
) -> Handled {
    if request.method() == "HEAD" {
        handled.response.body = None;
    }
    if request.is_https() {
        handled.response = handled.response.with("Strict-Transport-Security", STRICT_TRANSPORT);
    }
    if let Some(bookmark) = platform.bookmark() {
        handled.response = handled.response.with(bookmark::HEADER, bookmark);
    }
    let origin = request.header(Header::Origin);
    if let Some(origin) = origin
        && is_local(request)
        && origin.split_once("://").is_none_or(|(_, authority)| authority != request.authority())
        && request.header(Header::SecFetchSite) != Some("same-origin")
    // behind the same proxy, for example
    {
        let asked = request.header(Header::AccessControlRequestHeaders).filter(|_| preflight.is_some());
        if let Some(hint) = cors.refusal(origin, asked) {
            platform.log(&Event::Hint { hint });
        }
    }
    handled.response = cors.apply(handled.response, origin, preflight);
    handled
}
