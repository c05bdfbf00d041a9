//! Every SQL statement on the tables of `migrations/`, one table a file, as functions over a [`Db`].
//!
//! The database decides uniqueness, single use and limits, in one guarded statement each. Times are Unix seconds.

pub mod credentials;
mod db;
pub mod email;
pub mod erasure;
pub mod events;
pub mod login_failures;
#[cfg(not(target_arch = "wasm32"))]
pub mod operator;
pub mod outbox;
pub mod passkeys;
pub mod recovery;
pub mod registrations;
pub mod second_steps;
pub mod secrets;
pub mod sessions;
pub mod staff;
pub mod users;

pub use self::db::{Batch, Db, DbError, Param, Row, Statement, Value};

/// Seconds of a day.
pub const DAY: i64 = 86_400;
