//! Endpoints, one a file, and what they share.

pub mod admin;
pub mod authenticate;
pub mod body;
pub mod conflict;
pub mod context;
pub mod credentials;
pub mod deferred;
pub mod endpoint;
pub mod mail;
mod mailed_secret;
mod new_password;
pub mod openapi;
mod passkey;
pub mod proof;
pub mod rate_limit;
pub mod route;
mod session_record;
pub mod sessions;
mod user_response;
pub mod users;

use std::pin::Pin;

use self::context::Context;
use self::endpoint::{Dispatch, Endpoint};
use crate::error::Error;
use crate::http::{Request, Response};
use crate::platform::Platform;

/// Boxed, so that each endpoint is its own wasm function: V8 compiles lazily, one function at a time.
type Handling<'a> = Pin<Box<dyn Future<Output = Result<Response, Error>> + 'a>>;

/// Lists the modules that have an `ENDPOINT` and a `handle`.
macro_rules! endpoints {
    ($($($module:ident)::+),+ $(,)?) => {
        /// All endpoints.
        pub const ENDPOINTS: &[Endpoint] = &[$($($module)::+::ENDPOINT),+];

        /// The facts by which a request is dispatched to one of [`ENDPOINTS`], in their order.
        pub static DISPATCHES: [Dispatch; ENDPOINTS.len()] = [$(Dispatch::of(&$($module)::+::ENDPOINT)),+];

        /// Runs the handler of the endpoint with this index in [`ENDPOINTS`].
        pub fn handle<'a, P: Platform, R: Request>(index: usize, cx: &'a Context<'a, P, R>) -> Option<Handling<'a>> {
            let handlers: [fn(&'a Context<'a, P, R>) -> Handling<'a>; ENDPOINTS.len()] =
                [$(|cx| Box::pin($($module)::+::handle(cx))),+];
            handlers.get(index).map(|handle| handle(cx))
        }
    };
}

endpoints! {
    users::register,
    users::current,
    users::update,
    users::deactivate,
    sessions::login,
    sessions::logout,
    sessions::reauthenticate,
    sessions::list,
    sessions::end,
    sessions::methods,
    mail::request_password_reset,
    mail::reset_password,
    mail::request_verification,
    mail::verify_email,
    mail::request_sign_in,
    credentials::list,
    credentials::add,
    credentials::change,
    credentials::remove,
    admin::list_users,
    admin::invite,
    admin::show_user,
    admin::change_user,
    admin::erase_user,
    admin::request_reset,
    admin::list_sessions,
    admin::end_sessions,
    admin::end_session,
    admin::remove_credential,
    admin::list_events,
    openapi,
}
