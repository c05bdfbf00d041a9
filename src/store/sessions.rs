//! Sessions: their table, and the columns of `users` that end any number of them at once.

use std::borrow::Cow;

use super::credentials::time;
use super::db::{OwnedStatement, run, run_all, sharing};
use super::events::{EventType, NewEvent, Report};
use super::outbox;
use super::{Batch, DAY, Db, DbError, Param, Row};
use crate::mail::Event;

/// SQL expression over a row of `users`: the [`Standing`] of the token with the user ?1, the version ?2, the sid ?3 and
/// the issue time ?4 at the time ?5.
pub(super) const STANDING: &str = "CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND sid = ?3 AND ended_at IS NOT NULL) THEN 0 \
     WHEN token_version = ?2 THEN 2 \
     WHEN surviving_sid IS NOT ?3 THEN 0 \
     WHEN ?2 BETWEEN surviving_version AND token_version THEN 2 \
     ELSE grace_version IS ?2 AND grace_iat IS ?4 AND grace_until > ?5 END";

/// SQL expression: when the session ?3 of the user ?1 was last seen; NULL if it has no row, or one that lacks what a
/// [`Use`] tells, with ?6 and ?7 of it.
pub(super) const SEEN_AT: &str = "(SELECT seen_at FROM sessions WHERE user_id = ?1 AND sid = ?3 AND expires_at >= ?6 - 86400 AND auth_time >= ?7)";

/// SQL condition over rows of `sessions` and of `users`: the session is active at the time ?5, and its last proof is not
/// older than ?6, if that is not NULL. Tokens of the last day may outlive `expires_at` by a day.
pub(super) const IS_ACTIVE: &str = "ended_at IS NULL AND expires_at > ?5 - 86400 AND (version = token_version OR sid IS surviving_sid) \
     AND ifnull(auth_time >= ?6, 1)";

/// Assignments of an UPDATE of `users` that end every session of the user, and every password reset.
pub const REVOKE_ALL: &str =
    "token_version = token_version + 1, surviving_sid = NULL, reset_version = reset_version + 1";

/// The most sessions that [`list`] gives.
pub(super) const MAX_LISTED: i64 = 100;

/// The most rows that [`list`] looks at, so that none keeps the database from others for long. Who has more, by a script
/// that logs in each minute, say, can end all of them at once.
pub(super) const MAX_LOOKED_AT: i64 = 1_000;

/// The last second of the year 9999, after which SQLite writes no dates.
const LAST_DATE: i64 = 253_402_300_799;

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
    pub(super) fn params(self, now: i64) -> [Param<'a>; 5] {
        let Self { user_id, token_version, sid, issued_at } = self;
        [user_id.into(), token_version.into(), sid.into(), issued_at.into(), now.into()]
    }
}

/// Use of a session, as a request tells it: how long it has to be remembered once it has ended, and its last proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Time by which all of its tokens have expired.
    pub expires_at: i64,
    /// Time of the last proof; 0 for never.
    pub auth_time: i64,
}

impl Use {
    /// The use at `now` of a session whose tokens all expire in `lifetime`, in seconds.
    pub fn new(now: i64, lifetime: i64, auth_time: i64) -> Self {
        Self { expires_at: expires_at(now, lifetime), auth_time }
    }
}

fn expires_at(now: i64, lifetime: i64) -> i64 {
    now.saturating_add(lifetime).min(LAST_DATE)
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

/// Session as it is recorded: what a token and its request tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Id of the user.
    pub user_id: i64,
    /// `users.token_version` of its last token.
    pub token_version: i64,
    /// Name of the session.
    pub sid: String,
    /// Time of issue of the token that is recorded, if it names one.
    pub issued_at: Option<i64>,
    /// Browser family and system.
    pub agent: Option<String>,
    /// City and country.
    pub place: Option<String>,
    /// Methods of the last proof, an array in JSON.
    pub methods: String,
    /// Time of the last proof; 0 for never.
    pub auth_time: i64,
    /// Time in which all of its tokens expire, in seconds.
    pub lifetime: i64,
    /// `true` if it begins with this request.
    pub has_begun: bool,
}

