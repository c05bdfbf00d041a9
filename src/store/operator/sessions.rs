//! Sessions of a user.

use serde::Serialize;

use super::{Database, Recorder, run};
use crate::store::events::EventType;
use crate::store::sessions::IS_ACTIVE;
use crate::store::{DAY, DbError, Row, Value};

/// SQL: number of active sessions of the user ?1, with ?5 and ?6 of [`IS_ACTIVE`].
pub(super) fn count() -> String {
    format!("(SELECT count(*) FROM users, sessions WHERE id = ?1 AND user_id = ?1 AND {IS_ACTIVE})")
}

/// Columns that [`SessionDetails::read`] takes; all are NULL where there is no session.
pub(super) const COLUMNS: &str = "agent, place, methods, sessions.created_at AS began_at, seen_at, ended_at";

/// Everything about a session that does not decide whether it is active.
#[derive(Serialize)]
pub struct SessionDetails {
    pub agent: Option<String>,
    pub place: Option<String>,
    /// Names of RFC 8176.
    pub methods: Vec<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds, exact to a day.
    pub seen_at: i64,
    /// Unix seconds, if it was ended by itself.
    pub ended_at: Option<i64>,
}

impl SessionDetails {
    pub(super) fn read(row: &mut Row) -> Result<Option<Self>, DbError> {
        let (agent, place) = (row.optional_text()?, row.optional_text()?);
        let methods = row.optional_text()?;
        let (created_at, seen_at) = (row.optional_integer()?, row.optional_integer()?);
        let ended_at = row.optional_integer()?;
        let (Some(methods), Some(created_at), Some(seen_at)) = (methods, created_at, seen_at) else {
            return Ok(None);
        };
        // Shown as it is, if someone else wrote it.
        let methods = serde_json::from_str(&methods).unwrap_or_else(|_| vec![methods]);
        Ok(Some(Self { agent, place, methods, created_at, seen_at, ended_at }))
    }
}

/// State of a session, and what ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Active,
    /// By itself.
    Ended,
    /// By the user's version.
    EndedWithOthers,
    /// By the expiry of its last token.
    Expired,
    /// By the age of its last proof.
    TooOld,
}

/// A session in a list.
#[derive(Serialize)]
pub struct ListedSession {
    pub id: String,
    pub state: State,
    #[serde(flatten)]
    pub details: SessionDetails,
    /// Unix seconds; none once it has ended.
    pub expires_at: Option<i64>,
}

/// Filter of [`list`].
pub struct Filter {
    /// True to list ended sessions too.
    pub all: bool,
    /// Earliest proof of an active session.
    pub proved_since: Option<i64>,
    pub limit: i64,
}

/// Lists sessions of a user, from the most recently seen on.
pub fn list(
    database: &dyn Database,
    user_id: i64,
    filter: &Filter,
    now: i64,
) -> Result<Vec<ListedSession>, DbError> {
    let Filter { all, proved_since, limit } = *filter;
    let sql = format!(
        "SELECT sid, {IS_ACTIVE} AS active, auth_time, expires_at, {COLUMNS} FROM users, sessions \
         WHERE id = ?1 AND user_id = ?1 AND (?2 OR {IS_ACTIVE}) ORDER BY seen_at DESC, sid LIMIT ?3"
    );
    let params =
        [user_id.into(), i64::from(all).into(), limit.into(), Value::Null, now.into(), proved_since.into()];
    let read = |mut row: Row| {
        let (id, is_active) = (row.text()?, row.boolean()?);
        let (auth_time, expires_at) = (row.integer()?, row.integer()?);
        let details = SessionDetails::read(&mut row)?
            .ok_or_else(|| DbError::Decode("a session has no times".into()))?;
        // What is left after the others is the version, which is not compared here a second time.
        let state = if is_active {
            State::Active
        } else if details.ended_at.is_some() {
            State::Ended
        } else if expires_at <= now - DAY {
            State::Expired
        } else if proved_since.is_some_and(|proved_since| auth_time < proved_since) {
            State::TooOld
        } else {
            State::EndedWithOthers
        };
        let end_by_age = proved_since.map(|proved_since| auth_time + (now - proved_since));
        let end = end_by_age.map_or(expires_at, |end| end.min(expires_at));
        Ok(ListedSession { id, state, details, expires_at: is_active.then_some(end) })
    };
    database.rows(&sql, &params)?.into_iter().map(read).collect()
}

/// Ends a session of a user that is active, however old its last proof is: a higher limit would make it good again.
/// Returns false if there is none. Every token of it has expired at `expires_at`.
pub fn revoke(
    database: &dyn Database,
    recorder: Recorder,
    user_id: i64,
    sid: &str,
    expires_at: i64,
    now: i64,
) -> Result<bool, DbError> {
    let is_ended = format!("sessions.user_id = ?1 AND sessions.sid = ?2 AND {IS_ACTIVE}");
    let event = recorder.event_from(
        EventType::SessionsEnded,
        "'one'",
        "users, sessions",
        &format!("users.id = ?1 AND {is_ended}"),
    );
    let sql = format!(
        "UPDATE sessions SET ended_at = ?5, expires_at = max(expires_at, ?3) WHERE user_id = ?1 AND sid = ?2 AND EXISTS \
         (SELECT 1 FROM users WHERE id = ?1 AND {IS_ACTIVE}) RETURNING user_id"
    );
    let statements: Vec<_> = event.into_iter().chain([sql]).collect();
    // ?6 is NULL: any age.
    let params = [user_id.into(), sid.into(), expires_at.into(), Value::Null, now.into(), Value::Null];
    Ok(run(database, &statements, &params)?.is_some())
}
