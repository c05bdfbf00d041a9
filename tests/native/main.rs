//! The whole API on the host, over SQLite with the migrations and the SQL that ship.

#[path = "../suite/mod.rs"]
mod suite;

mod budget;
mod clock;
mod concurrency;
mod fuzz;
mod host;
mod new_password;
mod reference;
mod replica;
mod sqlite;

use std::rc::Rc;

use host::{NOW, Native, config};
use suite::{Api, Vars};

suite::all!(crate::start);

/// Each test has a database of its own.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Native::new(vars))
}
