//! Events: what happened to accounts, for staff and for the webhook. A row is written in the batch of the change that it tells of.

use super::credentials::time;
use super::outbox::{self, Origin};
use super::{Db, DbError, Param, Row};
use crate::mail::Event;

/// Validity of the lease that an attempt to send an event has, in seconds: longer than one takes.
const LEASE: i64 = 60;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventType {
            $($(#[$doc])* $variant),+
        }

        impl EventType {
            /// All types.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Name in the table and in the API.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

event_types! {
    /// A user is there. Detail: `invitation`, or none.
    UserRegistered = "user.registered",
    /// The username is another.
    UserRenamed = "user.renamed",
    /// The email in force is verified.
    UserVerified = "user.verified",
    /// The account is deactivated.
    UserDeactivated = "user.deactivated",
    /// The account is active again.
    UserActivated = "user.activated",
    /// The account and its data are erased.
    UserErased = "user.erased",
    /// The password is another. Detail: `unusable` if it matches nothing.
    PasswordChanged = "password.changed",
    /// The password was set with a mailed secret.
    PasswordReset = "password.reset",
    /// The email in force is another.
    EmailChanged = "email.changed",
    /// Sessions ended by themselves. Detail: `one`, `others` or `all`.
    SessionsEnded = "sessions.ended",
    /// A credential is there. Detail: its type.
    CredentialAdded = "credential.added",
    /// A credential is gone. Detail: its type.
    CredentialRemoved = "credential.removed",
    /// A recovery code was used.
    RecoveryUsed = "recovery.used",
    /// Failed logins lock the account out.
    AccountLocked = "account.locked",
    /// The user has a flag. Detail: `staff` or `superuser`.
    StaffGranted = "staff.granted",
    /// The user has a flag no more. Detail: `staff` or `superuser`.
    StaffRevoked = "staff.revoked",
    /// A member of staff had a password reset mailed.
    StaffResetRequested = "staff.reset_requested",
}

impl EventType {
    /// Finds a type by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|of_type| of_type.name() == name)
    }
}

/// Recording of events in a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Nobody could read them, so none are written.
    Off,
    /// Written, for staff.
    On,
    /// Written, and sent to the webhook.
    Sent,
}

/// Report of a change: notices to its user, and events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Origin of the request.
    pub origin: Origin,
    /// `true` if the user is sent a notice.
    pub has_notices: bool,
    /// `true` if the user is sent notices that are not essential too.
    pub has_minor_notices: bool,
    /// Recording of events.
    pub recording: Recording,
}

/// Event as a statement adds it; the texts are expressions in SQL.
pub(super) struct NewEvent<'a> {
    /// Type.
    pub(super) of_type: EventType,
    /// Id of the actor.
    pub(super) actor: &'a str,
    /// Detail.
    pub(super) detail: &'a str,
    /// Rows of `users` that it happened to, and of what else `from` names.
    pub(super) condition: &'a str,
    /// Tables, `users` among them.
    pub(super) from: &'a str,
}

impl NewEvent<'_> {
    /// An event that users cause themselves.
    pub(super) const fn own(of_type: EventType, condition: &str) -> NewEvent<'_> {
        NewEvent { of_type, actor: "users.id", detail: "NULL", condition, from: "users" }
    }
}

impl Report {
    /// Parameters that come after the time, in both kinds of statements.
    pub(super) fn params(&self) -> [Param<'_>; 2] {
        self.origin.params()
    }

    /// SQL statement, if the user is sent notices: adds one, as [`outbox::add`] does.
    pub(super) fn notice(
        &self,
        event: Event,
        recipient: &str,
        condition: &str,
        parameters: [&str; 3],
    ) -> Option<String> {
        self.has_notices.then(|| outbox::add(event, recipient, condition, parameters))
    }

    /// SQL statement, if events are written: adds one for each row of `users` under its condition. `[now, agent, place]` are
    /// parameters. It comes before the change that it tells of.
    pub(super) fn event(&self, event: &NewEvent<'_>, parameters: [&str; 3]) -> Option<String> {
        self.recording.add(event, parameters)
    }
}

impl Recording {
    /// SQL statement, if events are written: adds one, as [`Report::event`] does.
    pub(super) fn add(self, event: &NewEvent<'_>, [now, agent, place]: [&str; 3]) -> Option<String> {
        let NewEvent { of_type, actor, detail, condition, from } = event;
        let name = of_type.name();
        let due_at = match self {
            Self::Off => return None,
            Self::On => "NULL",
            Self::Sent => now,
        };
        Some(format!(
            "INSERT INTO events (at, type, user_id, actor_id, agent, place, detail, due_at) \
             SELECT {now}, '{name}', users.id, {actor}, {agent}, {place}, {detail}, {due_at} FROM {from} WHERE {condition}"
        ))
    }
}

/// Event that is to be sent to the webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    id: i64,
    /// Number of this attempt, 1 for the first.
    pub attempt: i64,
    /// Identity, the same in all attempts: `evt_`, the id and a nonce.
    pub message_id: String,
    /// Body, in JSON.
    pub body: String,
}

