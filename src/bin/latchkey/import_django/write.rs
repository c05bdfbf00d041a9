//! What the real database has, and what it gets.

use anyhow::{Result, anyhow};
use latchkey::db::{DbError, Row, Value};

use super::progress::Progress;
use super::staging::{Counts, Staging};
use crate::database::{Database, Statement};

/// How many users are read at once.
const PAGE: usize = 10_000;

const INSERT: &str = "INSERT INTO users (id, username, email, password, is_active, is_staff, is_superuser, bio, image, \
                      created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Raises the last id that was given away to ?1, and never lowers it.
const RAISE: [&str; 2] = [
    "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'users' AND seq < ?1",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'users', ?1 \
     WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')",
];

/// Stages the users of the real database.
pub fn read_existing(database: &dyn Database, staging: &mut Staging) -> Result<()> {
    let sql = "SELECT id, username, email FROM users WHERE id > ?1 ORDER BY id LIMIT 10000";
    let mut last = 0;
    loop {
        let page = database.rows(sql, &[last.into()]).map_err(|error| {
            anyhow!(
                "the users in the database can't be read ({error}): if it is new, apply the migrations first"
            )
        })?;
        let count = page.len();
        for row in page {
            let (id, username, email) = existing(row).map_err(|error| anyhow!("{error}"))?;
            staging.add_existing(id, &username, &email)?;
            last = id;
        }
        if count < PAGE {
            return Ok(());
        }
    }
}

fn existing(mut row: Row) -> Result<(i64, String, String), DbError> {
    Ok((row.integer()?, row.text()?, row.text()?))
}

/// Imports who is missing, so many at once, each of those batches as a whole or not at all.
///
/// The last id comes first, so that whoever registers meanwhile gets a later one.
pub fn write(
    database: &dyn Database,
    staging: &Staging,
    counts: &Counts,
    last_id: i64,
    batch_size: usize,
) -> Result<()> {
    let raise = RAISE.map(|sql| Statement { sql, params: vec![last_id.into()] });
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'users'";
    let row = database.row(sql, &[]).map_err(|error| anyhow!("{error}"))?;
    let seq = row.map(|mut row| row.integer()).transpose().map_err(|error| anyhow!("{error}"))?;
    if seq.is_none_or(|seq| seq < last_id) {
        database.run_all(&raise).map_err(|error| anyhow!("{error}"))?;
    }

    let progress = Progress::new("importing", "{per_sec}", counts.good.unsigned_abs());
    let mut batch = Vec::with_capacity(batch_size);
    staging.each_missing(&mut |values| {
        batch.push(values);
        if batch.len() < batch_size { Ok(()) } else { insert(database, &mut batch, &progress) }
    })?;
    insert(database, &mut batch, &progress)
}

fn insert(database: &dyn Database, batch: &mut Vec<Vec<Value<'static>>>, progress: &Progress) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let count = batch.len() as u64;
    let statements: Vec<_> = batch.drain(..).map(|params| Statement { sql: INSERT, params }).collect();
    database.run_all(&statements).map_err(|error| match error {
        DbError::Unique { column } => {
            anyhow!("somebody registered meanwhile with a {column} that is in the file: run this again, to hear who")
        }
        other => anyhow!("{other}: run this again to import the rest"),
    })?;
    progress.advance(count);
    Ok(())
}
