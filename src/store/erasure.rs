//! Erasure of users: the statements that delete their rows in all tables, one transaction.

use super::events::{EventType, NewEvent, Recording};
use super::{Db, DbError};

/// SQL condition over a row of `users`: it is an active superuser, and nobody else is one who is staff too, which they have to be.
pub const IS_LAST_SUPERUSER: &str = "(users.is_superuser AND users.is_active AND NOT EXISTS \
     (SELECT 1 FROM users AS other WHERE (other.is_staff OR other.is_superuser) AND other.is_staff AND other.is_superuser AND other.is_active \
     AND other.id <> users.id))";

/// Tells whether a user is the last active superuser.
pub async fn is_last_superuser(db: &impl Db, user_id: i64) -> Result<bool, DbError> {
    let sql = format!("SELECT {IS_LAST_SUPERUSER} AS is_last FROM users WHERE id = ?1");
    db.first(&sql, &[user_id.into()]).await?.map_or(Ok(false), |mut row| row.boolean())
}

/// SQL condition over rows of `users`: the user is staff, or was while events are kept, and so may be the actor of events of others.
const WAS_STAFF: &str = "(users.is_staff OR users.is_superuser OR EXISTS (SELECT 1 FROM events AS flag \
     WHERE flag.user_id = users.id AND flag.type = 'staff.revoked'))";

/// Erasure of a user. The texts are expressions in SQL.
pub struct Erasure<'a> {
    /// Id of the user.
    pub user: &'a str,
    /// Condition over the row of `users`, under which the user is erased. No statement changes what it says of other users.
    pub condition: &'a str,
    /// Keyed hashes under which failed logins, wrong current passwords and wrong second factors of the user are on record, if
    /// they are known; else these rows go when they expire.
    pub accounts: Option<[&'a str; 3]>,
    /// Id of the actor: 0 for the operator.
    pub actor: &'a str,
    /// Time, and agent and place of the actor.
    pub parameters: [&'a str; 3],
    /// Recording of events.
    pub recording: Recording,
}

impl Erasure<'_> {
    /// Statements for one transaction. The last one deletes the user's row, and gives a row if it did; before that, all see it and
    /// decide alike. The last active superuser is not erased.
    ///
    /// Nothing of the user is sent any more, but that they are erased. Events stay, with ids and types only. A user
    /// who was staff is the actor of others' events, which lose where and with what the actor was. No index leads to these, so the
    /// table is read for such users.
    pub fn statements(&self) -> Vec<String> {
        let Self { user, condition, accounts, actor, parameters, recording } = self;
        let is_erased = format!("users.id = {user} AND NOT {IS_LAST_SUPERUSER} AND ({condition})");
        let guard = format!("EXISTS (SELECT 1 FROM users WHERE {is_erased})");
        let of_user = |table: &str| format!("DELETE FROM {table} WHERE user_id = {user} AND {guard}");
        let mut statements: Vec<String> = ["sessions", "credentials", "second_steps"].map(of_user).into();
        // What limits on mail count stays until it is purged, as that of an address that nobody has: keyed hashes.
        statements.push(format!(
            "UPDATE secrets SET user_id = NULL, email = NULL, token_version = NULL, version = NULL WHERE user_id = {user} AND {guard}"
        ));
        // An address that is not verified has one row for all users.
        statements.push(format!(
            "DELETE FROM outbox WHERE (user_id = {user} OR key >= '0 ' AND key < '0!' \
             AND recipient = (SELECT email FROM users WHERE users.id = {user})) AND {guard}"
        ));
        statements.extend(accounts.map(|[login, password, factor]| {
            format!("DELETE FROM login_failures WHERE account IN ({login}, {password}, {factor}) AND {guard}")
        }));
        statements.push(format!(
            "UPDATE events SET agent = NULL, place = NULL, detail = NULL, due_at = NULL, failure = NULL \
             WHERE user_id = {user} AND {guard}"
        ));
        // CROSS JOIN keeps the order: the events are read for staff only.
        statements.push(format!(
            "UPDATE events SET agent = NULL, place = NULL WHERE id IN (SELECT acted.id FROM users CROSS JOIN events AS acted \
             WHERE {is_erased} AND {WAS_STAFF} AND acted.actor_id = users.id)"
        ));
        let erased = NewEvent {
            of_type: EventType::UserErased,
            actor,
            detail: "NULL",
            condition: &is_erased,
            from: "users",
        };
        statements.extend(recording.add(&erased, *parameters));
        statements.push(format!("DELETE FROM users WHERE {is_erased} RETURNING 1"));
        statements
    }
}
