//! Changes of a user by a member of staff.

use super::{ACTOR, Change, Prepared, REPORT, user_view};
use crate::mail::Event;
use crate::store::Param;
use crate::store::erasure::Erasure;
use crate::store::events::EventType;
use crate::store::sessions::{IS_ACTIVE, REVOKE_ALL};

/// Values that a user is to have from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffPatch {
    /// Username.
    pub username: Option<String>,
    /// Email.
    pub email: Option<String>,
    /// `true` for an active user.
    pub is_active: Option<bool>,
    /// `true` for a member of staff.
    pub is_staff: Option<bool>,
    /// `true` for a superuser.
    pub is_superuser: Option<bool>,
}

impl StaffPatch {
    /// Tells whether only superusers may make the change.
    pub const fn is_for_superusers(&self) -> bool {
        self.email.is_some() || self.is_staff.is_some() || self.is_superuser.is_some()
    }
}

/// SQL condition over rows of `users`: the email becomes another; in another case it may be another mailbox.
const IS_NEW_EMAIL: &str = "email <> ifnull(?10, email) COLLATE BINARY";

/// SQL condition over rows of `users`: a new email, or another state of the account, ends every session and secret.
const ENDS: &str = "(email <> ifnull(?10, email) COLLATE BINARY OR is_active <> ifnull(?11, is_active))";

/// Changes a user. The row is the user as staff see them, in JSON.
///
/// # Errors
/// [`DbError::Unique`](crate::store::DbError::Unique) of its execution if another user has the email or the username.
pub fn update<'a>(change: Change<'a>, user_id: i64, patch: &'a StaffPatch, now: i64) -> Prepared<'a> {
    let flag = |value: Option<bool>| Param::from(value.map(i64::from));
    let others = [
        patch.username.as_deref().into(),
        patch.email.as_deref().into(),
        flag(patch.is_active),
        flag(patch.is_staff),
        flag(patch.is_superuser),
    ];
    Prepared { statements: update_statements(change, patch), params: change.params(user_id, &others, now) }
}

fn update_statements(change: Change<'_>, patch: &StaffPatch) -> Vec<String> {
    let allowed = change.is_allowed();
    let when = |is_changed: &str| format!("{allowed} AND {is_changed}");
    let event = |of_type, detail: &str, is_changed: &str| change.event(of_type, detail, &when(is_changed));
    let email = when(IS_NEW_EMAIL);
    let deactivated = when("is_active AND ?11 = 0");
    let mut statements = Vec::new();
    if patch.username.is_some() {
        statements.extend(event(EventType::UserRenamed, "NULL", "username <> ?9 COLLATE BINARY"));
    }
    if patch.email.is_some() {
        statements.extend(change.notice(Event::EmailReplaced, &email));
        statements.extend(change.event(EventType::EmailChanged, "NULL", &email));
    }
    if patch.is_active.is_some() {
        if change.report.has_minor_notices {
            statements.extend(change.notice(Event::AccountDeactivated, &deactivated));
        }
        statements.extend(change.event(EventType::UserDeactivated, "NULL", &deactivated));
        statements.extend(event(EventType::UserActivated, "NULL", "NOT is_active AND ?11 = 1"));
    }
    for (value, column, parameter, detail) in [
        (patch.is_staff, "is_staff", "?12", "'staff'"),
        (patch.is_superuser, "is_superuser", "?13", "'superuser'"),
    ] {
        if let Some(value) = value {
            let of_type = if value { EventType::StaffGranted } else { EventType::StaffRevoked };
            statements.extend(event(of_type, detail, &format!("{column} <> {parameter}")));
        }
    }
    statements.push(format!(
        "UPDATE users SET username = ifnull(?9, username), email = ifnull(?10, email), \
         email_verified = iif({IS_NEW_EMAIL}, 0, email_verified), is_active = CAST(ifnull(?11, is_active) AS INTEGER), \
         is_staff = CAST(ifnull(?12, is_staff) AS INTEGER), is_superuser = CAST(ifnull(?13, is_superuser) AS INTEGER), \
         token_version = token_version + {ENDS}, surviving_sid = iif({ENDS}, NULL, surviving_sid), \
         reset_version = reset_version + {ENDS}, email_version = email_version + {ENDS}, \
         pending_email = iif({ENDS}, NULL, pending_email), updated_at = ?5 WHERE {allowed} RETURNING {}",
        user_view("")
    ));
    statements
}

