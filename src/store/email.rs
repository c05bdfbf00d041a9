//! Email of a user: in force, verified or not, and the one that waits to be verified.

use super::db::run;
use super::events::{EventType, NewEvent, Report};
use super::secrets::{self, INSERT_PARAMS, NewSecret, Purpose};
use super::sessions::{STANDING, SessionKey};
use super::users::{COLUMNS, take_user};
use super::{Batch, DAY, Db, DbError, Param};
use crate::account::user::User;
use crate::mail::Event;

/// The most new addresses of a user that are mailed to in a day.
const MAX_NEW_ADDRESSES: i64 = 5;

/// Assignments of an UPDATE of `users` that end every verification: no address waits any more.
pub const END_VERIFICATIONS: &str = "email_version = email_version + 1, pending_email = NULL";

/// SQL condition over rows of `users`: the email is verified, or is the first one, or was mailed to within the limits on that. Any other
/// was typed by someone a moment ago, and a notice to it would be a mail to a stranger that no limit counts.
pub(super) const KNOWS_OF_ACCOUNT: &str = "(email_verified OR email_version = 0 \
     OR EXISTS (SELECT 1 FROM secrets AS s WHERE s.user_id = users.id AND s.email = users.email))";

/// Addresses of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The address in force.
    pub email: String,
    /// `true` if it is verified.
    pub is_verified: bool,
    /// `true` if the user is active.
    pub is_active: bool,
    /// The address that waits to be verified.
    pub pending: Option<String>,
}

impl Addresses {
    /// The address that can be verified.
    pub fn unverified(&self) -> Option<&str> {
        self.pending.as_deref().or_else(|| (!self.is_verified).then_some(&self.email))
    }
}

/// Assignments of an UPDATE of `users`: a new email holds at once, unverified. They begin with a comma.
pub(super) fn replace(email: &str) -> String {
    format!(", email = {email}, email_verified = 0, {END_VERIFICATIONS}")
}

/// Assignments of an UPDATE of `users`: a new email holds at once if the one before is not verified, else it waits. They
/// begin with a comma.
pub(super) fn replace_or_wait(email: &str) -> String {
    format!(
        ", email = iif(email_verified, email, {email}), pending_email = iif(email_verified, {email}, NULL), \
         email_version = {}",
        next_version(email)
    )
}

/// SQL expression: `email_version` once this email is asked for. Asked for again, what was mailed to it before stays good.
fn next_version(email: &str) -> String {
    format!("email_version + (NOT email_verified OR pending_email IS NOT {email})")
}

/// SQL condition: one mail more of a verification to this address would not be to too many new addresses of the user in a day. The
/// one in force does not count, and one that was mailed to is not new.
pub(super) fn may_be_mailed_to(email: &str, now: &str) -> String {
    let today = format!(
        "FROM secrets AS s WHERE s.user_id = users.id AND s.purpose = 'verification' AND s.created_at > {now} - {DAY}"
    );
    format!(
        "(EXISTS (SELECT 1 {today} AND s.email = {email}) \
         OR (SELECT count(DISTINCT s.email) {today} AND s.email <> users.email) < {MAX_NEW_ADDRESSES})"
    )
}

/// Statement, and its parameters, that issues a verification of a new email to the user of a token, if they are active, the
/// token is good and no limit is reached. It comes before the change: what waits may not be another user's.
pub(super) fn issue<'a>(
    key: SessionKey<'a>,
    secret: &'a NewSecret,
    email: &'a str,
    now: i64,
) -> (String, Vec<Param<'a>>) {
    let mut params = Vec::from(key.params(now));
    let first = params.len() + 1;
    let address = format!("?{}", first + INSERT_PARAMS);
    let insert = secrets::insert(secret.purpose, first, "users", &address, &next_version(&address));
    params.extend(secret.params(now));
    params.push(email.into());
    let sql = format!(
        "{insert} AND id = ?1 AND is_active AND ({STANDING}) = 2 AND {} \
         AND NOT (email_verified AND EXISTS (SELECT 1 FROM users AS other WHERE other.email = {address} AND other.id <> ?1))",
        may_be_mailed_to(&address, "?5")
    );
    (sql, params)
}

