//! Answers a request: finds the endpoint, lets it do its work, renders what went wrong, applies CORS.

use crate::api::{current_user, deactivate_user, login, logout, register, update_user};
use crate::bookmark;
use crate::client;
use crate::config::{Config, ConfigError};
use crate::cors::Cors;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::{Event, Platform};
use crate::route::Route;
use crate::throttle;

/// An answer, and what is left to do once it is sent.
pub struct Answer {
    /// What the client gets.
    pub response: Response,
    /// A password hash to make anew.
    pub upgrade: Option<login::Upgrade>,
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

async fn serve(
    route: Route,
    config: &Config,
    platform: &impl Platform,
    request: &impl Request,
) -> Result<Answer, Error> {
    if config.rate_limit && matches!(route, Route::Register | Route::Login) {
        throttle::shield(platform, &client::network(request)).await?;
    }
    let response = match route {
        Route::Register => register::handle(config, platform, request).await?,
        Route::Login => {
            let (response, upgrade) = login::handle(config, platform, request).await?;
            return Ok(Answer { response, upgrade });
        }
        Route::Logout => logout::handle(config, platform, request).await?,
        Route::CurrentUser => current_user::handle(config, platform, request).await?,
        Route::UpdateUser => update_user::handle(config, platform, request).await?,
        Route::DeactivateUser => deactivate_user::handle(config, platform, request).await?,
        Route::Options(methods) => Response::empty(204).with("Allow", methods),
    };
    Ok(response.into())
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
    if let Some(bookmark) = platform.bookmark() {
        answer.response = answer.response.with(bookmark::HEADER, bookmark);
    }
    let origin = cors.reads_origin().then(|| request.header("origin")).flatten();
    answer.response = cors.apply(answer.response, origin, preflight);
    answer
}
