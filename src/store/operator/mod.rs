//! Statements of the operator's command, which are not in the Worker: one table or subject per file.

#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "fields are named like their columns, and errors are the database's"
)]

pub mod changes;
pub mod credentials;
pub mod django;
pub mod erasure;
pub mod events;
pub mod login_failures;
pub mod password_hash;
mod recorder;
pub mod secrets;
pub mod sessions;
pub mod users;
pub mod verification;
pub mod webhook;

pub use self::recorder::Recorder;

use crate::store::db::number_of_params;
use crate::store::{Db, DbError, Param, Row, Value};

/// A statement and its parameters, `?1` the first.
pub struct Statement<'a> {
    pub sql: &'a str,
    pub params: Vec<Value<'a>>,
}

/// A database as the command accesses it: the file of the local D1, or either D1 through wrangler.
pub trait Database {
    /// Runs a statement and returns all rows of its result. No two of its columns may have the same name.
    fn rows(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError>;

    /// Runs statements in one transaction, and returns all rows of the last one's result.
    fn transaction(&self, statements: &[Statement<'_>]) -> Result<Vec<Row>, DbError>;

    /// Runs any number of statements in one transaction. Their results are discarded.
    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError>;

    /// Size of the database in bytes. Through wrangler it is known only after a statement, and only for a deployed one.
    fn size(&self) -> Result<Option<u64>, DbError>;

    /// Runs a statement and returns the first row, if there is one.
    fn row(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// Runs statements that share parameters in one transaction, and returns all rows of the last one's result. Each takes as many
/// parameters as its text names.
fn run_rows(
    database: &dyn Database,
    statements: &[String],
    params: &[Value<'_>],
) -> Result<Vec<Row>, DbError> {
    let sharing = |sql: &str| params.get(..number_of_params(sql)).unwrap_or(params).to_vec();
    let statements: Vec<_> = statements.iter().map(|sql| Statement { sql, params: sharing(sql) }).collect();
    database.transaction(&statements)
}

/// Runs statements as [`run_rows`] does, and returns the first row.
fn run(database: &dyn Database, statements: &[String], params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
    Ok(run_rows(database, statements, params)?.into_iter().next())
}

/// Runs the Worker's statements.
impl Db for dyn Database + '_ {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        let params: Vec<_> = params.iter().map(|param| Value::from(*param)).collect();
        self.row(sql, &params)
    }
}