/// SQL expression over rows of `events`: who did it, in JSON.
const ACTOR: &str = "iif(actor_id = 0, 'operator', actor_id)";

/// Takes an event that is due, for as long as an attempt takes: of several runs at once only one has it. None is due while the
/// webhook is stopped.
pub async fn take(db: &impl Db, now: i64) -> Result<Option<Due>, DbError> {
    let sql = format!(
        "UPDATE events SET attempts = attempts + 1, due_at = ?1 + {LEASE} WHERE id = \
         (SELECT id FROM events WHERE due_at <= ?1 AND NOT EXISTS (SELECT 1 FROM webhook) ORDER BY due_at LIMIT 1) \
         RETURNING id, attempts, 'evt_' || id || nonce AS message_id, json_object('type', type, 'timestamp', {}, \
         'data', json_object('user', json_object('id', user_id), 'actor', {ACTOR})) AS body",
        time("at")
    );
    db.first(&sql, &[now.into()]).await?.map(take_due).transpose()
}

fn take_due(mut row: Row) -> Result<Due, DbError> {
    Ok(Due { id: row.integer()?, attempt: row.integer()?, message_id: row.text()?, body: row.text()? })
}

/// Outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The server took it.
    Sent,
    /// It did not, for this reason; the next attempt is due then, if there is one.
    Failed(&'a str, Option<i64>),
}

/// Records the outcome of an attempt, unless another run has taken the event meanwhile, or its user was erased.
pub async fn record(db: &impl Db, due: &Due, outcome: Outcome<'_>) -> Result<(), DbError> {
    let (failure, due_at) = match outcome {
        Outcome::Sent => (None, None),
        Outcome::Failed(failure, due_at) => (Some(failure), due_at),
    };
    let sql =
        "UPDATE events SET failure = ?3, due_at = ?4 WHERE id = ?1 AND attempts = ?2 AND due_at IS NOT NULL";
    let params: [Param<'_>; 4] = [due.id.into(), due.attempt.into(), failure.into(), due_at.into()];
    db.first(sql, &params).await.map(drop)
}

/// Stops the webhook: its server said that it is gone.
pub async fn stop(db: &impl Db, now: i64) -> Result<(), DbError> {
    let sql = "INSERT INTO webhook (id, stopped_at) VALUES (1, ?1) ON CONFLICT DO NOTHING";
    db.first(sql, &[now.into()]).await.map(drop)
}

/// Events that are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventSearch<'a> {
    /// User that they happened to.
    pub user_id: Option<i64>,
    /// Type.
    pub of_type: Option<&'a str>,
    /// Id before which the page begins.
    pub before: Option<i64>,
    /// The most events.
    pub limit: i64,
}

/// Lists events, the newest first: an array in JSON, and the id before which the next page begins, if there is one.
pub async fn list(db: &impl Db, search: EventSearch<'_>) -> Result<(String, Option<i64>), DbError> {
    let EventSearch { user_id, of_type, before, limit } = search;
    let conditions = [user_id.map(|_| "user_id = ?1"), of_type.map(|_| "type = ?2")];
    // One bound of the id, from which the index is read.
    let condition = |bound: &'static str| {
        let conditions: Vec<_> = conditions.iter().flatten().copied().chain([bound]).collect();
        conditions.join(" AND ")
    };
    // By the index of what is asked for, each of which ends with the id.
    let index = match (user_id, of_type) {
        (None, None) => "",
        (Some(_), None) => " INDEXED BY events_by_user",
        (None, Some(_)) => " INDEXED BY events_by_type",
        (Some(_), Some(_)) => " INDEXED BY events_by_user_and_type",
    };
    let sql = format!(
        "SELECT list, iif(count = ?4 AND EXISTS (SELECT 1 FROM events{index} WHERE {}), last, NULL) AS next \
         FROM (SELECT json_group_array(json_object('id', id, 'at', {}, 'type', type, 'user', user_id, 'actor', {ACTOR}, \
         'place', place, 'agent', agent, 'detail', detail)) AS list, count(*) AS count, min(id) AS last \
         FROM (SELECT * FROM events{index} WHERE {} ORDER BY id DESC LIMIT ?4))",
        condition("id < last"),
        time("at"),
        condition(before.map_or("true", |_| "id < ?3"))
    );
    let params: [Param<'_>; 4] = [user_id.into(), of_type.into(), before.into(), limit.into()];
    let row = db.first(&sql, &params).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count(*) gave no row".to_owned()))?;
    Ok((row.text()?, row.optional_integer()?))
}

/// Statement that deletes up to ?2 of the oldest events, if they are of before ?1, and gives a row if there were any. Ids are in the
/// order of time.
pub const PURGE: [&str; 1] = ["DELETE FROM events WHERE id IN \
     (SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT ?2) WHERE at <= ?1) \
     AND (SELECT at FROM events ORDER BY id LIMIT 1) <= ?1 RETURNING 1"];
