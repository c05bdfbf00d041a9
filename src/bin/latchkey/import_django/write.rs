//! Reads from and writes to the target database.

use anyhow::{Result, anyhow};
use latchkey::store::DbError;
use latchkey::store::operator::{Database, Statement, django};

use super::staging::{Counts, Staging};
use crate::progress::Progress;

/// Number of users per query.
const PAGE: usize = 10_000;

/// Stages the users of the target database.
pub fn read_existing(database: &dyn Database, staging: &mut Staging) -> Result<()> {
    let mut last = 0;
    loop {
        let page = django::keys_page(database, last, PAGE).map_err(|error| {
            anyhow!(
                "can't read the users in the database ({error}): if it is new, apply the migrations first"
            )
        })?;
        let count = page.len();
        for user in page {
            staging.add_existing(&user)?;
            last = user.id;
        }
        if count < PAGE {
            return Ok(());
        }
    }
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
    let count = (counts.good + counts.late_profiles).unsigned_abs();
    let progress = Progress::new("importing", "{users_per_sec}", Some(count));
    let mut batch = Vec::with_capacity(batch_size);
    batch.extend(django::raise_last_id(last_id));
    let mut add = |statements: Vec<Statement<'static>>| {
        batch.extend(statements);
        if batch.len() < batch_size { Ok(()) } else { run(database, &mut batch, &progress) }
    };
    // In one transaction with its app: a user who is there gets none later.
    staging.each_missing(&mut |params| {
        let app = staging.app_of(params.first())?;
        add([django::import(params)].into_iter().chain(app.map(django::import_app)).collect())
    })?;
    staging.each_late_profile(&mut |params| add(vec![django::add_profile(params)]))?;
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
