//! Changes of users by the operator, each with the events and notices that tell of it in one transaction.

use super::{Database, Recorder, run};
use crate::account::password::PasswordHash;
use crate::account::profile::PROFILE;
use crate::account::user::UserPatch;
use crate::mail::Event;
use crate::store::email::END_VERIFICATIONS;
use crate::store::erasure::IS_LAST_SUPERUSER;
use crate::store::events::EventType;
use crate::store::sessions::REVOKE_ALL;
use crate::store::{DbError, Value};

/// User to be created.
pub struct NewUser<'a> {
    pub email: &'a str,
    pub username: &'a str,
    pub password: &'a PasswordHash,
    /// True for one who is staff and superuser, and whose email counts as verified: the operator vouches for it.
    pub is_superuser: bool,
    /// Second factor that they have from the start.
    pub factor: Option<&'a NewFactor>,
}

/// Authenticator app of a user who is created with it, confirmed.
pub struct NewFactor {
    /// Id that the user gets, which the seal is bound to: [`next_id`].
    pub user_id: i64,
    /// Id of the credential.
    pub id: i64,
    pub sealed_seed: String,
    /// Ids of recovery codes, and their SHA-256: an object in JSON.
    pub recovery_codes: String,
}

/// SQL expression: the id that the next user gets.
const NEXT_ID: &str = "ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'users'), 0) + 1";

/// Reads the id that the next user gets.
pub fn next_id(database: &dyn Database) -> Result<i64, DbError> {
    let row = database.row(&format!("SELECT {NEXT_ID} AS id"), &[])?;
    row.ok_or_else(|| DbError::Decode("SELECT gave no row".to_owned()))?.integer()
}

/// Creates a user, and returns the id; `None` if another user has got the id of their second factor meanwhile.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub fn insert(
    database: &dyn Database,
    recorder: Recorder,
    new: &NewUser<'_>,
) -> Result<Option<i64>, DbError> {
    // The salt of the hash is new, so no other user has it.
    const OWN: &str = "users.email = ?1 AND users.password = ?3";
    let flag = i64::from(new.is_superuser);
    let (id, condition) = match new.factor {
        // Explicit, or the id of a user who was erased a moment ago could be given out again.
        Some(_) => ("?4", format!(" WHERE {NEXT_ID} = ?4")),
        None => ("NULL", String::new()),
    };
    let mut statements = vec![format!(
        "INSERT INTO users (id, email, username, password, is_staff, is_superuser, email_verified, verified_at, created_at, updated_at) \
         SELECT {id}, ?1, ?2, ?3, {flag}, {flag}, {flag}, iif({flag}, unixepoch(), NULL), unixepoch(), unixepoch(){condition}"
    )];
    statements.extend(recorder.event(EventType::UserRegistered, "NULL", OWN));
    if new.is_superuser {
        statements.extend(recorder.event(EventType::UserVerified, "NULL", OWN));
        for flag in ["'staff'", "'superuser'"] {
            statements.extend(recorder.event(EventType::StaffGranted, flag, OWN));
        }
    }
    let mut params: Vec<Value<'_>> =
        vec![new.email.into(), new.username.into(), new.password.as_str().into()];
    if let Some(factor) = new.factor {
        statements.extend(recorder.event(EventType::CredentialAdded, "'totp'", OWN));
        statements.push(format!(
            "INSERT INTO credentials (id, user_id, type, key, secret, created_at) \
             SELECT ?5, users.id, 'totp', users.id || '', ?6, unixepoch() FROM users WHERE {OWN}"
        ));
        statements.push(format!(
            "INSERT INTO credentials (id, user_id, type, key, created_at) \
             SELECT CAST(codes.key AS INTEGER), users.id, 'recovery', codes.value, unixepoch() \
             FROM users, json_each(?7) AS codes WHERE {OWN}"
        ));
        params.extend([factor.user_id.into(), factor.id.into()]);
        params.extend([&factor.sealed_seed, &factor.recovery_codes].map(|text| Value::from(text.as_str())));
    }
    statements.push(format!("SELECT id FROM users WHERE {OWN}"));
    run(database, &statements, &params)?.map(|mut row| row.integer()).transpose()
}

/// Assignments of an UPDATE of `users`: a new email is not verified, nothing waits, and all sessions and all that was mailed before
/// have ended. The email that they have changes nothing; in another case it may be another mailbox.
fn replace_email(email: &str) -> String {
    let is_new = format!("(email COLLATE BINARY IS NOT {email})");
    format!(
        "email = {email}, email_verified = email_verified AND NOT {is_new}, \
         pending_email = iif({is_new}, NULL, pending_email), email_version = email_version + {is_new}, \
         reset_version = reset_version + {is_new}, token_version = token_version + {is_new}, \
         surviving_sid = iif({is_new}, NULL, surviving_sid)"
    )
}

