//! The API as it ships: the built wasm in workerd, on D1. `npm test` builds it and runs this.

#[path = "../suite/mod.rs"]
mod suite;

mod edge;
mod server;

use std::rc::Rc;

use server::Server;
use suite::{Api, Vars};

suite::all!(crate::start);

/// The release build, as `wrangler deploy` would upload it.
const RELEASE: &str = "target/worker";

/// Tests of the same variables share a server and its database.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Server::shared(RELEASE, vars))
}
