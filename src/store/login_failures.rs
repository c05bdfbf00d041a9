//! Failed logins: for each account one row over all client IPs, and one for each that tried.

use super::db::run;
use super::events::{EventType, NewEvent, Recording};
use super::outbox;
use super::{Batch, DAY, Db, DbError, Param};
use crate::mail::Event;

/// Lockout of a client IP when it reaches its limit for an account, and quiet time until
/// its failures are forgotten, in seconds.
const IP_WINDOW: i64 = 15 * 60;

/// Lockout of an account when it reaches its limit over all client IPs, in seconds; with each further failure
/// it doubles, up to a day.
///
/// Failures of an account over all client IPs are forgotten after as many quiet days as guesses were tried. Beyond its
/// limit an account has one try a day in the end; so whoever waits for its failures to be forgotten gains nothing over
/// that. And a stranger's one try is soon forgotten, so that the rows of unknown emails don't fill the database.
const INITIAL_LOCKOUT: i64 = 60 * 60;

/// Keys under which the failures of a login are counted.
pub struct FailureKeys {
    /// Keyed hash of the account.
    pub account: String,
    /// The limit for the account and one client IP, if there is one.
    pub per_ip: Option<FailureLimit>,
    /// The limit for the account over all client IPs, if there is one.
    pub per_account: Option<FailureLimit>,
}

/// Limit of failed logins.
pub struct FailureLimit {
    /// Keyed hash of the client IP whose failures it counts; empty for those of all.
    pub client_ip: String,
    /// The most failures.
    pub max: i64,
}

/// SQL query: until when a login with the account ?1 and the client IPs ?2 and ?3 is locked out at the time ?4. One row
/// whatever is there: NULL if no failures are on record.
pub(super) const LOCKED_UNTIL: &str = "SELECT max(blocked_until) FROM login_failures \
     WHERE account = ?1 AND client_ip IN (?2, ?3) AND expires_at > ?4";

impl FailureKeys {
    /// The parameters ?1 to ?4 of [`LOCKED_UNTIL`]. A limit that is off has NULL for its client IP, which equals nothing.
    pub(super) fn params(&self, now: i64) -> [Param<'_>; 4] {
        fn client_ip(limit: Option<&FailureLimit>) -> Param<'_> {
            limit.map(|limit| limit.client_ip.as_str()).into()
        }
        let (per_ip, per_account) = (self.per_ip.as_ref(), self.per_account.as_ref());
        [self.account.as_str().into(), client_ip(per_ip), client_ip(per_account), now.into()]
    }

    /// The parameters ?1 to ?6 of [`record_if`].
    pub(super) fn all_params(&self, now: i64) -> [Param<'_>; 6] {
        let max = |limit: Option<&FailureLimit>| limit.map(|limit| limit.max).into();
        let [account, per_ip, per_account, now] = self.params(now);
        [account, per_ip, per_account, now, max(self.per_ip.as_ref()), max(self.per_account.as_ref())]
    }

    /// Tells whether there is a limit at all.
    pub const fn is_limited(&self) -> bool {
        self.per_ip.is_some() || self.per_account.is_some()
    }
}

/// Keys of several accounts, for [`clear_all`]: an array in JSON. Hashes have nothing to escape.
pub fn keys_in_json(accounts: &[FailureKeys]) -> String {
    let pairs = accounts.iter().flat_map(|keys| {
        let limits = [&keys.per_ip, &keys.per_account].into_iter().flatten();
        limits.map(|limit| ["[\"", &keys.account, "\",\"", &limit.client_ip, "\"]"].concat())
    });
    ["[", &pairs.collect::<Vec<_>>().join(","), "]"].concat()
}

/// SQL statement: clears the failures of [`keys_in_json`], a parameter, under a condition.
pub(super) fn clear_all(keys: &str, condition: &str) -> String {
    format!(
        "DELETE FROM login_failures WHERE (account, client_ip) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') \
         FROM json_each({keys})) AND {condition}"
    )
}

/// Until when a login is or was locked out, or 0; `None` if no failures are on record.
pub async fn locked_until(db: &impl Db, keys: &FailureKeys, now: i64) -> Result<Option<i64>, DbError> {
    let row = db.first(LOCKED_UNTIL, &keys.params(now)).await?;
    row.map_or(Ok(None), |mut row| row.optional_integer())
}

