//! Ways back in by mail: a password reset, and a sign-in. Whoever proves a mailbox first owns the account.

use super::email::END_VERIFICATIONS;
use super::secrets::{self, Purpose};
use super::sessions::REVOKE_ALL;
use super::users::{COLUMNS, take_user};
use super::{Batch, DbError, Row, Statement, Value};
use crate::account::password::PasswordHash;
use crate::account::user::User;

/// Password that matches nothing, as Django has it.
const UNUSABLE_PASSWORD: &str = "!";

/// Secret that was found, and the user that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// Id of the secret.
    pub secret: &'a str,
    /// Id of the user.
    pub user_id: i64,
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
    Ok(redeem(db, Purpose::PasswordReset, redemption, &sql, &params, now).await?.is_some())
}

/// Redeems a sign-in, and gives the user, or `None` if the secret was redeemed meanwhile. The address is verified. An
/// account that never was ends every session and secret, and loses its password unless it is one of staff: a stranger may have
/// registered it.
pub async fn sign_in(db: &impl Batch, redemption: Redemption<'_>, now: i64) -> Result<Option<User>, DbError> {
    let first = |then: &str, otherwise: &str| format!("iif(verified_at IS NULL, {then}, {otherwise})");
    let sql = format!(
        "UPDATE users SET password = iif(verified_at IS NULL AND NOT is_staff AND NOT is_superuser, '{UNUSABLE_PASSWORD}', password), \
         token_version = {}, surviving_sid = {}, reset_version = {}, email_version = {}, pending_email = {}, \
         email_verified = 1, verified_at = ifnull(verified_at, ?2) WHERE id = ?1 AND changes() > 0 RETURNING {}",
        first("token_version + 1", "token_version"),
        first("NULL", "surviving_sid"),
        first("reset_version + 1", "reset_version"),
        first("email_version + 1", "email_version"),
        first("NULL", "pending_email"),
        *COLUMNS
    );
    let params = [redemption.user_id.into(), now.into()];
    let row = redeem(db, Purpose::SignIn, redemption, &sql, &params, now).await?;
    row.map(|mut row| take_user(&mut row)).transpose()
}

/// Redeems a secret in one transaction: forgets failed logins, and changes the user by an UPDATE that depends on the
/// redemption before it.
async fn redeem(
    db: &impl Batch,
    purpose: Purpose,
    Redemption { secret, failures: [of_email, of_user], .. }: Redemption<'_>,
    update: &str,
    params: &[Value<'_>],
    now: i64,
) -> Result<Option<Row>, DbError> {
    let forgotten = format!(
        "DELETE FROM login_failures WHERE account IN (?2, ?3) AND EXISTS (SELECT 1 FROM secrets WHERE id = ?1 AND {})",
        secrets::is_redeemable(purpose)
    );
    let redeemed = secrets::redeem(purpose);
    db.batch(&[
        Statement { sql: &forgotten, params: &[secret.into(), of_email.into(), of_user.into()] },
        Statement { sql: &redeemed, params: &[secret.into(), now.into()] },
        Statement { sql: update, params },
    ])
    .await
}
