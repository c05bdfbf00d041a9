//! Credentials beside the password: what users see of them, and those of a second factor. Passkeys have a file of their own.

use super::db::run;
use super::events::{EventType, NewEvent, Report};
use super::sessions::{STANDING, SessionKey};
use super::users::{COLUMNS, take_user};
use super::{Batch, Db, DbError, Param};
use crate::account::user::User;
use crate::mail::Event;

/// SQL expression over rows of `users`: the user has a second factor, which is a TOTP that was confirmed.
pub(super) const HAS_SECOND_FACTOR: &str =
    "EXISTS (SELECT 1 FROM credentials WHERE type = 'totp' AND key = users.id || '')";

/// Caller who changes credentials.
#[derive(Clone, Copy)]
pub struct Changer<'a> {
    /// Token of the request.
    pub key: SessionKey<'a>,
    /// Report of the change. Where users are sent notices, credentials can be added only to an account with a verified
    /// address.
    pub report: &'a Report,
}

impl<'a> Changer<'a> {
    /// SQL condition over rows of `users`: the caller is active, and the token ?1 to ?5 is good.
    pub(super) fn is_good() -> String {
        format!("users.id = ?1 AND is_active AND ({STANDING}) = 2")
    }

    /// SQL condition over rows of `users`: the caller may add a credential.
    pub(super) fn may_add(self) -> String {
        Self::is_good() + if self.report.has_notices { " AND email_verified" } else { "" }
    }