impl SessionRecord {
    /// The parameters ?1 to ?5 of [`STANDING`], and the others of [`INSERT`].
    fn params(&self, now: i64) -> Vec<Param<'_>> {
        let key = SessionKey {
            user_id: self.user_id,
            token_version: self.token_version,
            sid: &self.sid,
            issued_at: self.issued_at,
        };
        let mut params = Vec::from(key.params(now));
        params.extend_from_slice(&[
            self.expires_at(now).into(),
            self.agent.as_deref().into(),
            self.place.as_deref().into(),
            self.methods.as_str().into(),
            self.auth_time.into(),
        ]);
        params
    }

    fn expires_at(&self, now: i64) -> i64 {
        expires_at(now, self.lifetime)
    }
}

/// Inserts a [`SessionRecord`], up to the value of `ended_at`.
const INSERT: &str = "INSERT INTO sessions (user_id, sid, version, agent, place, methods, auth_time, created_at, seen_at, \
     expires_at, purge_at, ended_at) SELECT id, ?3, ?2, ?7, ?8, ?9, ?10, ?5, ?5, ?6, ?6 + 86400";

/// Records a session, if its user is active and its token is good: inserts its row, or brings it up to date if that is a
/// day old, the proof is a new one, or its tokens live for longer by now. A session that has ended stays so: its token
/// is not good.
pub async fn record(db: &impl Db, record: &SessionRecord, now: i64) -> Result<(), DbError> {
    db.first(&record_sql(), &record.params(now)).await.map(drop)
}

fn record_sql() -> String {
    format!(
        "{INSERT}, NULL FROM users WHERE id = ?1 AND is_active AND ({STANDING}) > 0 \
         ON CONFLICT (user_id, sid) DO UPDATE SET agent = excluded.agent, place = excluded.place, \
         methods = iif(excluded.auth_time < auth_time, methods, excluded.methods), \
         auth_time = max(auth_time, excluded.auth_time), seen_at = excluded.seen_at, \
         expires_at = max(expires_at, excluded.expires_at) \
         WHERE seen_at <= ?5 - {DAY} OR expires_at < ?6 - {DAY} OR auth_time < ?10 OR auth_time = ?10 AND methods <> ?9"
    )
}

/// Records a session that has begun, as [`record`] does, and tells whether a notice is due: its device is none that the table
/// knows of the user. A first session is no news, and an address that is not verified gets none.
pub async fn record_begun(db: &impl Batch, record: &SessionRecord, now: i64) -> Result<bool, DbError> {
    let params = record.params(now);
    // The last statement has parameters of its own.
    let is_due = OwnedStatement { sql: IS_DUE.to_owned(), params: vec![record.user_id.into(), now.into()] };
    let mut statements = sharing(vec![notice_of_unknown_device(), record_sql()], &params);
    statements.push(is_due);
    let row = run_all(db, statements).await?;
    row.map_or(Ok(false), |mut row| row.boolean())
}

/// SQL query: a notice of an unknown device is due to the user ?1 at the time ?2.
const IS_DUE: &str = "SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= ?2 AND key = \
     (SELECT id || ' unknown_device ' || lower(email) FROM users WHERE id = ?1)) AS is_due";

fn notice_of_unknown_device() -> String {
    let own = format!(
        "FROM (SELECT agent, place FROM sessions WHERE user_id = ?1 AND sid <> ?3 LIMIT {MAX_LOOKED_AT}) AS known"
    );
    let browser = |agent: &str| format!("substr({agent}, 1, instr({agent}, ' on '))");
    let country = |place: &str| format!("substr({place}, -2)");
    let is_unknown = format!(
        "id = ?1 AND is_active AND email_verified AND ({STANDING}) > 0 AND EXISTS (SELECT 1 {own}) \
         AND NOT EXISTS (SELECT 1 {own} WHERE {} IS {} AND {} IS {})",
        browser("known.agent"),
        browser("?7"),
        country("known.place"),
        country("?8")
    );
    outbox::add(Event::UnknownDevice, "email", &is_unknown, ["?5", "?7", "?8"])
}

