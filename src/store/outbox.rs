//! Outbox: notices that are to be mailed. One of a kind goes to an address in an hour; later ones are gathered.

use super::{Db, DbError, Param, Row};
use crate::mail::{Event, Notice};

/// Time in which one notice of a kind goes to an address, in seconds.
const PERIOD: i64 = 60 * 60;

/// Wait after a first attempt that failed, in seconds: longer than one takes. Each further one is four times as long.
const INITIAL_WAIT: i64 = 60;

/// Attempts after which a notice is given up: a day and a half after the first.
const MAX_ATTEMPTS: i64 = 7;

/// Origin of what a notice tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Browser family and system.
    pub agent: Option<String>,
    /// City and country.
    pub place: Option<String>,
}

impl Origin {
    /// Parameters of [`add`], which come after the time.
    pub(super) fn params(&self) -> [Param<'_>; 2] {
        [self.agent.as_deref().into(), self.place.as_deref().into()]
    }
}

/// SQL statement: adds a notice for each row of `users` under a condition. `recipient` is an expression of the address,
/// `[now, agent, place]` are parameters. It comes before the change that it tells of, and is for the state before that: an address
/// that is not verified is told nothing of the user. Such an address has one budget for all users: any number of accounts may have had
/// it, one after the other, and each would have a stranger mailed.
pub(super) fn add(event: Event, recipient: &str, condition: &str, parameters: [&str; 3]) -> String {
    insert(event, recipient, condition, parameters, false)
}

/// SQL statement: adds a notice as [`add`] does, of what an administrator did at this time. It tells nothing of them.
pub(super) fn add_by_administrator(event: Event, recipient: &str, condition: &str, now: &str) -> String {
    insert(event, recipient, condition, [now, "NULL", "NULL"], true)
}

fn insert(
    event: Event,
    recipient: &str,
    condition: &str,
    [now, agent, place]: [&str; 3],
    by_administrator: bool,
) -> String {
    let (kind, by) = (event.name(), i64::from(by_administrator));
    let separator = if by_administrator { " by_administrator " } else { " " };
    let verified = |value: &str| format!("iif(email_verified, {value}, NULL)");
    format!(
        "INSERT INTO outbox (key, kind, user_id, recipient, username, agent, place, count, since, at, due_at, attempts, by_administrator) \
         SELECT iif(email_verified, id, 0) || ' {kind}{separator}' || lower({recipient}), '{kind}', id, {recipient}, {}, {}, {}, 1, {now}, {now}, {now}, 0, {by} \
         FROM users WHERE {condition} \
         ON CONFLICT (key) DO UPDATE SET user_id = excluded.user_id, count = count + 1, since = iif(count = 0, excluded.since, since), at = excluded.at, \
         username = excluded.username, agent = excluded.agent, place = excluded.place",
        verified("username"),
        verified(agent),
        verified(place)
    )
}

/// Notice that is due.
pub struct Due {
    key: String,
    /// User that it is about.
    pub user_id: i64,
    /// Address that it goes to.
    pub recipient: String,
    /// The notice; `None` if its kind is of another version.
    pub notice: Option<Notice>,
    count: i64,
    attempts: i64,
}

/// Takes a notice that is due, for as long as an attempt takes: of several runs at once only one has it. Those that were never
/// tried come first, or whoever gives addresses that fail would keep the others back.
pub async fn take(db: &impl Db, now: i64) -> Result<Option<Due>, DbError> {
    let time = |column: &str| format!("strftime('%Y-%m-%dT%H:%M:%SZ', {column}, 'unixepoch') AS {column}");
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?1 + ({INITIAL_WAIT} << 2 * attempts) \
         WHERE key = ifnull((SELECT key FROM outbox WHERE due_at <= ?1 AND attempts = 0 AND count > 0 ORDER BY due_at LIMIT 1), \
         (SELECT key FROM outbox WHERE due_at <= ?1 AND count > 0 ORDER BY due_at LIMIT 1)) \
         RETURNING key, user_id, recipient, count, attempts, kind, {}, {}, username, agent, place, by_administrator, \
         (SELECT count(*) FROM credentials AS c WHERE c.user_id = outbox.user_id AND c.type = 'recovery' AND c.used_at IS NULL) \
         AS recovery_codes",
        time("at"),
        time("since")
    );
    db.first(&sql, &[now.into()]).await?.map(take_due).transpose()
}

fn take_due(mut row: Row) -> Result<Due, DbError> {
    let (key, user_id, recipient) = (row.text()?, row.integer()?, row.text()?);
    let (count, attempts, kind) = (row.integer()?, row.integer()?, row.text()?);
    let (at, since) = (row.text()?, row.text()?);
    let (username, agent, place) = (row.optional_text()?, row.optional_text()?, row.optional_text()?);
    let by_administrator = row.boolean()?;
    let recovery_codes = u32::try_from(row.integer()?).ok();
    let notice = Event::from_name(&kind).map(|event| Notice {
        event,
        at,
        count: count.try_into().unwrap_or(u32::MAX),
        since: Some(since),
        agent,
        place,
        by_administrator,
        recovery_codes,
        username,
    });
    Ok(Due { key, user_id, recipient, notice, count, attempts })
}

/// Puts a notice down: it was sent, or never will be. What happened since it was taken goes into the next one. If another run
/// has taken it meanwhile, since this one took too long, the other puts it down: counted off twice, the next would be lost.
pub async fn put_down(db: &impl Db, due: &Due, now: i64) -> Result<(), DbError> {
    let sql = format!(
        "UPDATE outbox SET count = count - ?2, since = at, attempts = 0, due_at = ?3 + {PERIOD} \
         WHERE key = ?1 AND attempts = ?4"
    );
    db.first(&sql, &[due.key.as_str().into(), due.count.into(), now.into(), due.attempts.into()])
        .await
        .map(drop)
}

impl Due {
    /// Tells whether no more attempts are made.
    pub const fn is_last_attempt(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }
}

/// Statement that deletes up to ?2 rows whose hour is over at ?1, and gives a row if there were any. Those too that were due a week
/// ago: the deployment sends no mail since then, and once it does again, it tells nobody of last year.
pub const PURGE: [&str; 1] = ["DELETE FROM outbox WHERE key IN \
     (SELECT key FROM outbox WHERE due_at <= ?1 AND (count = 0 OR due_at <= ?1 - 604800) LIMIT ?2) RETURNING 1"];
