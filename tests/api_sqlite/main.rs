//! The whole API on the host, over SQLite with the migrations and the SQL that ship.

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
mod api;

mod blocklist;
mod budget;
mod clock;
mod concurrency;
mod crypto;
mod deliveries;
mod factor_races;
mod fuzz;
mod fuzz_staff;
mod host;
mod lockout;
mod mail;
mod migrations;
mod new_password;
mod openapi;
mod outbox;
mod provoked;
mod provoked_staff;
mod purge;
mod rate_limit;
mod replica;
mod second_factor;
mod session_record;
mod sqlite;
mod staff_attacks;
mod staff_guard;
mod staff_pages;
mod transport;
mod webauthn;

use std::rc::Rc;

use api::{Api, Vars};
use host::{NOW, Native, config};

api::all!(crate::start);

/// Age at which events are purged, in seconds.
const EVENTS: i64 = 400 * 86_400;

/// Each test has a database of its own.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Native::new(vars))
}