/// Seconds until a user may have a mail sent to another new address; 0 or less if that is now.
pub async fn wait_for_new_address(db: &impl Db, user_id: i64, email: &str, now: i64) -> Result<i64, DbError> {
    let sql = format!(
        "SELECT CAST(iif({}, 0, (SELECT min(created_at) FROM secrets WHERE user_id = ?1 \
         AND purpose = 'verification' AND created_at > ?3 - {DAY}) + {DAY} - ?3) AS INTEGER) AS seconds FROM users WHERE id = ?1",
        may_be_mailed_to("?2", "?3")
    );
    let row = db.first(&sql, &[user_id.into(), email.into(), now.into()]).await?;
    row.map_or(Ok(0), |mut row| row.integer())
}

/// The addresses of a user.
pub async fn find(db: &impl Db, user_id: i64) -> Result<Option<Addresses>, DbError> {
    let sql = "SELECT email, email_verified, is_active, pending_email FROM users WHERE id = ?1";
    let Some(mut row) = db.first(sql, &[user_id.into()]).await? else { return Ok(None) };
    Ok(Some(Addresses {
        email: row.text()?,
        is_verified: row.boolean()?,
        is_active: row.boolean()?,
        pending: row.optional_text()?,
    }))
}

/// Drops the address that waits, if there is one, for the user of a token who is active and whose token is good.
pub async fn cancel(db: &impl Db, key: SessionKey<'_>, now: i64) -> Result<(), DbError> {
    let sql = format!(
        "UPDATE users SET {END_VERIFICATIONS}, updated_at = ?5 \
         WHERE id = ?1 AND is_active AND pending_email IS NOT NULL AND ({STANDING}) > 0"
    );
    db.first(&sql, &key.params(now)).await.map(drop)
}

/// Redeems a verification for the user of a token, who is active and whose token is good: the address that waits is the email
/// from now on, or the one in force is verified. Gives the user, or `None` if the secret was redeemed meanwhile.
///
/// A new address ends the other sessions, and every older token of this one.
///
/// # Errors
/// [`DbError::Unique`] if another user has the address by now.
pub async fn verify(
    db: &impl Batch,
    key: SessionKey<'_>,
    secret: &str,
    report: &Report,
    now: i64,
) -> Result<Option<User>, DbError> {
    let params = [&key.params(now)[..], &report.params(), &[secret.into()]].concat();
    run(db, verify_statements(report), params).await?.map(|mut row| take_user(&mut row)).transpose()
}

fn verify_statements(report: &Report) -> Vec<String> {
    let is_good = format!("users.id = ?1 AND is_active AND ({STANDING}) = 2");
    let is_redeemable = secrets::is_redeemable(Purpose::EmailVerification);
    let is_verified =
        format!("{is_good} AND EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?8 AND {is_redeemable})");
    let is_replaced = format!("{is_verified} AND pending_email <> email");
    let parameters = ["?5", "?6", "?7"];
    let notice = |event, recipient| report.notice(event, recipient, &is_replaced, parameters);
    let is_first = format!("{is_verified} AND NOT email_verified");
    let event = |of_type, condition| report.event(&NewEvent::own(of_type, condition), parameters);
    let reports = [
        notice(Event::EmailReplaced, "email"),
        notice(Event::EmailChanged, "pending_email"),
        event(EventType::EmailChanged, &format!("{is_replaced} COLLATE BINARY")),
        event(EventType::UserVerified, &is_first),
    ];
    // Not spent by a session that has ended meanwhile.
    let redeemed = format!(
        "UPDATE secrets SET used_at = ?5 WHERE id = ?8 AND {is_redeemable} AND EXISTS (SELECT 1 FROM users WHERE {is_good})"
    );
    let is_new = |then: &str, otherwise: &str| format!("iif(pending_email IS NULL, {otherwise}, {then})");
    let sql = format!(
        "UPDATE users SET email = ifnull(pending_email, email), email_verified = 1, \
         verified_at = ifnull(verified_at, ?5), token_version = {}, surviving_sid = {}, surviving_version = {}, \
         grace_version = {}, reset_version = {}, {END_VERIFICATIONS}, updated_at = ?5 \
         WHERE {is_good} AND changes() > 0 RETURNING {}",
        is_new("token_version + 1", "token_version"),
        is_new("?3", "surviving_sid"),
        is_new("token_version + 1", "surviving_version"),
        is_new("NULL", "grace_version"),
        is_new("reset_version + 1", "reset_version"),
        *COLUMNS
    );
    reports.into_iter().flatten().chain([redeemed, sql]).collect()
}
