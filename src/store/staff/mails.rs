//! Mails that a member of staff has sent: invitations and password resets, within the limits on requests for mail.

use super::{Change, user_view};
use crate::store::credentials::time;
use crate::store::db::run;
use crate::store::events::EventType;
use crate::store::recovery::UNUSABLE_PASSWORD;
use crate::store::secrets::{self, NewSecret, Recipient};
use crate::store::{Batch, DbError};

/// User that was invited.
pub struct Invited {
    /// Id of the user.
    pub user_id: i64,
    /// The user as staff see them, in JSON.
    pub user: String,
}

/// Inserts a user without a password, whom a mailed secret lets choose one; `None` if that was not allowed, or a limit is reached.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn invite(
    db: &impl Batch,
    change: Change<'_>,
    email: &str,
    username: &str,
    secret: &NewSecret,
    now: i64,
) -> Result<Option<Invited>, DbError> {
    let mut params = change.params(0, &[email.into(), username.into()], now);
    params.extend(secret.params(now));
    let Some(mut row) = run(db, invite_statements(change, secret), params).await? else { return Ok(None) };
    Ok(Some(Invited { user_id: row.integer()?, user: row.text()? }))
}

fn invite_statements(change: Change<'_>, secret: &NewSecret) -> Vec<String> {
    /// Number of the first parameter of the secret. ?8 is the id of no user.
    const SECRET: usize = 11;
    let allowed = change.is_by_staff();
    let within = secrets::is_within_limits(secret.purpose, SECRET);
    let inserted = format!(
        "INSERT INTO users (email, username, password, created_at, updated_at) \
         SELECT ?9, ?10, '{UNUSABLE_PASSWORD}', ?5, ?5 WHERE {allowed} AND {within}"
    );
    let issued = secrets::insert(secret.purpose, SECRET, "users", "users.email", secret.purpose.version());
    // Where it is allowed, the user was inserted, or the whole batch has failed; or a limit is reached, and there is no secret.
    let issued = format!("{issued} AND users.email = ?9 AND {allowed}");
    let is_invited =
        format!("users.email = ?9 AND EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?{SECRET})");
    let event = change.event(EventType::UserRegistered, "'invitation'", &is_invited);
    let sql = format!("SELECT id, {} AS user FROM users WHERE {is_invited}", user_view(""));
    [inserted, issued].into_iter().chain(event).chain([sql]).collect()
}

/// Password reset that was issued.
pub struct RequestedReset {
    /// End of the link, in RFC 3339.
    pub expires: String,
    /// Recipient of the mail.
    pub recipient: Recipient,
}

/// Issues a password reset to an active user; `None` if that was not allowed, there is no such user, or a limit is reached.
pub async fn request_reset(
    db: &impl Batch,
    change: Change<'_>,
    user_id: i64,
    secret: &NewSecret,
    now: i64,
) -> Result<Option<RequestedReset>, DbError> {
    let mut params = change.params(user_id, &[], now);
    params.extend(secret.params(now));
    let Some(mut row) = run(db, reset_statements(change, secret), params).await? else { return Ok(None) };
    Ok(Some(RequestedReset { expires: row.text()?, recipient: Recipient { user_id, email: row.text()? } }))
}

fn reset_statements(change: Change<'_>, secret: &NewSecret) -> Vec<String> {
    const SECRET: usize = 9;
    let issued = secrets::insert(secret.purpose, SECRET, "users", "users.email", secret.purpose.version());
    let issued = format!("{issued} AND users.is_active AND {}", change.is_allowed());
    let is_issued = format!("users.id = ?8 AND EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?{SECRET})");
    let event = change.event(EventType::StaffResetRequested, "NULL", &is_issued);
    let expires = time("expires_at");
    let sql = format!(
        "SELECT (SELECT {expires} FROM secrets WHERE id = ?{SECRET}) AS expires, email FROM users WHERE {is_issued}"
    );
    [issued].into_iter().chain(event).chain([sql]).collect()
}
