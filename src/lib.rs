//! Latchkey: an account API that runs wholly at the edge, as a Cloudflare Worker with its users in D1.
//!
//! # The one rule
//!
//! Only [`worker`] may name the crate `worker`, or wasm-bindgen. All else takes and returns plain Rust types and is
//! handed its configuration and, through [`platform::Platform`], the database, the time, randomness
//! and the log. So the whole API runs under `cargo test` over SQLite, and the same cases then run on
//! the built wasm in workerd.
//!
//! # The way of a request
//!
//! 1. [`worker`] turns the platform's request and bindings into our types: a request is a task that asks the typed
//!    host, in JavaScript, for what takes time;
//! 2. [`app`] answers it: [`route`] names the endpoint, [`auth`] the user, a file of [`api`] does the
//!    work, [`dialect`] renders what went wrong, [`cors`] says who may read the answer;
//! 3. an endpoint reads its body with [`api::body`], checks it with [`validate`], and calls [`store`],
//!    which holds every SQL statement, over the one-method [`db::Db`]; a read may ask the nearest copy of
//!    the database, as new as the client's [`bookmark`];
//! 4. [`token`], [`password`] and [`secret`] put together what the cryptography crates offer;
//!    [`proof`] checks a password and [`throttle`] counts its failures; [`rate_limit`] and [`registration_limit`] say how
//!    often a [`client`] may ask.
//!
//! [`openapi`] describes all of this, from the same routes, rules and errors, for `/api/openapi.json`. The pages of
//! `pages/` are static assets: none of them reaches this crate. On a schedule, [`purge`] deletes what nobody needs any more.

pub mod account;
pub mod api;
pub mod app;
pub mod auth;
pub mod config;
pub mod error;
pub mod http;
pub mod jobs;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
pub mod platform;
pub mod store;
mod worker;
