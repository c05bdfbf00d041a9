//! Staff: users as they see and change them. Each change is guarded by the state of both users in its own batch.

pub mod changes;
pub mod directory;
pub mod mails;
pub mod sessions;

use super::credentials::{time, view};
use super::db::run;
use super::events::{EventType, NewEvent, Report};
use super::outbox;
use super::sessions::{STANDING, SessionKey};
use super::{Batch, Db, DbError, Param, Row};
use crate::account::profile::PROFILE;
use crate::mail::Event;

/// SQL condition over rows of `users`: the user is a member of staff, by either flag.
const IS_STAFF: &str = "(is_staff OR is_superuser)";

/// Flags of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    /// `true` for a member of staff.
    pub is_staff: bool,
    /// `true` for a superuser, who may change staff too.
    pub is_superuser: bool,
}

/// The flags of a user.
pub async fn find_flags(db: &impl Db, user_id: i64) -> Result<Option<Flags>, DbError> {
    let sql = "SELECT is_staff, is_superuser FROM users WHERE id = ?1";
    let Some(mut row) = db.first(sql, &[user_id.into()]).await? else { return Ok(None) };
    Ok(Some(Flags { is_staff: row.boolean()?, is_superuser: row.boolean()? }))
}

/// Change of a user by a member of staff.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// Token of the member of staff.
    pub key: SessionKey<'a>,
    /// Report of the change.
    pub report: &'a Report,
    /// `true` if only superusers may make it.
    pub is_for_superusers: bool,
}

/// Parameters of statements that report a change: the time, the agent and the place.
const REPORT: [&str; 3] = ["?5", "?6", "?7"];

/// Statements of a change, one transaction, and their parameters.
pub struct Prepared<'a> {
    statements: Vec<String>,
    params: Vec<Param<'a>>,
}

impl Prepared<'_> {
    /// Makes the change. Gives a row, or none if it was not allowed or there is nothing to change.
    pub async fn run(self, db: &impl Batch) -> Result<Option<Row>, DbError> {
        run(db, self.statements, self.params).await
    }
}

/// SQL expression: id of the member of staff.
const ACTOR: &str = "CAST(?1 AS INTEGER)";

impl<'a> Change<'a> {
    /// SQL condition over no table: the token ?1 to ?5 is good, and its user may make the change to those who are not staff.
    fn is_by_staff(self) -> String {
        let and_superuser = if self.is_for_superusers { " AND actor.is_superuser" } else { "" };
        format!(
            "EXISTS (SELECT 1 FROM users AS actor WHERE actor.id = ?1 AND actor.is_active AND actor.is_staff{and_superuser} \
             AND ({STANDING}) = 2)"
        )
    }

    /// SQL condition over rows of `users`: it is the user ?8, and the user of the token ?1 to ?5 may make the change. Nobody changes
    /// themself, and only superusers change staff.
    fn is_allowed(self) -> String {
        format!(
            "users.id = ?8 AND users.id <> ?1 AND {} AND (NOT (users.is_staff OR users.is_superuser) \
             OR EXISTS (SELECT 1 FROM users AS superuser WHERE superuser.id = ?1 AND superuser.is_superuser))",
            self.is_by_staff()
        )
    }

    /// Parameters ?1 to ?8, and others. ?8 is the user who is changed.
    fn params(self, user_id: i64, others: &[Param<'a>], now: i64) -> Vec<Param<'a>> {
        [&self.key.params(now)[..], &self.report.params(), &[user_id.into()], others].concat()
    }

    /// SQL statement, if events are written: adds one of the change for each row of `users` under a condition.
    fn event(self, of_type: EventType, detail: &str, condition: &str) -> Option<String> {
        let event = NewEvent { actor: ACTOR, detail, ..NewEvent::own(of_type, condition) };
        self.report.event(&event, REPORT)
    }

    /// SQL statement, if users are sent notices: adds one under a condition, if the address is verified.
    fn notice(self, event: Event, condition: &str) -> Option<String> {
        let condition = format!("{condition} AND email_verified");
        self.report.has_notices.then(|| outbox::add_by_administrator(event, "email", &condition, "?5"))
    }
}

/// SQL expression over rows of `users`: a user as staff see them, in JSON. `more` are further members.
fn user_view(more: &str) -> String {
    let flag = |name: &str, column: &str| format!("'{name}', json(iif({column}, 'true', 'false'))");
    let profile: Vec<_> =
        PROFILE.iter().map(|field| ["'", field.name(), "', ", field.name()].concat()).collect();
    format!(
        "json_object('id', id, 'email', email, 'username', username, {}, {}, {}, {}, {}, 'created', {}, 'updated', {}{more})",
        profile.join(", "),
        flag("active", "is_active"),
        flag("staff", "is_staff"),
        flag("superuser", "is_superuser"),
        flag("verified", "email_verified"),
        time("created_at"),
        time("updated_at")
    )
}

/// Finds a user, as staff see them, with their ways in: an object in JSON.
pub async fn find(db: &impl Db, user_id: i64) -> Result<Option<String>, DbError> {
    let methods = format!(
        ", 'methods', json_object('password', json(iif(password LIKE '!%', 'false', 'true')), 'credentials', \
         json((SELECT json_group_array({} ORDER BY created_at, id) FROM credentials WHERE user_id = users.id \
         AND token_version IS NULL)))",
        view()
    );
    let sql = format!("SELECT {} FROM users WHERE id = ?1", user_view(&methods));
    db.first(&sql, &[user_id.into()]).await?.map(|mut row| row.text()).transpose()
}