/// Changes a user's email, username and profile. Returns false if they had these values.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub fn edit(
    database: &dyn Database,
    recorder: Recorder,
    id: i64,
    patch: &UserPatch,
) -> Result<bool, DbError> {
    let account = [("email", patch.email.as_deref()), ("username", patch.username.as_deref())];
    let account = account.into_iter().map(|(column, change)| (column, change.map(Some)));
    let profile = PROFILE.iter().zip(&patch.profile);
    let profile = profile.map(|(field, change)| (field.name(), change.as_ref().map(Option::as_deref)));
    let (mut params, mut set, mut differ) = (vec![id.into()], Vec::new(), Vec::new());
    let mut statements = Vec::new();
    for (column, change) in account.chain(profile) {
        let Some(value) = change else { continue };
        params.push(value.into());
        let param = format!("?{}", params.len());
        set.push(if column == "email" { replace_email(&param) } else { format!("{column} = {param}") });
        differ.push(format!("{column} COLLATE BINARY IS NOT {param}"));
        if column == "email" {
            let is_replaced = format!("users.id = ?1 AND email COLLATE BINARY <> {param}");
            statements.extend(recorder.notice(Event::EmailReplaced, &is_replaced));
            statements.extend(recorder.event(EventType::EmailChanged, "NULL", &is_replaced));
        } else if column == "username" {
            let is_renamed = format!("users.id = ?1 AND username COLLATE BINARY <> {param}");
            statements.extend(recorder.event(EventType::UserRenamed, "NULL", &is_renamed));
        }
    }
    statements.push(format!(
        "UPDATE users SET {}, updated_at = unixepoch() WHERE id = ?1 AND ({}) RETURNING id",
        set.join(", "),
        differ.join(" OR ")
    ));
    Ok(run(database, &statements, &params)?.is_some())
}

/// Activates a user. Returns false if they were active.
pub fn activate(database: &dyn Database, recorder: Recorder, id: i64) -> Result<bool, DbError> {
    let condition = "users.id = ?1 AND NOT is_active";
    let event = recorder.event(EventType::UserActivated, "NULL", condition);
    let sql =
        format!("UPDATE users SET is_active = 1, updated_at = unixepoch() WHERE {condition} RETURNING id");
    let statements: Vec<_> = event.into_iter().chain([sql]).collect();
    Ok(run(database, &statements, &[id.into()])?.is_some())
}

/// Deactivates a user and ends every session and mailed secret of theirs. Returns false if they were deactivated, or are the last
/// active superuser.
pub fn deactivate(database: &dyn Database, recorder: Recorder, id: i64) -> Result<bool, DbError> {
    let condition = format!("users.id = ?1 AND is_active AND NOT {IS_LAST_SUPERUSER}");
    let notice = recorder.has_all_notices.then(|| recorder.notice(Event::AccountDeactivated, &condition));
    let event = recorder.event(EventType::UserDeactivated, "NULL", &condition);
    let sql = format!(
        "UPDATE users SET is_active = 0, {REVOKE_ALL}, {END_VERIFICATIONS}, updated_at = unixepoch() \
         WHERE {condition} RETURNING id"
    );
    let statements: Vec<_> = notice.flatten().into_iter().chain(event).chain([sql]).collect();
    Ok(run(database, &statements, &[id.into()])?.is_some())
}

/// Ends all sessions, resets and mailed sign-ins of a user. Returns false if there is no such user. Sessions need no row, so there may
/// always be one to end.
pub fn revoke_all_sessions(database: &dyn Database, recorder: Recorder, id: i64) -> Result<bool, DbError> {
    let event = recorder.event(EventType::SessionsEnded, "'all'", "users.id = ?1");
    let sql = format!("UPDATE users SET {REVOKE_ALL} WHERE id = ?1 RETURNING id");
    let statements: Vec<_> = event.into_iter().chain([sql]).collect();
    Ok(run(database, &statements, &[id.into()])?.is_some())
}

/// Sets the hash of a user's password and ends all of their sessions, resets and mailed sign-ins. Returns false if there is no such
/// user.
pub fn set_password(
    database: &dyn Database,
    recorder: Recorder,
    id: i64,
    hash: &PasswordHash,
) -> Result<bool, DbError> {
    let condition = "users.id = ?1";
    let notice = recorder.notice(Event::PasswordChanged, condition);
    let event = recorder.event(EventType::PasswordChanged, "NULL", condition);
    let sql = format!(
        "UPDATE users SET password = ?2, {REVOKE_ALL}, updated_at = unixepoch() WHERE id = ?1 RETURNING id"
    );
    let statements: Vec<_> = notice.into_iter().chain(event).chain([sql]).collect();
    Ok(run(database, &statements, &[id.into(), hash.as_str().into()])?.is_some())
}

/// Sets a user's flags; `None` leaves one as it is. Returns false if both had these values, or the user is the last active superuser and
/// would not be one any more.
pub fn set_flags(
    database: &dyn Database,
    recorder: Recorder,
    id: i64,
    is_staff: Option<bool>,
    is_superuser: Option<bool>,
) -> Result<bool, DbError> {
    let may_change = if is_staff == Some(false) || is_superuser == Some(false) {
        format!("users.id = ?1 AND NOT {IS_LAST_SUPERUSER}")
    } else {
        "users.id = ?1".to_owned()
    };
    let flags = [("is_staff", "'staff'", is_staff), ("is_superuser", "'superuser'", is_superuser)];
    let (mut statements, mut set, mut differ) = (Vec::new(), Vec::new(), Vec::new());
    for (column, detail, value) in flags {
        let Some(value) = value else { continue };
        let of_type = if value { EventType::StaffGranted } else { EventType::StaffRevoked };
        let value = i64::from(value);
        statements.extend(recorder.event(of_type, detail, &format!("{may_change} AND {column} <> {value}")));
        set.push(format!("{column} = {value}, "));
        differ.push(format!("{column} <> {value}"));
    }
    if set.is_empty() {
        return Ok(false);
    }
    statements.push(format!(
        "UPDATE users SET {}updated_at = unixepoch() WHERE {may_change} AND ({}) RETURNING id",
        set.concat(),
        differ.join(" OR ")
    ));
    Ok(run(database, &statements, &[id.into()])?.is_some())
}
