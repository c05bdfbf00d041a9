//! Answers a request: finds the endpoint, lets it do its work, renders what went wrong, applies CORS.

use std::pin::Pin;

use crate::api::openapi;
use crate::api::rate_limit;
use crate::api::route::Route;
use crate::api::sessions::{login, logout};
use crate::api::users::{current, deactivate, register, update};
use crate::auth::credentials::Upgrade;
use crate::config::{Config, ConfigError};
use crate::error::Dialect;
use crate::error::Error;
use crate::http::bookmark;
use crate::http::client_ip::ClientIp;
use crate::http::cors::Cors;
use crate::http::{Request, Response};
use crate::platform::{Event, Platform};

/// Two years (RFC 6797): that a browser never sends a token to this host in the clear.
const STRICT_TRANSPORT: &str = "max-age=63072000";

/// An answer, and what is left to do once it is sent.
pub struct Answer {
    /// What the client gets.
    pub response: Response,
    /// A password hash to make anew.
    pub upgrade: Option<Upgrade>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self { response, upgrade: None }
    }
}

/// Answers a request. Whatever happens there is an answer; a fault is logged here, once.
pub async fn handle(
    config: &Result<Config, ConfigError>,
    platform: &impl Platform,
    request: &impl Request,
) -> Answer {
    let config = match config {
        Ok(config) => config,
        Err(ConfigError { problems, cors }) => {
            let problems = problems.clone();
            platform.log(&Event::Misconfigured { problems });
            let response = Dialect::Django.render(&Error::Fault("misconfigured".to_owned()));
            return finish(response.into(), platform, request, cors, None);
        }
    };
    let route = Route::find(request.method(), request.path());
    let preflight = match route {
        Ok(Route::Options(methods)) => Some(methods),
        _ => None,
    };
    let answer = match route {
        Ok(route) => serve(route, config, platform, request).await,
        Err(error) => Err(error),
    };
    let answer = answer.unwrap_or_else(|error| {
        if let Error::Fault(cause) = &error {
            let cause = cause.clone();
            platform.log(&Event::Fault { cause });
        }
        config.dialect.render(&error).into()
    });
    finish(answer, platform, request, &config.cors, preflight)
}

/// The answer to a request that could not be handled. A fault is logged here.
pub fn refuse(
    config: &Result<Config, ConfigError>,
    platform: &impl Platform,
    request: &impl Request,
    error: Error,
) -> Response {
    let (dialect, cors) = match config {
        Ok(config) => (config.dialect, &config.cors),
        Err(error) => (Dialect::Django, &error.cors),
    };
    let response = dialect.render(&error);
    if let Error::Fault(cause) = error {
        platform.log(&Event::Fault { cause });
    }
    finish(response.into(), platform, request, cors, None).response
}

async fn serve(
    route: Route,
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Answer, Error> {
    if config.rate_limit && matches!(route, Route::Register | Route::Login) {
        rate_limit::check(platform, ClientIp::of(request)).await?;
    }
    // Boxed, so that each endpoint is code of its own: in one function, a read would compile them all first.
    let response: Pin<Box<dyn Future<Output = Result<Response, Error>> + '_>> = match route {
        Route::Register => Box::pin(register::handle(config, platform, request)),
        Route::Login => {
            let (response, upgrade) = Box::pin(login::handle(config, platform, request)).await?;
            return Ok(Answer { response, upgrade });
        }
        Route::Logout => Box::pin(logout::handle(config, platform, request)),
        Route::CurrentUser => Box::pin(current::handle(config, platform, request)),
        Route::UpdateUser => Box::pin(update::handle(config, platform, request)),
        Route::DeactivateUser => Box::pin(deactivate::handle(config, platform, request)),
        Route::Reference => return Ok(openapi::handle(config, request).into()),
        Route::Options(methods) => return Ok(Response::empty(204).with("Allow", methods).into()),
    };
    Ok(response.await?.into())
}

fn finish(
    mut answer: Answer,
    platform: &impl Platform,
    request: &impl Request,
    cors: &Cors,
    preflight: Option<&'static str>,
) -> Answer {
    if request.method() == "HEAD" {
        answer.response.body = None;
    }
    if request.is_https() {
        answer.response = answer.response.with("Strict-Transport-Security", STRICT_TRANSPORT);
    }
    if let Some(bookmark) = platform.bookmark() {
        answer.response = answer.response.with(bookmark::HEADER, bookmark);
    }
    answer.response = cors.apply(answer.response, request.header("origin"), preflight);
    answer
}
