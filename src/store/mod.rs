//! Every SQL statement on the tables of `migrations/`, one table a file, as functions over a [`Db`].

pub mod db;
#[cfg(not(target_arch = "wasm32"))]
pub mod operator;
mod users;

pub use self::db::{Batch, Db, DbError, Row, Statement, Value};
pub use self::users::*;
