//! Deletes rows that are no longer needed: sessions whose tokens have expired, failed logins that are
//! forgotten, counts of registrations of past days, secrets that no limit counts, and notices that were sent. Nothing depends on its having run.

use crate::store::{Db, DbError, login_failures, outbox, registrations, secrets, sessions};

/// The most rows that one statement deletes, so that none keeps the database from others for long.
const BATCH: i64 = 1_000;

/// The most statements of each kind in one run; the rest is for the next.
const BATCHES: usize = 100;

/// Purges at `now`, in Unix seconds. After an error, rows that were deleted stay deleted.
pub async fn run(db: &impl Db, now: i64) -> Result<(), DbError> {
    let sessions = run_batches(async || sessions::purge(db, now, BATCH).await).await;
    let failures = run_batches(async || login_failures::purge(db, now, BATCH).await).await;
    let registrations = run_batches(async || registrations::purge(db, now, BATCH).await).await;
    let secrets = run_batches(async || secrets::purge(db, now, BATCH).await).await;
    let outbox = run_batches(async || outbox::purge(db, now, BATCH).await).await;
    sessions.and(failures).and(registrations).and(secrets).and(outbox)
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
