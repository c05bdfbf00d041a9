//! Every SQL statement on the tables of `migrations/`, one table a file, as functions over a [`Db`].

pub mod db;
mod users;

pub use self::db::{Batch, Db, DbError, Row, Statement, Value};
pub use self::users::*;
