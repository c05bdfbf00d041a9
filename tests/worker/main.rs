//! The API as it ships: what `wrangler deploy` would upload, in workerd, on D1. `npm test` builds it and runs this.

#[path = "../suite/mod.rs"]
mod suite;

mod attack;
mod edge;
mod server;

use std::rc::Rc;

use server::Server;
use suite::{Api, Vars};

suite::all!(crate::start);

/// Tests of the same variables share a server and its database.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Server::shared(vars))
}