    /// Parameters ?1 to ?7, and others.
    pub(super) fn params(self, others: &[Param<'a>], now: i64) -> Vec<Param<'a>> {
        [&self.key.params(now)[..], &self.report.params(), others].concat()
    }

    /// SQL statement, if the deployment sends mail: adds a notice under a condition, if the address is verified.
    pub(super) fn notice(self, event: Event, condition: &str) -> Option<String> {
        let condition = format!("{condition} AND email_verified");
        self.report.notice(event, "email", &condition, ["?5", "?6", "?7"])
    }

    /// SQL statement, if events are written: adds one with this detail for each user under a condition.
    pub(super) fn event(self, of_type: EventType, detail: &str, condition: &str) -> Option<String> {
        let event = NewEvent { detail, ..NewEvent::own(of_type, condition) };
        self.report.event(&event, ["?5", "?6", "?7"])
    }
}

/// SQL expression: a time in RFC 3339.
pub(super) fn time(column: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%SZ', {column}, 'unixepoch')")
}

/// SQL expression over rows of `credentials`: what users see of one, in JSON.
pub(super) fn view() -> String {
    let (created, used) = (time("created_at"), time("used_at"));
    format!("json_object('id', id, 'type', type, 'name', name, 'created', {created}, 'used', {used})")
}

/// Result of [`list`].
pub struct Listed {
    /// Credentials that were confirmed, an array in JSON.
    pub credentials: String,
    /// Passkeys as descriptors (WebAuthn Level 3 §5.8.3), an array in JSON.
    pub passkeys: String,
    /// Handle by which the passkeys know the user, if there are any.
    pub user_handle: Option<String>,
    /// Email in force, whether it is verified, and the one that waits to be: an object in JSON.
    pub email: String,
}

/// Lists the credentials of a user, in JSON, since a writer of it in the Worker would be larger, with the state of their email. Passkeys are left out where none is accepted.
pub async fn list(db: &impl Db, user_id: i64, has_passkeys: bool) -> Result<Option<Listed>, DbError> {
    let sql = format!(
        "SELECT (SELECT json_group_array({} ORDER BY created_at, id) FROM credentials WHERE user_id = ?1 \
         AND credentials.token_version IS NULL AND (type <> 'passkey' OR ?2)) AS credentials, \
         (SELECT json_group_array(json_object('type', 'public-key', 'id', key, 'transports', json(transports))) \
         FROM credentials WHERE user_id = ?1 AND type = 'passkey') AS passkeys, \
         ({USER_HANDLE}) AS user_handle, json_object('address', email, \
         'verified', json(iif(email_verified, 'true', 'false')), 'pending', pending_email) AS email FROM users WHERE id = ?1",
        view()
    );
    let Some(mut row) = db.first(&sql, &[user_id.into(), i64::from(has_passkeys).into()]).await? else {
        return Ok(None);
    };
    Ok(Some(Listed {
        credentials: row.text()?,
        passkeys: row.text()?,
        user_handle: row.optional_text()?,
        email: row.text()?,
    }))
}

/// SQL query: the handle of the first passkey of the user ?1.
const USER_HANDLE: &str =
    "SELECT user_handle FROM credentials WHERE user_id = ?1 AND type = 'passkey' ORDER BY created_at LIMIT 1";

/// The handle by which passkeys know a user, if there are any.
pub async fn find_user_handle(db: &impl Db, user_id: i64) -> Result<Option<String>, DbError> {
    let row = db.first(USER_HANDLE, &[user_id.into()]).await?;
    row.map_or(Ok(None), |mut row| row.optional_text())
}

/// Credential that a change is of.
pub enum Target {
    /// TOTP that waits to be confirmed, with its sealed seed.
    Totp(String),
    /// Passkey.
    Passkey,
}

/// Finds a credential of a user that can be changed.
pub async fn find_target(db: &impl Db, user_id: i64, id: i64) -> Result<Option<Target>, DbError> {
    let sql = "SELECT type = 'passkey' AS is_passkey, secret FROM credentials WHERE id = ?2 AND user_id = ?1 AND (type = 'passkey' \
         OR type = 'totp' AND token_version = (SELECT token_version FROM users WHERE id = ?1))";
    let Some(mut row) = db.first(sql, &[user_id.into(), id.into()]).await? else { return Ok(None) };
    Ok(Some(if row.boolean()? { Target::Passkey } else { Target::Totp(row.text()?) }))
}

/// Adds a TOTP that waits to be confirmed, in place of one that waits, and tells whether it did. It ends with what ends
/// the user's sessions.
pub async fn add_totp(
    db: &impl Db,
    changer: Changer<'_>,
    id: i64,
    sealed_seed: &str,
    now: i64,
) -> Result<bool, DbError> {
    let sql = format!(
        "INSERT INTO credentials (id, user_id, type, key, secret, token_version, created_at) \
         SELECT ?6, users.id, 'totp', users.id || ' waiting', ?7, users.token_version, ?5 FROM users WHERE {} \
         ON CONFLICT (type, key) DO UPDATE SET id = excluded.id, secret = excluded.secret, \
         token_version = excluded.token_version, created_at = excluded.created_at RETURNING 1",
        changer.may_add()
    );
    let params = [&changer.key.params(now)[..], &[id.into(), sealed_seed.into()]].concat();
    Ok(db.first(&sql, &params).await?.is_some())
}

/// SQL statement, but for its condition: inserts the recovery codes of the user ?1, whose random ids and hashes are `codes`, a
/// parameter: an object in JSON.
fn insert_codes(codes: &str) -> String {
    format!(
        "INSERT INTO credentials (id, user_id, type, key, created_at) \
         SELECT CAST(codes.key AS INTEGER), ?1, 'recovery', codes.value, ?5 FROM json_each({codes}) AS codes"
    )
}

/// Confirms a TOTP that waits with the code of a time step, in place of an older one, and gives the user and the TOTP as
/// users see it; `None` if it or the session has ended meanwhile. Every other session ends, and every older token of this one.
/// `codes` are ids and hashes of recovery codes, an object in JSON, which replace all others.
pub async fn confirm_totp(
    db: &impl Batch,
    changer: Changer<'_>,
    id: i64,
    step: i64,
    codes: &str,
    now: i64,
) -> Result<Option<(User, String)>, DbError> {
    let params = changer.params(&[id.into(), step.into(), codes.into()], now);
    let row = run(db, confirm_statements(changer), params).await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some((take_user(&mut row)?, row.text()?)))
}

fn confirm_statements(changer: Changer<'_>) -> Vec<String> {
    let may_confirm = format!(
        "EXISTS (SELECT 1 FROM users WHERE {} AND EXISTS (SELECT 1 FROM credentials AS waiting WHERE waiting.id = ?8 \
         AND waiting.user_id = ?1 AND waiting.type = 'totp' AND waiting.token_version = users.token_version))",
        changer.may_add()
    );
    let condition = format!("users.id = ?1 AND {may_confirm}");
    let notice = changer.notice(Event::TwoStepOn, &condition);
    let event = changer.event(EventType::CredentialAdded, "'totp'", &condition);
    let removed = format!(
        "DELETE FROM credentials WHERE user_id = ?1 AND (type = 'recovery' OR type = 'totp' AND id <> ?8) AND {may_confirm}"
    );
    let confirmed = format!(
        "UPDATE credentials SET key = user_id || '', counter = ?9, used_at = ?5, token_version = NULL WHERE id = ?8 AND {may_confirm}"
    );
    let added = insert_codes("?10") + " WHERE changes() > 0";
    let sql = format!(
        "UPDATE users SET token_version = token_version + 1, surviving_sid = ?3, surviving_version = token_version + 1, \
         grace_version = NULL, grace_until = 0 WHERE id = ?1 AND changes() > 0 \
         RETURNING {}, (SELECT {} FROM credentials WHERE id = ?8) AS credential",
        *COLUMNS,
        view()
    );
    notice.into_iter().chain(event).chain([removed, confirmed, added, sql]).collect()
}

/// Replaces the recovery codes of a user who has a TOTP, and tells whether it did. `codes` are those of [`confirm_totp`].
pub async fn replace_codes(
    db: &impl Batch,
    changer: Changer<'_>,
    codes: &str,
    now: i64,
) -> Result<bool, DbError> {
    let params = changer.params(&[codes.into()], now);
    Ok(run(db, replace_statements(changer), params).await?.is_some())
}

fn replace_statements(changer: Changer<'_>) -> Vec<String> {
    let may_replace = format!("{} AND {HAS_SECOND_FACTOR}", changer.may_add());
    let notice = changer.notice(Event::RecoveryCodesReplaced, &may_replace);
    let event = changer.event(EventType::CredentialAdded, "'recovery'", &may_replace);
    let may_replace = format!("EXISTS (SELECT 1 FROM users WHERE {may_replace})");
    let removed =
        format!("DELETE FROM credentials WHERE user_id = ?1 AND type = 'recovery' AND {may_replace}");
    let added = format!("{} WHERE {may_replace} RETURNING 1", insert_codes("?8"));
    notice.into_iter().chain(event).chain([removed, added]).collect()
}

/// SQL condition over rows of `users` and `own` of `credentials`: without this one there would be no way in, since the password
/// is unusable and the deployment sends no mail, with which another could be set.
const IS_LAST_WAY_IN: &str = "(own.type = 'passkey' AND users.password LIKE '!%' \
     AND (SELECT count(*) FROM credentials AS c WHERE c.user_id = users.id AND c.type = 'passkey') = 1)";

/// Result of [`remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It was removed; a TOTP with its recovery codes.
    Removed,
    /// It is the last way in.
    LastWayIn,
    /// The user has no such credential, or their session has ended.
    NotFound,
}