/// SQL statement: records a failure under all limits, unless one of them locks it out or a condition does not hold. Its parameters
/// are those of [`FailureKeys::all_params`]. Its first row tells whether it locks the account out from all client IPs.
pub(super) fn record_if(condition: &str) -> String {
    format!(
        "INSERT OR REPLACE INTO login_failures (account, client_ip, count, blocked_until, expires_at) \
         SELECT ?1, client_ip, count, \
                CASE WHEN count < max THEN 0 \
                     WHEN client_ip = '' THEN ?4 + min({INITIAL_LOCKOUT} << min(count - max, 5), {DAY}) \
                     ELSE ?4 + {IP_WINDOW} END, \
                iif(client_ip = '', max(old_expiry, ?4 + count * {DAY}), ?4 + {IP_WINDOW}) \
         FROM (SELECT a.client_ip, a.max, ifnull(f.count, 0) + 1 AS count, ifnull(f.expires_at, 0) AS old_expiry \
               FROM (SELECT ?3 AS client_ip, ?6 AS max UNION ALL SELECT ?2, ?5) AS a \
               LEFT JOIN login_failures AS f \
               ON f.account = ?1 AND f.client_ip = a.client_ip AND f.expires_at > ?4 \
               WHERE a.client_ip IS NOT NULL) \
         WHERE ifnull(({LOCKED_UNTIL}), 0) <= ?4 AND {condition} \
         RETURNING client_ip = '' AND blocked_until > ?4 AS locks_account"
    )
}

/// Records a failed login under all limits, and tells whether it locks the account out from all client IPs; `None` if one of the
/// limits locks it out already. One statement, so that of any number at once exactly as many pass as the limits allow. The last
/// failure within a limit sets its lockout.
pub async fn record(db: &impl Batch, keys: &FailureKeys, now: i64) -> Result<Option<bool>, DbError> {
    let row = run(db, vec![record_if("true")], keys.all_params(now).to_vec()).await?;
    row.map(|mut row| row.boolean()).transpose()
}

/// Reports that failed logins have locked an account out from all client IPs, if its email is a user's: as an event, and by a notice if
/// it is verified. It comes once the guess is known to be wrong: a right one is recorded before it is compared too.
pub async fn report_lockout(
    db: &impl Batch,
    keys: &FailureKeys,
    email: &str,
    report: LockoutReport,
    now: i64,
) -> Result<(), DbError> {
    let is_locked = "email = ?2 AND is_active AND EXISTS \
         (SELECT 1 FROM login_failures WHERE account = ?1 AND client_ip = '' AND blocked_until > ?3)";
    let parameters = ["?3", "NULL", "NULL"]; // nothing of a stranger
    let is_told = format!("{is_locked} AND email_verified");
    let notice = report.has_notices.then(|| outbox::add(Event::AccountLocked, "email", &is_told, parameters));
    let event = NewEvent { actor: "NULL", ..NewEvent::own(EventType::AccountLocked, is_locked) };
    let event = report.recording.add(&event, parameters);
    let statements: Vec<_> = notice.into_iter().chain(event).collect();
    if statements.is_empty() {
        return Ok(());
    }
    run(db, statements, vec![keys.account.as_str().into(), email.into(), now.into()]).await.map(drop)
}

/// Report of a lockout.
#[derive(Debug, Clone, Copy)]
pub struct LockoutReport {
    /// `true` if the user is sent a notice.
    pub has_notices: bool,
    /// Recording of events.
    pub recording: Recording,
}

/// Keeps the failures of an account for a day longer: for a guess that was tried and not recorded.
pub async fn extend(db: &impl Db, keys: &FailureKeys, now: i64) -> Result<(), DbError> {
    let sql = format!(
        "UPDATE login_failures SET expires_at = expires_at + {DAY} \
         WHERE account = ?1 AND client_ip = '' AND expires_at > ?2"
    );
    db.first(&sql, &[keys.account.as_str().into(), now.into()]).await?;
    Ok(())
}

/// Takes back one [`record`] of a login that did not fail after all, with the lockout that it set.
pub async fn retract(db: &impl Db, keys: &FailureKeys, now: i64) -> Result<(), DbError> {
    // A failure is recorded only where nothing locks out, so a lockout that is there now came with this one or later.
    let sql = "UPDATE login_failures SET count = count - 1, blocked_until = 0 \
               WHERE account = ?1 AND client_ip IN (?2, ?3) AND expires_at > ?4 AND count > 0";
    db.first(sql, &keys.params(now)).await?;
    Ok(())
}

/// Clears the failures of an account, from this client IP and over all.
pub async fn clear(db: &impl Db, keys: &FailureKeys) -> Result<(), DbError> {
    let [account, per_ip, per_account, _] = keys.params(0);
    let sql = "DELETE FROM login_failures WHERE account = ?1 AND client_ip IN (?2, ?3)";
    db.first(sql, &[account, per_ip, per_account]).await?;
    Ok(())
}

/// Statement that deletes up to ?2 rows whose failures are forgotten by ?1, and gives a row if there were any.
pub const PURGE: [&str; 1] = ["DELETE FROM login_failures WHERE (account, client_ip) IN \
     (SELECT account, client_ip FROM login_failures WHERE expires_at <= ?1 LIMIT ?2) RETURNING 1"];
