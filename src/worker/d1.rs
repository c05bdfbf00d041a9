//! D1 as the crate's database.

use std::cell::RefCell;
use std::rc::Rc;

use super::host::Host;
use super::strings;
use super::tasks::{Outcome, Slot};
use crate::store::{Batch, Db, DbError, Param, Row, Statement};

/// Host of a task, and the place of the outcome.
pub struct Handle {
    pub host: Host,
    pub slot: Rc<Slot>,
}

/// The D1 database; by itself, its primary.
pub struct Database {
    pub handle: Rc<Handle>,
    /// `true` if statements run in D1 sessions, which ask replicas and give bookmarks, and cost CPU time.
    pub has_sessions: bool,
    /// State that the last statement found or made.
    pub bookmark: RefCell<Option<String>>,
}

/// D1's constraint for a session that begins at the primary.
const PRIMARY: &str = "first-primary";

/// The error of `serde_json` might tell a value.
const NOT_A_ROW: &str = "a column is neither text nor an integer nor NULL";

impl Database {
    pub fn new(handle: Rc<Handle>, has_sessions: bool) -> Self {
        Self { handle, has_sessions, bookmark: RefCell::default() }
    }

    fn session<'a>(&self, constraint: &'a str) -> Option<&'a str> {
        self.has_sessions.then_some(constraint)
    }

    /// Starts a statement. What waits for its result is small: every caller has it among its own state.
    fn run(
        &self,
        constraint: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<Row>, DbError>> + use<'_> {
        let params = serde_json::to_string(params).unwrap_or_default(); // texts and integers always serialize
        let constraint = self.session(constraint);
        strings::call_with(sql, |sql| self.handle.host.query(constraint, sql, &params));
        self.row()
    }

    /// Waits for the first row of a result.
    async fn row(&self) -> Result<Option<Row>, DbError> {
        match self.handle.slot.wait().await {
            Outcome::Row { bookmark, row } => {
                if bookmark.is_some() {
                    *self.bookmark.borrow_mut() = bookmark;
                }
                let row = row.map(|row| serde_json::from_str(&row)).transpose();
                row.map_err(|_| DbError::Decode(NOT_A_ROW.to_owned()))
            }
            Outcome::Failed(message) => Err(DbError::from_message(&message)),
            _ => Err(DbError::Decode(NOT_A_ROW.to_owned())),
        }
    }
}

impl Db for Database {
    fn first(&self, sql: &str, params: &[Param<'_>]) -> impl Future<Output = Result<Option<Row>, DbError>> {
        self.run(PRIMARY, sql, params)
    }
}

impl Batch for Database {
    fn batch(&self, statements: &[Statement<'_>]) -> impl Future<Output = Result<Option<Row>, DbError>> {
        let statements: Vec<_> =
            statements.iter().map(|statement| (statement.sql, statement.params)).collect();
        let statements = serde_json::to_string(&statements).unwrap_or_default(); // likewise
        self.handle.host.batch(self.session(PRIMARY), &statements);
        self.row()
    }
}

/// The nearest replica of the database that a bookmark or a constraint allows.
pub struct Replica<'a> {
    pub db: &'a Database,
    pub constraint: &'a str,
}

impl Db for Replica<'_> {
    fn first(&self, sql: &str, params: &[Param<'_>]) -> impl Future<Output = Result<Option<Row>, DbError>> {
        self.db.run(self.constraint, sql, params)
    }
}
