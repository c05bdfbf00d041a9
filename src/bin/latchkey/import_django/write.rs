//! Reads from and writes to the target database.

use anyhow::{Result, anyhow};
use latchkey::store::db::{DbError, Row};

use super::progress::Progress;
use super::staging::{Counts, Staging};
use crate::database::{Database, Statement};

/// Number of users per query.
const PAGE: usize = 10_000;

const INSERT: &str = "INSERT INTO users (id, username, email, password, is_active, is_staff, is_superuser, bio, image, \
                      created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Raises the last assigned id to ?1, and never lowers it.
const RAISE: [&str; 2] = [
    "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'users' AND seq < ?1",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'users', ?1 \
     WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')",
];

/// Stages the users of the target database.
pub fn read_existing(database: &dyn Database, staging: &mut Staging) -> Result<()> {
    let sql = "SELECT id, username, email FROM users WHERE id > ?1 ORDER BY id LIMIT 10000";
    let mut last = 0;
    loop {
        let page = database.rows(sql, &[last.into()]).map_err(|error| {
            anyhow!(
                "can't read the users in the database ({error}): if it is new, apply the migrations first"
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

/// Imports the missing users in batches of `batch_size` statements, one transaction each.
///
/// The last id is raised first, so that users who register in the meantime get a later one.
pub fn write(
    database: &dyn Database,
    staging: &Staging,
    counts: &Counts,
    last_id: i64,
    batch_size: usize,
) -> Result<()> {
    let progress = Progress::new("importing", "{users_per_sec}", counts.good.unsigned_abs());
    let mut batch = Vec::with_capacity(batch_size);
    batch.extend(RAISE.map(|sql| Statement { sql, params: vec![last_id.into()] }));
    staging.each_missing(&mut |params| {
        batch.push(Statement { sql: INSERT, params });
        if batch.len() < batch_size { Ok(()) } else { run(database, &mut batch, &progress) }
    })?;
    run(database, &mut batch, &progress)
}

fn run(database: &dyn Database, batch: &mut Vec<Statement<'_>>, progress: &Progress) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    database.run_all(batch).map_err(|error| match error {
        DbError::Unique { column } => {
            anyhow!("a user registered in the meantime with a {column} that is in the file: run this again to see which")
        }
        other => anyhow!("{other}: run this again to import the rest"),
    })?;
    progress.advance(batch.len() as u64);
    batch.clear();
    Ok(())
}
