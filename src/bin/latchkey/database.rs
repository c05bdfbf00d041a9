//! The database as the command sees it: statements with parameters, rows, and several statements as one.

use anyhow::Result;
use latchkey::store::db::{Db, DbError, Row, Value};

/// A statement and its parameters, `?1` the first.
pub struct Statement<'a> {
    pub sql: &'a str,
    pub params: Vec<Value<'a>>,
}

/// A database: the file of the local D1, or either D1 through wrangler.
pub trait Database {
    /// Runs a statement and gives all rows of its result. No two of its columns may have the same name.
    fn rows(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError>;

    /// Runs statements all together or not at all. Their results are not given.
    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError>;

    /// Size of the database in bytes. Through wrangler it is known only after a statement, and not of a local one.
    fn size(&self) -> Result<Option<u64>, DbError>;

    /// The first row, if there is one.
    fn row(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// So that the statements of [`latchkey::store`] run here too.
impl Db for dyn Database + '_ {
    async fn first(&self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        self.row(sql, params)
    }
}
