//! Ways back in by mail: a password reset, and a sign-in. Whoever proves a mailbox first owns the account.

use super::credentials::HAS_SECOND_FACTOR;
use super::email::END_VERIFICATIONS;
use super::outbox::{self, Origin};
use super::secrets::{self, Purpose};
use super::sessions::REVOKE_ALL;
use super::users::{COLUMNS, take_user};
use super::{Batch, DbError, Param, Row, Statement};
use crate::account::password::PasswordHash;
use crate::account::user::User;
use crate::mail::Event;

/// Password that matches nothing, as Django has it.
const UNUSABLE_PASSWORD: &str = "!";

/// SQL condition over rows of `users`: whoever proves the mailbox takes the account over. Its credentials go, and with a sign-in its
/// password.
const IS_TAKEN_OVER: &str = "verified_at IS NULL AND NOT is_staff AND NOT is_superuser";

/// Secret that was found, and the user that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// Id of the secret.
    pub secret: &'a str,
    /// Id of the user.
    pub user_id: i64,
    /// Origin for the notice to the user, if the deployment sends mail.
    pub origin: &'a Origin,
    /// Keys of the user's failed logins, which are forgotten: those of the email, and those of the user.
    pub failures: [&'a str; 2],
}

/// Redeems a password reset: sets the password, verifies the address, and ends every session and secret. Tells whether it
/// did, or the secret was redeemed meanwhile.
pub async fn reset_password(
    db: &impl Batch,
    redemption: Redemption<'_>,
    password: &PasswordHash,
    now: i64,
) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET password = ?3, email_verified = 1, verified_at = ifnull(verified_at, ?2), {REVOKE_ALL}, \
         {END_VERIFICATIONS}, updated_at = ?2 WHERE id = ?1 AND changes() > 0 RETURNING 1"
    );
    let params = [redemption.user_id.into(), now.into(), password.as_str().into()];
    let notice = (Event::PasswordReset, "");
    Ok(redeem(db, Purpose::PasswordReset, notice, redemption, &sql, &params, now).await?.is_some())
}

/// Redeems a sign-in, and gives the user, and whether they have a second factor; `None` if the secret was redeemed meanwhile. The
/// address is verified. An account that never was ends every session and secret, and loses its password unless it is one of
/// staff: a stranger may have registered it.
pub async fn sign_in(
    db: &impl Batch,
    redemption: Redemption<'_>,
    now: i64,
) -> Result<Option<(User, bool)>, DbError> {
    let first = |then: &str, otherwise: &str| format!("iif(verified_at IS NULL, {then}, {otherwise})");
    let sql = format!(
        "UPDATE users SET password = iif({IS_TAKEN_OVER}, '{UNUSABLE_PASSWORD}', password), \
         token_version = {}, surviving_sid = {}, reset_version = {}, email_version = {}, pending_email = {}, \
         email_verified = 1, verified_at = ifnull(verified_at, ?2) WHERE id = ?1 AND changes() > 0 \
         RETURNING {}, {HAS_SECOND_FACTOR} AS has_second_factor",
        first("token_version + 1", "token_version"),
        first("NULL", "surviving_sid"),
        first("reset_version + 1", "reset_version"),
        first("email_version + 1", "email_version"),
        first("NULL", "pending_email"),
        *COLUMNS
    );
    let params = [redemption.user_id.into(), now.into()];
    let notice = (Event::PasswordUnusable, &*format!(" AND {IS_TAKEN_OVER}"));
    let row = redeem(db, Purpose::SignIn, notice, redemption, &sql, &params, now).await?;
    row.map(|mut row| Ok((take_user(&mut row)?, row.boolean()?))).transpose()
}

/// Redeems a secret in one transaction: removes the credentials of an account that is taken over, forgets failed logins unless a
/// second factor is still asked for, adds a notice under a condition, and changes the user by an UPDATE that depends on the redemption
/// before it.
async fn redeem(
    db: &impl Batch,
    purpose: Purpose,
    (event, condition): (Event, &str),
    Redemption { secret, user_id, origin, failures: [of_email, of_user] }: Redemption<'_>,
    update: &str,
    params: &[Param<'_>],
    now: i64,
) -> Result<Option<Row>, DbError> {
    let is_redeemable = format!(
        "EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?1 AND {})",
        secrets::is_redeemable(purpose)
    );
    let removed = format!(
        "DELETE FROM credentials WHERE user_id = ?2 AND {is_redeemable} \
         AND EXISTS (SELECT 1 FROM users WHERE users.id = ?2 AND {IS_TAKEN_OVER})"
    );
    let is_complete = match purpose {
        Purpose::SignIn => {
            format!("NOT EXISTS (SELECT 1 FROM users WHERE users.id = ?4 AND {HAS_SECOND_FACTOR})")
        }
        _ => "?4".to_owned(),
    };
    let forgotten =
        format!("DELETE FROM login_failures WHERE account IN (?2, ?3) AND {is_redeemable} AND {is_complete}");
    let condition = format!("id = ?2 AND {is_redeemable}{condition}");
    let notice = outbox::add(event, "email", &condition, ["?3", "?4", "?5"]);
    let [agent, place] = origin.params();
    let redeemed = secrets::redeem(purpose);
    db.batch(&[
        Statement { sql: &removed, params: &[secret.into(), user_id.into()] },
        Statement {
            sql: &forgotten,
            params: &[secret.into(), of_email.into(), of_user.into(), user_id.into()],
        },
        Statement { sql: &notice, params: &[secret.into(), user_id.into(), now.into(), agent, place] },
        Statement { sql: &redeemed, params: &[secret.into(), now.into()] },
        Statement { sql: update, params },
    ])
    .await
}
