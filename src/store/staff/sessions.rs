//! Sessions of a user, as staff see them.

use crate::store::sessions::{IS_ACTIVE, MAX_LISTED, MAX_LOOKED_AT, SessionKey, object};
use crate::store::{Db, DbError, Param};

/// Lists the active sessions of a user from the most recently seen on: an array in JSON, and tells whether there are, or
/// may be, more; `None` if there is no such user. `own` is the session of the request.
pub async fn list(
    db: &impl Db,
    user_id: i64,
    own: SessionKey<'_>,
    proved_since: Option<i64>,
    now: i64,
) -> Result<Option<(String, bool)>, DbError> {
    let sql = format!(
        "SELECT json_group_array(json({})) FILTER (WHERE number <= {MAX_LISTED}) AS list, count(*) > {MAX_LISTED} \
         OR EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 LIMIT 1 OFFSET {MAX_LOOKED_AT}) AS more, \
         EXISTS (SELECT 1 FROM users WHERE id = ?1) AS is_known \
         FROM (SELECT *, row_number() OVER (ORDER BY seen_at DESC, sid) AS number FROM \
         (SELECT sid, agent, place, methods, auth_time, listed.created_at, seen_at, expires_at, ?1 = ?2 AND sid = ?3 AS is_own \
         FROM users, (SELECT * FROM sessions WHERE user_id = ?1 LIMIT {MAX_LOOKED_AT}) AS listed WHERE id = ?1 AND {IS_ACTIVE}) \
         ORDER BY number)",
        object("is_own")
    );
    let params =
        [user_id.into(), own.user_id.into(), own.sid.into(), Param::Null, now.into(), proved_since.into()];
    let row = db.first(&sql, &params).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count(*) gave no row".to_owned()))?;
    let (list, more) = (row.text()?, row.boolean()?);
    Ok(row.boolean()?.then_some((list, more)))
}