/// Ends a session, if its user is active and its token is good, and tells whether that was so.
pub async fn revoke(db: &impl Db, record: &SessionRecord, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "{INSERT}, ?5 FROM users WHERE id = ?1 AND is_active AND ({STANDING}) > 0 \
         ON CONFLICT (user_id, sid) DO UPDATE SET ended_at = ?5, expires_at = max(expires_at, ?6) RETURNING 1"
    );
    Ok(db.first(&sql, &record.params(now)).await?.is_some())
}

/// Ends another session of a token's user that is active, if the user is active and the token is [`Standing::Active`],
/// and tells whether that was so. `proved_since` is the earliest proof of an active session; its tokens of the last day
/// have expired at `expires_at`.
pub async fn revoke_other(
    db: &impl Batch,
    key: SessionKey<'_>,
    other: &str,
    proved_since: Option<i64>,
    expires_at: i64,
    report: &Report,
    now: i64,
) -> Result<bool, DbError> {
    let others = [proved_since.into(), other.into(), expires_at.into()];
    let params = [&key.params(now)[..], &others, &report.params()].concat();
    Ok(run(db, revoke_other_statements(report), params).await?.is_some())
}

fn revoke_other_statements(report: &Report) -> Vec<String> {
    let is_good = format!("users.id = ?1 AND is_active AND ({STANDING}) = 2");
    let other_session = "user_id = ?1 AND sid = ?7";
    let is_ended =
        format!("{is_good} AND EXISTS (SELECT 1 FROM sessions WHERE {other_session} AND {IS_ACTIVE})");
    let event = ended(report, "'one'", &is_ended, ["?5", "?9", "?10"]);
    let sql = format!(
        "UPDATE sessions SET ended_at = ?5, expires_at = max(expires_at, ?8) WHERE {other_session} AND EXISTS \
         (SELECT 1 FROM users WHERE {is_good} AND {IS_ACTIVE}) RETURNING 1"
    );
    event.into_iter().chain([sql]).collect()
}

/// SQL statement, if events are written: adds one of sessions that end, for each user under a condition.
fn ended(report: &Report, detail: &str, condition: &str, parameters: [&str; 3]) -> Option<String> {
    let event = NewEvent { detail, ..NewEvent::own(EventType::SessionsEnded, condition) };
    report.event(&event, parameters)
}

/// Ends every session of a token's user, if the user is active and the token is good, and tells whether that was so.
pub async fn revoke_all(
    db: &impl Batch,
    key: SessionKey<'_>,
    report: &Report,
    now: i64,
) -> Result<bool, DbError> {
    let params = [&key.params(now)[..], &report.params()].concat();
    Ok(run(db, revoke_all_statements(report), params).await?.is_some())
}

fn revoke_all_statements(report: &Report) -> Vec<String> {
    let condition = format!("users.id = ?1 AND is_active AND ({STANDING}) > 0");
    let event = ended(report, "'all'", &condition, ["?5", "?6", "?7"]);
    let sql = format!("UPDATE users SET {REVOKE_ALL} WHERE {condition} RETURNING 1");
    event.into_iter().chain([sql]).collect()
}

/// Ends every other session of a token's user, if the user is active and the token is [`Standing::Active`], and tells
/// whether that was so. Of its own session those tokens stay good that were, for as long as they were. There is an event only if
/// another is on record: this is asked for without a limit, and could fill the table.
pub async fn revoke_others(
    db: &impl Batch,
    key: SessionKey<'_>,
    report: &Report,
    now: i64,
) -> Result<bool, DbError> {
    let params = [&key.params(now)[..], &report.params()].concat();
    Ok(run(db, revoke_others_statements(report), params).await?.is_some())
}

fn revoke_others_statements(report: &Report) -> Vec<String> {
    let condition = format!("users.id = ?1 AND is_active AND ({STANDING}) = 2");
    let is_news = format!(
        "{condition} AND EXISTS (SELECT 1 FROM sessions AS other WHERE other.user_id = ?1 AND other.sid <> ?3 \
         AND other.version = users.token_version AND other.ended_at IS NULL AND other.expires_at > ?5)"
    );
    let event = ended(report, "'others'", &is_news, ["?5", "?6", "?7"]);
    let sql = format!(
        "UPDATE users SET token_version = token_version + 1, surviving_sid = ?3, \
         surviving_version = iif(surviving_sid IS ?3, surviving_version, token_version), \
         grace_until = iif(surviving_sid IS ?3, grace_until, 0) WHERE {condition} RETURNING 1"
    );
    event.into_iter().chain([sql]).collect()
}

