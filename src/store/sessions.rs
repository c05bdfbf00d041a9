//! Sessions: the columns of `users` and the table `revoked_sessions` that end them before their tokens expire.

use super::{Db, DbError, Row, Value};

/// SQL expression over a row of `users`: the [`Standing`] of the token with the user ?1, the version ?2, the sid ?3 and
/// the issue time ?4 at the time ?5.
pub(super) const STANDING: &str = "CASE WHEN EXISTS (SELECT 1 FROM revoked_sessions WHERE user_id = ?1 AND sid = ?3) THEN 0 \
     WHEN token_version = ?2 THEN 2 \
     WHEN surviving_sid IS NOT ?3 THEN 0 \
     WHEN ?2 BETWEEN surviving_version AND token_version THEN 2 \
     ELSE grace_version IS ?2 AND grace_iat IS ?4 AND grace_until > ?5 END";

/// Assignments of an UPDATE of `users` that end every session of the user.
pub const REVOKE_ALL: &str = "token_version = token_version + 1, surviving_sid = NULL";

/// Identity of a token in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionKey<'a> {
    /// Id of the user.
    pub user_id: i64,
    /// `users.token_version` when the token was issued.
    pub token_version: i64,
    /// Name of the session.
    pub sid: &'a str,
    /// Time of issue.
    pub issued_at: Option<i64>,
}

impl<'a> SessionKey<'a> {
    /// The parameters ?1 to ?5 of [`STANDING`].
    pub(super) fn params(self, now: i64) -> [Value<'a>; 5] {
        let Self { user_id, token_version, sid, issued_at } = self;
        [user_id.into(), token_version.into(), sid.into(), issued_at.into(), now.into()]
    }
}

/// Requests that a token is still good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: its session has ended, or it is older than a new password.
    Ended,
    /// For some requests, for some seconds: a new password was set with it, without the current one. No response to it
    /// has a fresh token, or a thief of this one would outlive the new password.
    Grace,
    /// Everything.
    Active,
}

impl Standing {
    /// Takes the next column, which is [`STANDING`].
    pub(super) fn take(row: &mut Row) -> Result<Self, DbError> {
        Ok(match row.integer()? {
            2 => Self::Active,
            1 => Self::Grace,
            _ => Self::Ended,
        })
    }
}

/// Ends the session of a token, if its user is active and the token is good, and tells whether that was so.
/// `expires_at` is when the last of its tokens has expired.
pub async fn revoke(db: &impl Db, key: SessionKey<'_>, expires_at: i64, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "INSERT INTO revoked_sessions (user_id, sid, expires_at) \
         SELECT id, ?3, ?6 FROM users WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING 1"
    );
    let mut params = Vec::from(key.params(now));
    params.push(expires_at.into());
    Ok(db.first(&sql, &params).await?.is_some())
}

/// Ends every session of a token's user, if the user is active and the token is good, and tells whether that was so.
pub async fn revoke_all(db: &impl Db, key: SessionKey<'_>, now: i64) -> Result<bool, DbError> {
    let sql =
        format!("UPDATE users SET {REVOKE_ALL} WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING 1");
    Ok(db.first(&sql, &key.params(now)).await?.is_some())
}

/// Ends every other session of a token's user, if the user is active and the token is [`Standing::Active`], and tells
/// whether that was so. Of its own session those tokens stay good that were, for as long as they were.
pub async fn revoke_others(db: &impl Db, key: SessionKey<'_>, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET token_version = token_version + 1, surviving_sid = ?3, \
         surviving_version = iif(surviving_sid IS ?3, surviving_version, token_version), \
         grace_until = iif(surviving_sid IS ?3, grace_until, 0) \
         WHERE id = ?1 AND is_active AND ({STANDING}) = 2 RETURNING 1"
    );
    Ok(db.first(&sql, &key.params(now)).await?.is_some())
}

/// Deletes up to `limit` revoked sessions none of whose tokens is good any more, and tells whether there were any.
pub async fn purge(db: &impl Db, now: i64, limit: i64) -> Result<bool, DbError> {
    let sql = "DELETE FROM revoked_sessions WHERE (user_id, sid) IN \
               (SELECT user_id, sid FROM revoked_sessions WHERE expires_at <= ?1 LIMIT ?2) RETURNING 1";
    Ok(db.first(sql, &[now.into(), limit.into()]).await?.is_some())
}
