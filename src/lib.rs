//! Latchkey: an account API that runs entirely at the edge, as a Cloudflare Worker with its users in D1.
//!
//! # Map
//!
//! Imports go down only; `tests/architecture.rs` holds that.
//!
//! | module | holds |
//! | --- | --- |
//! | `worker` | the Cloudflare Worker: exports to JavaScript, tasks, D1. Only this names `worker` or wasm-bindgen |
//! | [`app`] | dispatch: request to endpoint to response |
//! | [`api`] | endpoints, one a file, with their facts in a `const ENDPOINT`; routing, authentication, body |
//! | [`jobs`] | work of the schedule |
//! | [`config`] | variables and secrets, read once and checked as a whole |
//! | [`auth`] | rules of authentication: tokens, sessions, passwords, second factors, passkeys, lockouts |
//! | [`platform`] | interface to the runtime: database, clock, randomness, log |
//! | [`store`] | every SQL statement on the tables of `migrations/`, one table a file |
//! | [`mail`] | mails: what each says |
//! | [`account`] | the user, and the rules of each field |
//! | [`error`] | errors, and the two dialects that render them |
//! | [`http`] | requests, responses, cross-origin rules, client IP |
//!
//! Everything but `worker` takes and returns plain Rust types, and is given its configuration and, through
//! [`platform::Platform`], the runtime. So the whole API runs under `cargo test` over SQLite, and the same tests
//! then run on the built wasm in workerd.
//!
//! Not in the Worker: `openapi`, with which the build writes the OpenAPI documents, and `bin/latchkey`, the operator's
//! command. The files of `pages/` are static assets.

pub mod account;
pub mod api;
pub mod app;
pub mod auth;
pub mod config;
pub mod error;
pub mod http;
pub mod jobs;
pub mod mail;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
pub mod platform;
pub mod store;
mod worker;
