//! Deletes what is no longer needed, on a schedule: ended sessions whose tokens have expired, failed logins that are
//! forgotten, and counts of registrations of past days. Nothing depends on its having run.

use crate::store;
use crate::store::db::{Db, DbError};

/// The most rows that one statement deletes, so that none keeps the database from others for long.
const BATCH: i64 = 1_000;

/// The most statements of each kind in one run; what is left is for the next.
const BATCHES: usize = 100;

/// Purges at `now`, in Unix seconds.
///
/// # Errors
/// Those of the database; what was deleted by then stays deleted.
pub async fn run(db: &impl Db, now: i64) -> Result<(), DbError> {
    let sessions = run_batches(async || store::purge_sessions(db, now, BATCH).await).await;
    let failures = run_batches(async || store::purge_failures(db, now, BATCH).await).await;
    let registrations = run_batches(async || store::purge_registrations(db, now, BATCH).await).await;
    sessions.and(failures).and(registrations)
}

/// Runs a statement until it finds nothing more to delete, or has run often enough.
async fn run_batches(batch: impl AsyncFn() -> Result<bool, DbError>) -> Result<(), DbError> {
    for _ in 0..BATCHES {
        if !batch().await? {
            break;
        }
    }
    Ok(())
}