/// SQL expression: the id of a session for a path. It is the sid, or else `~` and the sid in hexadecimal, where another
/// library named the session with what a path can't have.
const ID: &str = "iif(sid = '' OR sid GLOB '*[^A-Za-z0-9_-]*', '~' || hex(sid), sid)";

/// The sid of the session with this [`ID`].
pub fn sid_of(id: &str) -> Cow<'_, str> {
    let digits = id.strip_prefix('~');
    digits.and_then(from_hex).map_or(Cow::Borrowed(id), Cow::Owned)
}

fn from_hex(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok());
    let bytes = pairs.map(|pair| u8::from_str_radix(pair.filter(|pair| pair.len() == 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

/// SQL expression over rows of `sessions`: a session in JSON, at the time ?5. ?6 is that less the longest age of a proof.
pub(super) fn object(is_current: &str) -> String {
    let (created, seen) = (time("created_at"), time("seen_at"));
    let expires = time("min(expires_at, ifnull(auth_time + ?5 - ?6, expires_at))");
    format!(
        "json_object('id', {ID}, 'current', json(iif({is_current}, 'true', 'false')), 'agent', agent, 'place', place, \
         'methods', json(methods), 'created', {created}, 'seen', {seen}, 'expires', {expires})"
    )
}

/// Lists the active sessions of a user, of whom this is the current one: that one first, then the others from the most
/// recently seen on. Gives them in JSON, and tells whether there are, or may be, more. `proved_since` is the earliest proof of an
/// active session.
pub async fn list(
    db: &impl Db,
    current: &SessionRecord,
    proved_since: Option<i64>,
    now: i64,
) -> Result<(String, bool), DbError> {
    // In JSON here, since a parser and a writer of it in the Worker would have 5 KiB. The current session is told as it is
    // now: it may have no row yet, or one from yesterday.
    let sql = format!(
        "SELECT json_group_array({} ORDER BY number) FILTER (WHERE number <= {MAX_LISTED}), count(*) > {MAX_LISTED} \
         OR EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND sid <> ?2 LIMIT 1 OFFSET ?3) \
         FROM (SELECT *, row_number() OVER (ORDER BY is_current DESC, seen_at DESC, sid) AS number FROM \
         (SELECT ?2 AS sid, 1 AS is_current, ?8 AS agent, ?9 AS place, ?10 AS methods, ?4 AS auth_time, \
         ifnull((SELECT created_at FROM sessions WHERE user_id = ?1 AND sid = ?2), ?5) AS created_at, ?5 AS seen_at, \
         ?7 AS expires_at \
         UNION ALL SELECT sid, 0, agent, place, methods, auth_time, own.created_at, seen_at, expires_at FROM users, \
         (SELECT * FROM sessions WHERE user_id = ?1 AND sid <> ?2 LIMIT ?3) AS own WHERE id = ?1 AND {IS_ACTIVE}))",
        object("is_current")
    );
    let params = [
        current.user_id.into(),
        current.sid.as_str().into(),
        MAX_LOOKED_AT.into(),
        current.auth_time.into(),
        now.into(),
        proved_since.into(),
        current.expires_at(now).into(),
        current.agent.as_deref().into(),
        current.place.as_deref().into(),
        current.methods.as_str().into(),
    ];
    let row = db.first(&sql, &params).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count(*) gave no row".to_owned()))?;
    Ok((row.text()?, row.boolean()?))
}

/// Statements that look at up to ?2 rows whose time has come by ?1: one moves on the time of those of sessions that may have a
/// good token, one deletes the others. Each gives a row if it found any.
pub const PURGE: [&str; 2] = [
    "UPDATE sessions SET purge_at = expires_at + 86400 WHERE (user_id, sid) IN \
     (SELECT user_id, sid FROM sessions WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2) AND expires_at > ?1 - 86400 RETURNING 1",
    "DELETE FROM sessions WHERE (user_id, sid) IN \
     (SELECT user_id, sid FROM sessions WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2) AND expires_at <= ?1 - 86400 RETURNING 1",
];
