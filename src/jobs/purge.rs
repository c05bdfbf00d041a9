//! Deletes rows that are no longer needed: sessions whose tokens have expired, failed logins that are
//! forgotten, and counts of registrations of past days. Nothing depends on its having run.

use crate::store::{Db, DbError, login_failures, registrations, sessions};

/// The most rows that one statement deletes, so that none keeps the database from others for long.
const BATCH: i64 = 1_000;

/// The most statements of each kind in one run; the rest is for the next.
const BATCHES: usize = 100;

/// Purges at `now`, in Unix seconds. After an error, rows that were deleted stay deleted.
pub async fn run(db: &impl Db, now: i64) -> Result<(), DbError> {
    let sessions = run_batches(async || sessions::purge(db, now, BATCH).await).await;
    let failures = run_batches(async || login_failures::purge(db, now, BATCH).await).await;
    let registrations = run_batches(async || registrations::purge(db, now, BATCH).await).await;
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
