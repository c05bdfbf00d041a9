//! Deliveries of the webhook, as the operator looks after them.

use serde::Serialize;

use super::Database;
use crate::store::{DbError, Row, Value};

/// SQL condition over rows of `events`: all attempts have failed.
const HAS_FAILED: &str = "due_at IS NULL AND failure IS NOT NULL";

/// State of the deliveries.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct State {
    /// Unix seconds, if the webhook's server said that it is gone.
    pub stopped_at: Option<i64>,
    /// Events that are to be sent.
    pub pending: i64,
    /// Pending ones with an attempt that failed.
    pub retried: i64,
    /// Events that are not sent any more: all attempts have failed.
    pub failed: i64,
}

/// Reads the state of the deliveries.
pub fn state(database: &dyn Database) -> Result<State, DbError> {
    let sql = format!(
        "SELECT (SELECT stopped_at FROM webhook) AS stopped_at, \
         (SELECT count(*) FROM events WHERE due_at IS NOT NULL) AS pending, \
         (SELECT count(*) FROM events WHERE due_at IS NOT NULL AND failure IS NOT NULL) AS retried, \
         (SELECT count(*) FROM events WHERE {HAS_FAILED}) AS failed"
    );
    let row = database.row(&sql, &[])?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count() gave no row".to_owned()))?;
    Ok(State {
        stopped_at: row.optional_integer()?,
        pending: row.integer()?,
        retried: row.integer()?,
        failed: row.integer()?,
    })
}

/// Delivery that failed.
#[derive(Debug, Serialize)]
pub struct Failed {
    pub id: i64,
    /// Unix seconds.
    pub at: i64,
    #[serde(rename = "type")]
    pub of_type: String,
    pub user_id: i64,
    pub attempts: i64,
    /// Reason for which the last attempt failed.
    pub failure: String,
}

/// Lists the deliveries that have failed, the newest first.
pub fn failed(database: &dyn Database, limit: i64) -> Result<Vec<Failed>, DbError> {
    let sql = format!(
        "SELECT id, at, type, user_id, attempts, failure FROM events WHERE {HAS_FAILED} ORDER BY id DESC LIMIT ?1"
    );
    let read = |mut row: Row| {
        Ok(Failed {
            id: row.integer()?,
            at: row.integer()?,
            of_type: row.text()?,
            user_id: row.integer()?,
            attempts: row.integer()?,
            failure: row.text()?,
        })
    };
    database.rows(&sql, &[limit.into()])?.into_iter().map(read).collect()
}

/// Events that [`redeliver`] sends again.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All that have failed.
    Failed,
    /// Events with these ids, sent or not.
    Ids(&'a [i64]),
}

/// Makes events due, as if they were never tried. Returns their ids. An attempt that is under way records nothing any more.
pub fn redeliver(database: &dyn Database, which: Which<'_>) -> Result<Vec<i64>, DbError> {
    let condition = match which {
        Which::Failed => HAS_FAILED.to_owned(),
        Which::Ids(ids) => {
            let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
            format!("id IN ({})", ids.join(", "))
        }
    };
    let sql = format!(
        "UPDATE events SET due_at = unixepoch(), attempts = 0, failure = NULL WHERE {condition} RETURNING id"
    );
    database.rows(&sql, &[])?.into_iter().map(|mut row| row.integer()).collect()
}

/// Lets a webhook go on that has stopped. Returns when it did; `None` if it had not.
pub fn enable(database: &dyn Database) -> Result<Option<i64>, DbError> {
    let row = database.row("DELETE FROM webhook RETURNING stopped_at", &[] as &[Value<'_>])?;
    row.map(|mut row| row.integer()).transpose()
}
