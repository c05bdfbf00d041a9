//! The API as it ships: what `wrangler deploy` would upload, in workerd, on D1. `npm test` builds it and runs this.

#[path = "../api/mod.rs"]
mod api;

mod attack;
mod edge;
mod server;

use std::rc::Rc;

use api::{Api, Vars};
use server::Server;

api::all!(crate::start);

/// Tests of the same variables share a server and its database.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Server::shared(vars))
}
