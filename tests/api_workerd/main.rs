//! The API as it ships: what `wrangler deploy` would upload, in workerd, on D1. `npm test` builds it and runs this.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

#[path = "../api/mod.rs"]
#[allow(dead_code, reason = "some of a call is for the host only")]
mod api;

mod attack;
mod crypto;
mod edge;
mod mail;
mod server;

use std::rc::Rc;

use api::{Api, Vars};
use server::Server;

api::all!(crate::start);

/// Tests of the same variables share a server and its database.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Server::shared(vars))
}
