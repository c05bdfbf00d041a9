//! The operator's command, as it is run, on local databases of its own.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

#[path = "../../src/bin/latchkey/cipher.rs"]
mod cipher;
mod command;
mod completions;
mod createsuperuser;
#[cfg(unix)]
mod dev_server;
mod doctor;
mod events;
mod export_django;
mod import_django;
mod mail;
mod npm;
#[cfg(unix)]
mod pipes;
mod reseal;
mod seals;
mod secret;
mod start;
mod token;
mod users;
mod webhook;
#[cfg(unix)]
mod wrangler;
