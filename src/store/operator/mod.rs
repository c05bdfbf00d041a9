//! Statements of the operator's command, which are not in the Worker: one table or subject per file.

#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "fields are named like their columns, and errors are the database's"
)]

pub mod credentials;
pub mod django;
pub mod login_failures;
pub mod password_hash;
pub mod secrets;
pub mod sessions;
pub mod users;
pub mod verification;

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

    /// Runs statements in one transaction. Their results are discarded.
    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError>;

    /// Size of the database in bytes. Through wrangler it is known only after a statement, and only for a deployed one.
    fn size(&self) -> Result<Option<u64>, DbError>;

    /// Runs a statement and returns the first row, if there is one.
    fn row(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// Runs the Worker's statements.
impl Db for dyn Database + '_ {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        let params: Vec<_> = params.iter().map(|param| Value::from(*param)).collect();
        self.row(sql, &params)
    }
}
