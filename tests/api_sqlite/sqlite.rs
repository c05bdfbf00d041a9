//! SQLite as the tests' database. It notes its statements, and lets others in between two.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice::SliceIndex;
use std::task::Poll;

use latchkey::store::{Batch, Db, DbError, Param, Row, Statement, Value};
use rusqlite::backup::Backup;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, ToSql};

pub struct Sqlite {
    connection: Connection,
    /// The number of rows that were written when it was copied.
    written: u64,
    /// Number of calls by the API: one for statements that it ran as one.
    pub calls: Cell<usize>,
    /// The statements that the API ran.
    pub statements: RefCell<Vec<String>>,
    /// Statements of others, each to run just before the API's next one that begins with its text.
    pub before: RefCell<Vec<(&'static str, &'static str)>>,
}

impl Sqlite {
    /// A new database with every migration applied, in the order of their names.
    pub fn migrated() -> Self {
        let database = Self::empty();
        database.migrate(..);
        database
    }

    /// A new database without tables.
    pub fn empty() -> Self {
        Self {
            connection: Connection::open_in_memory().unwrap(),
            written: 0,
            calls: Cell::default(),
            statements: RefCell::default(),
            before: RefCell::default(),
        }
    }

    /// Applies these migrations; the first one has the index 0.
    pub fn migrate(&self, range: impl SliceIndex<[PathBuf], Output = [PathBuf]>) {
        let folder = Path::new("migrations"); // cargo, and npm run fuzz, run this in the repository's folder
        let mut migrations: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        migrations.sort();
        for migration in &migrations[range] {
            self.exec(&fs::read_to_string(migration).unwrap());
        }
    }

    /// A copy of what it holds now.
    pub fn copy(&self) -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        Backup::new(&self.connection, &mut connection).unwrap().step(-1).unwrap();
        Self {
            connection,
            written: self.rows_written(),
            calls: Cell::default(),
            statements: RefCell::default(),
            before: RefCell::default(),
        }
    }

    /// How new its state is; in D1's form, so that a later one is greater.
    pub fn bookmark(&self) -> String {
        format!("{:08x}-{:08x}", 0, self.rows_written())
    }

    /// The number of rows that were written.
    pub fn rows_written(&self) -> u64 {
        self.written + self.connection.total_changes()
    }

    /// Runs a statement of an operator and gives the first column of its first row as text.
    pub fn query_text(&self, sql: &str) -> Option<String> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let first = statement.query_row([], |row| row.get::<_, Owned>(0)).optional();
        match first.unwrap()? {
            Owned::Null => None,
            Owned::Integer(integer) => Some(integer.to_string()),
            Owned::Text(text) => Some(text),
            other => panic!("{other:?}"),
        }
    }

    /// Runs several statements of an operator.
    pub fn exec(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// The steps of SQLite's plan for a statement.
    pub fn plan(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.raw_query().mapped(|row| row.get("detail"));
        steps.map(Result::unwrap).collect()
    }
}

async fn yield_now() {
    let mut has_yielded = false;
    std::future::poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Bound<'a>(&'a Param<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Param::Null => ValueRef::Null,
            // D1 binds every number as a double.
            Param::Integer(integer) => ValueRef::Real(*integer as f64),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Sqlite {
    fn run(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        self.statements.borrow_mut().push(sql.to_owned());
        if let Some((_, interference)) =
            self.before.borrow_mut().extract_if(.., |(text, _)| sql.starts_with(*text)).next()
        {
            self.query_text(interference);
        }
        let fail = |error: rusqlite::Error| DbError::from_message(&error.to_string());
        let mut statement = self.connection.prepare_cached(sql).map_err(fail)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params.iter().map(Bound))).map_err(fail)?;
        // A statement with RETURNING has done its work when its last row is read.
        let mut first = None;
        while let Some(row) = rows.next().map_err(fail)? {
            let columns = (0..columns).map(|index| match row.get_ref_unwrap(index) {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(integer) => Value::Integer(integer),
                ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap().into()),
                other => panic!("{other:?}"),
            });
            first.get_or_insert(Row::new(columns.collect()));
        }
        Ok(first)
    }
}

impl Db for Sqlite {
    /// Lets other requests in before the statement, as a real database does.
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        yield_now().await;
        self.calls.set(self.calls.get() + 1);
        self.run(sql, params)
    }
}

impl Batch for Sqlite {
    async fn batch(&self, statements: &[Statement<'_>]) -> Result<Option<Row>, DbError> {
        yield_now().await;
        self.calls.set(self.calls.get() + 1);
        let transaction = self.connection.unchecked_transaction().unwrap();
        let mut last = None;
        for Statement { sql, params } in statements {
            last = self.run(sql, params)?;
        }
        transaction.commit().unwrap();
        Ok(last)
    }
}
