//! Ways back in by mail: a password reset, and a sign-in. Whoever proves a mailbox first owns the account.

use super::credentials::HAS_SECOND_FACTOR;
use super::db::run;
use super::email::END_VERIFICATIONS;
use super::events::{EventType, NewEvent, Report};
use super::secrets::{self, Purpose};
use super::sessions::REVOKE_ALL;
use super::users::{COLUMNS, take_user};
use super::{Batch, DbError, Param};
use crate::account::password::PasswordHash;
use crate::account::user::User;
use crate::mail::Event;

/// Password that matches nothing, as Django has it.
pub(super) const UNUSABLE_PASSWORD: &str = "!";

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
    /// Report to the user, and of events.
    pub report: &'a Report,
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
    let params = redemption.params(Some(password.as_str()), now);
    Ok(run(db, reset_statements(redemption.report), params).await?.is_some())
}

fn reset_statements(report: &Report) -> Vec<String> {
    let update = format!(
        "UPDATE users SET password = ?8, email_verified = 1, verified_at = ifnull(verified_at, ?3), {REVOKE_ALL}, \
         {END_VERIFICATIONS}, updated_at = ?3 WHERE id = ?2 AND changes() > 0 RETURNING 1"
    );
    let is_redeemed = is_redeemed(Purpose::PasswordReset);
    let reports = [
        report.notice(Event::PasswordReset, "email", &is_redeemed, REPORT),
        report.event(&NewEvent::own(EventType::PasswordReset, &is_redeemed), REPORT),
    ];
    redemption_statements(Purpose::PasswordReset, report, reports, update)
}

/// Redeems a sign-in, and gives the user, and whether they have a second factor; `None` if the secret was redeemed meanwhile. The
/// address is verified. An account that never was ends every session and secret, and loses its password unless it is one of
/// staff: a stranger may have registered it.
pub async fn sign_in(
    db: &impl Batch,
    redemption: Redemption<'_>,
    now: i64,
) -> Result<Option<(User, bool)>, DbError> {
    let params = redemption.params(None, now);
    let row = run(db, sign_in_statements(redemption.report), params).await?;
    row.map(|mut row| Ok((take_user(&mut row)?, row.boolean()?))).transpose()
}

fn sign_in_statements(report: &Report) -> Vec<String> {
    let first = |then: &str, otherwise: &str| format!("iif(verified_at IS NULL, {then}, {otherwise})");
    let update = format!(
        "UPDATE users SET password = iif({IS_TAKEN_OVER}, '{UNUSABLE_PASSWORD}', password), \
         token_version = {}, surviving_sid = {}, reset_version = {}, email_version = {}, pending_email = {}, \
         email_verified = 1, verified_at = ifnull(verified_at, ?3) WHERE id = ?2 AND changes() > 0 \
         RETURNING {}, {HAS_SECOND_FACTOR} AS has_second_factor",
        first("token_version + 1", "token_version"),
        first("NULL", "surviving_sid"),
        first("reset_version + 1", "reset_version"),
        first("email_version + 1", "email_version"),
        first("NULL", "pending_email"),
        *COLUMNS
    );
    let condition = format!("{} AND {IS_TAKEN_OVER}", is_redeemed(Purpose::SignIn));
    let event = NewEvent { detail: "'unusable'", ..NewEvent::own(EventType::PasswordChanged, &condition) };
    let reports =
        [report.notice(Event::PasswordUnusable, "email", &condition, REPORT), report.event(&event, REPORT)];
    redemption_statements(Purpose::SignIn, report, reports, update)
}

/// Parameters of statements that report a redemption: the time, the agent and the place.
const REPORT: [&str; 3] = ["?3", "?4", "?5"];

impl<'a> Redemption<'a> {
    /// The parameters: secret, user, time, agent, place, keys of failures, password.
    fn params(self, password: Option<&'a str>, now: i64) -> Vec<Param<'a>> {
        let [agent, place] = self.report.params();
        let [of_email, of_user] = self.failures;
        vec![
            self.secret.into(),
            self.user_id.into(),
            now.into(),
            agent,
            place,
            of_email.into(),
            of_user.into(),
            password.into(),
        ]
    }
}

/// SQL condition: the secret ?1 of this purpose can be redeemed.
fn is_redeemable(purpose: Purpose) -> String {
    format!("EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?1 AND {})", secrets::is_redeemable(purpose))
}

/// SQL condition over rows of `users`: the secret ?1 of this purpose can be redeemed for it.
fn is_redeemed(purpose: Purpose) -> String {
    format!("users.id = ?2 AND {}", is_redeemable(purpose))
}

/// Statements that redeem a secret in one transaction: they remove the credentials of an account that is taken over, forget failed
/// logins unless a second factor is still asked for, add `reports` of what is left, and change the user by an UPDATE that depends on
/// the redemption before it.
fn redemption_statements(
    purpose: Purpose,
    report: &Report,
    reports: [Option<String>; 2],
    update: String,
) -> Vec<String> {
    let (is_redeemable, condition) = (is_redeemable(purpose), is_redeemed(purpose));
    let is_first = format!("{condition} AND NOT email_verified");
    let verified = report.event(&NewEvent::own(EventType::UserVerified, &is_first), REPORT);
    let is_removed = format!(
        "{condition} AND {IS_TAKEN_OVER} AND c.user_id = users.id AND c.type <> 'recovery' AND c.token_version IS NULL"
    );
    let removal = NewEvent {
        detail: "c.type",
        from: "users, credentials AS c",
        ..NewEvent::own(EventType::CredentialRemoved, &is_removed)
    };
    let removal = report.event(&removal, REPORT);
    let removed = format!(
        "DELETE FROM credentials WHERE user_id = ?2 AND EXISTS (SELECT 1 FROM users WHERE {condition} AND {IS_TAKEN_OVER})"
    );
    let is_complete = match purpose {
        Purpose::SignIn => {
            format!("NOT EXISTS (SELECT 1 FROM users WHERE users.id = ?2 AND {HAS_SECOND_FACTOR})")
        }
        _ => "true".to_owned(),
    };
    let forgotten =
        format!("DELETE FROM login_failures WHERE account IN (?6, ?7) AND {is_redeemable} AND {is_complete}");
    let redeemed =
        format!("UPDATE secrets SET used_at = ?3 WHERE id = ?1 AND {}", secrets::is_redeemable(purpose));
    let before = [verified, removal].into_iter().flatten().chain([removed, forgotten]);
    before.chain(reports.into_iter().flatten()).chain([redeemed, update]).collect()
}