/// Removes an app or a passkey of a token's user. Recovery codes go with the app only, which the user is told of: one by one,
/// whoever has the session could take the way back away in silence.
pub async fn remove(db: &impl Batch, changer: Changer<'_>, id: i64, now: i64) -> Result<Removal, DbError> {
    let params = changer.params(&[id.into()], now);
    if run(db, remove_statements(changer), params).await?.is_some() {
        return Ok(Removal::Removed);
    }
    let is_last = "SELECT 1 FROM credentials WHERE id = ?2 AND user_id = ?1 AND type <> 'recovery'";
    let is_last = db.first(is_last, &[changer.key.user_id.into(), id.into()]).await?.is_some();
    Ok(if is_last { Removal::LastWayIn } else { Removal::NotFound })
}

fn remove_statements(changer: Changer<'_>) -> Vec<String> {
    let keeps_way_in =
        if changer.report.has_notices { String::new() } else { format!(" AND NOT {IS_LAST_WAY_IN}") };
    let own = |of_type: &str| {
        format!(
            "EXISTS (SELECT 1 FROM users WHERE {} AND EXISTS (SELECT 1 FROM credentials AS own WHERE own.id = ?8 \
             AND own.user_id = users.id AND own.type <> 'recovery'{of_type}{keeps_way_in}))",
            Changer::is_good()
        )
    };
    // A TOTP that waits was never on.
    let is_totp = own(" AND own.type = 'totp' AND own.token_version IS NULL");
    let is_passkey = own(" AND own.type = 'passkey'");
    let reports = [
        changer.notice(Event::TwoStepOff, &format!("id = ?1 AND {is_totp}")),
        changer.event(EventType::CredentialRemoved, "'totp'", &format!("users.id = ?1 AND {is_totp}")),
        changer.notice(Event::PasskeyRemoved, &format!("id = ?1 AND {is_passkey}")),
        changer.event(EventType::CredentialRemoved, "'passkey'", &format!("users.id = ?1 AND {is_passkey}")),
    ];
    let codes = format!("DELETE FROM credentials WHERE user_id = ?1 AND type = 'recovery' AND {is_totp}");
    let removed =
        format!("DELETE FROM credentials WHERE id = ?8 AND user_id = ?1 AND {} RETURNING 1", own(""));
    reports.into_iter().flatten().chain([codes, removed]).collect()
}
