//! The local D1 database, accessed directly in the SQLite file of `wrangler dev`.
//!
//! The file is in WAL mode, so this can run beside `wrangler dev`. D1 does not wait for locks: a statement of the
//! Worker fails while a write here is in progress, so transactions are kept short.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use latchkey::store::operator::{Database, Statement};
use latchkey::store::{DbError, Row, Value};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use sha2::{Digest as _, Sha256};

/// Maximum wait for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Local(Connection);

impl Local {
    /// Opens the database with this id in wrangler's state directory.
    pub fn open(state: &Path, database_id: &str) -> Result<Self> {
        let file = file(state, database_id);
        if !file.exists() {
            bail!(
                "there is no local database in {}: create one with 'npm start', or pass --persist-to with wrangler's directory",
                state.display()
            );
        }
        let connection = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|connection| connection.busy_timeout(BUSY_TIMEOUT).map(|()| connection))
            .with_context(|| format!("can't open {}", file.display()))?;
        Ok(Self(connection))
    }
}

/// Path of a database in wrangler's simulator: the id of a Durable Object whose name is the database's id.
pub fn file(state: &Path, database_id: &str) -> PathBuf {
    let mut key = Key::<Hmac<Sha256>>::default(); // HMAC fills a short key with zeros
    key.iter_mut().zip(Sha256::digest(b"miniflare-D1DatabaseObject")).for_each(|(to, from)| *to = from);
    let mac = |message: &[u8]| {
        let mut mac = <Hmac<Sha256>>::new(&key);
        mac.update(message);
        let mut half = mac.finalize().into_bytes().to_vec();
        half.truncate(16);
        half
    };
    let name = mac(database_id.as_bytes());
    let id: String = [name.clone(), mac(&name)].concat().iter().map(|byte| format!("{byte:02x}")).collect();
    state.join("v3/d1/miniflare-D1DatabaseObject").join(format!("{id}.sqlite"))
}

impl Database for Local {
    fn rows(&self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        rows(&self.0, sql, params)
    }

    fn transaction(&self, statements: &[Statement<'_>]) -> Result<Vec<Row>, DbError> {
        let transaction = self.0.unchecked_transaction().map_err(error)?;
        let mut last = Vec::new();
        for Statement { sql, params } in statements {
            last = rows(&transaction, sql, params)?;
        }
        transaction.commit().map_err(error)?;
        Ok(last)
    }

    fn run_all(&self, statements: &[Statement<'_>]) -> Result<(), DbError> {
        self.transaction(statements).map(drop)
    }

    fn size(&self) -> Result<Option<u64>, DbError> {
        let pages = "SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size";
        Ok(self
            .row(pages, &[])?
            .map(|mut row| row.integer())
            .transpose()?
            .and_then(|size| size.try_into().ok()))
    }
}

fn rows(connection: &Connection, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let columns = statement.column_count();
    let rows = statement.query_map(rusqlite::params_from_iter(params.iter().map(Param)), |row| {
        (0..columns).map(|index| value(row.get_ref(index)?)).collect::<rusqlite::Result<_>>().map(Row::new)
    });
    rows.map_err(error)?.collect::<rusqlite::Result<_>>().map_err(error)
}

struct Param<'a>(&'a Value<'a>);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Integer(integer) => ToSqlOutput::Owned(Owned::Integer(*integer)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<Value<'static>> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned().into()),
        ValueRef::Real(_) | ValueRef::Blob(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}

fn error(error: rusqlite::Error) -> DbError {
    DbError::from_message(&error.to_string())
}
