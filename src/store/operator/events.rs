//! Events as the operator lists them.

use serde::Serialize;

use super::Database;
use crate::store::events::EventType;
use crate::store::{DbError, Row};

/// Event in a list.
#[derive(Debug, Serialize)]
pub struct ListedEvent {
    pub id: i64,
    /// Unix seconds.
    pub at: i64,
    #[serde(rename = "type")]
    pub of_type: String,
    pub user_id: i64,
    /// User who did it; 0 for the operator; none for nobody in particular.
    pub actor_id: Option<i64>,
    pub agent: Option<String>,
    pub place: Option<String>,
    pub detail: Option<String>,
}

/// Filter and page of [`list`].
pub struct Filter {
    pub user_id: Option<i64>,
    pub of_type: Option<EventType>,
    /// Id before which the page begins: it is the last of the page before.
    pub after: Option<i64>,
    pub limit: i64,
}

/// Lists events from the newest on, by an index.
pub fn list(database: &dyn Database, filter: &Filter) -> Result<Vec<ListedEvent>, DbError> {
    let Filter { user_id, of_type, after, limit } = filter;
    let conditions = [
        user_id.map(|id| format!(" AND user_id = {id}")),
        of_type.map(|of_type| format!(" AND type = '{}'", of_type.name())),
        after.map(|id| format!(" AND id < {id}")),
    ];
    let conditions: String = conditions.into_iter().flatten().collect();
    let sql = format!(
        "SELECT id, at, type, user_id, actor_id, agent, place, detail FROM events WHERE 1{conditions} \
         ORDER BY id DESC LIMIT ?1"
    );
    let read = |mut row: Row| {
        Ok(ListedEvent {
            id: row.integer()?,
            at: row.integer()?,
            of_type: row.text()?,
            user_id: row.integer()?,
            actor_id: row.optional_integer()?,
            agent: row.optional_text()?,
            place: row.optional_text()?,
            detail: row.optional_text()?,
        })
    };
    database.rows(&sql, &[(*limit).into()])?.into_iter().map(read).collect()
}
