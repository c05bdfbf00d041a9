//! Deletes rows that are no longer needed: sessions whose tokens have expired, failed logins that are
//! forgotten, counts of registrations of past days, secrets that no limit counts, notices that were
//! sent, second steps and challenges that have ended, and old events. Nothing
//! depends on its having run.

use crate::store::{
    Db, DbError, events, login_failures, outbox, passkeys, registrations, second_steps, secrets, sessions,
};

/// The most rows that one statement deletes, so that none keeps the database from others for long.
const BATCH: i64 = 1_000;

/// The most statements of each kind in one run; the rest is for the next.
const BATCHES: usize = 100;

/// Statements of each kind.
const KINDS: [&[&str]; 7] = [
    &sessions::PURGE,
    &login_failures::PURGE,
    &registrations::PURGE,
    &secrets::PURGE,
    &outbox::PURGE,
    &second_steps::PURGE,
    &passkeys::PURGE,
];

/// Purges at `now`, in Unix seconds, and events of that age in seconds. After an error, rows that were deleted stay deleted, and other
/// kinds have their turn.
pub async fn run(db: &impl Db, max_age_of_events: i64, now: i64) -> Result<(), DbError> {
    let mut outcome = run_batches(db, &events::PURGE, now - max_age_of_events).await;
    for statements in KINDS {
        outcome = outcome.and(run_batches(db, statements, now).await);
    }
    outcome
}

/// Runs statements until they find nothing more, or have run often enough.
async fn run_batches(db: &impl Db, statements: &[&str], now: i64) -> Result<(), DbError> {
    for _ in 0..BATCHES {
        let mut has_found = false;
        for statement in statements {
            has_found |= db.first(statement, &[now.into(), BATCH.into()]).await?.is_some();
        }
        if !has_found {
            break;
        }
    }
    Ok(())
}