/// Ends every session and secret of a user.
pub fn end_sessions(change: Change<'_>, user_id: i64, now: i64) -> Prepared<'_> {
    let allowed = change.is_allowed();
    let event = change.event(EventType::SessionsEnded, "'all'", &allowed);
    let sql = format!("UPDATE users SET {REVOKE_ALL} WHERE {allowed} RETURNING 1");
    let statements = event.into_iter().chain([sql]).collect();
    Prepared { statements, params: change.params(user_id, &[], now) }
}

/// Ends one active session of a user. Its tokens of the last day have expired at `expires_at`, and `proved_since` is the earliest
/// proof of an active session.
pub fn end_session<'a>(
    change: Change<'a>,
    user_id: i64,
    sid: &'a str,
    proved_since: Option<i64>,
    expires_at: i64,
    now: i64,
) -> Prepared<'a> {
    let is_active = IS_ACTIVE.replace("?6", "?10");
    let allowed = change.is_allowed();
    let own = "user_id = ?8 AND sid = ?9";
    let event = change.event(
        EventType::SessionsEnded,
        "'one'",
        &format!("{allowed} AND EXISTS (SELECT 1 FROM sessions WHERE {own} AND {is_active})"),
    );
    let sql = format!(
        "UPDATE sessions SET ended_at = ?5, expires_at = max(expires_at, ?11) WHERE {own} \
         AND EXISTS (SELECT 1 FROM users WHERE {allowed} AND {is_active}) RETURNING 1"
    );
    let statements = event.into_iter().chain([sql]).collect();
    let others = [sid.into(), proved_since.into(), expires_at.into()];
    Prepared { statements, params: change.params(user_id, &others, now) }
}

/// Removes an app, with its recovery codes, or a passkey of a user.
pub fn remove_credential(change: Change<'_>, user_id: i64, id: i64, now: i64) -> Prepared<'_> {
    let allowed = change.is_allowed();
    let has = |of_type: &str| {
        format!(
            "{allowed} AND EXISTS (SELECT 1 FROM credentials AS own WHERE own.id = ?9 AND own.user_id = ?8 AND own.token_version IS NULL \
             AND own.type = '{of_type}')"
        )
    };
    let (has_totp, has_passkey) = (has("totp"), has("passkey"));
    let statements = [
        change.notice(Event::TwoStepOff, &has_totp),
        change.event(EventType::CredentialRemoved, "'totp'", &has_totp),
        change.notice(Event::PasskeyRemoved, &has_passkey),
        change.event(EventType::CredentialRemoved, "'passkey'", &has_passkey),
        Some(format!(
            "DELETE FROM credentials WHERE user_id = ?8 AND type = 'recovery' AND EXISTS (SELECT 1 FROM users WHERE {has_totp})"
        )),
        Some(format!(
            "DELETE FROM credentials WHERE id = ?9 AND user_id = ?8 AND type <> 'recovery' AND token_version IS NULL \
             AND EXISTS (SELECT 1 FROM users WHERE {allowed}) RETURNING 1"
        )),
    ];
    let statements = statements.into_iter().flatten().collect();
    Prepared { statements, params: change.params(user_id, &[id.into()], now) }
}

/// Erases a user. `accounts` are the keyed hashes of [`Erasure::accounts`].
pub fn erase<'a>(change: Change<'a>, user_id: i64, accounts: [&'a str; 3], now: i64) -> Prepared<'a> {
    let erasure = Erasure {
        user: "?8",
        condition: &change.is_allowed(),
        accounts: Some(["?9", "?10", "?11"]),
        actor: ACTOR,
        parameters: REPORT,
        recording: change.report.recording,
    };
    let params = change.params(user_id, &accounts.map(Param::from), now);
    Prepared { statements: erasure.statements(), params }
}
