//! Users.

use std::sync::LazyLock;

use super::credentials::HAS_SECOND_FACTOR;
use super::db::{OwnedStatement, run, run_all, sharing};
use super::email::{self, END_VERIFICATIONS};
use super::erasure::IS_LAST_SUPERUSER;
use super::events::{EventType, NewEvent, Report};
use super::login_failures::{FailureKeys, LOCKED_UNTIL};
use super::registrations::{self, RegistrationLimit};
use super::secrets::{self, NewSecret};
use super::sessions::{REVOKE_ALL, SEEN_AT, STANDING, SessionKey, Standing, Use};
use super::{Batch, Db, DbError, Param, Row};
use crate::account::password::PasswordHash;
use crate::account::profile::{PROFILE, Profile};
use crate::account::user::{NewUser, User, UserPatch};
use crate::mail::Event;

/// Columns that [`take_user`] reads.
pub(super) static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let profile = PROFILE.iter().map(|field| field.name());
    let columns = ["id", "email", "username", "is_active", "token_version"].into_iter().chain(profile);
    columns.collect::<Vec<_>>().join(", ")
});

/// D1 sends the names of columns with each row: without one, an expression is its own.
static FIND_BY_SESSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, {STANDING} AS standing, {SEEN_AT} AS seen_at, {HAS_SECOND_FACTOR} AS has_second_factor \
         FROM users WHERE id = ?1",
        *COLUMNS
    )
});

/// Time that the token that a new password was set with stays good, in seconds: long enough for requests that a client
/// has under way, or sends before it takes up the fresh one.
const GRACE: i64 = 10;

pub(super) fn take_user(row: &mut Row) -> Result<User, DbError> {
    let mut user = User {
        id: row.integer()?,
        email: row.text()?,
        username: row.text()?,
        is_active: row.boolean()?,
        token_version: row.integer()?,
        profile: Profile::default(),
    };
    for value in &mut user.profile {
        *value = row.optional_text()?;
    }
    Ok(user)
}

/// Unique values that other users have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Another user has the email.
    pub email: bool,
    /// Another user has the username.
    pub username: bool,
}

/// Result of [`insert`].
pub struct Inserted {
    /// The user.
    pub user: User,
    /// End of the code of the verification, in RFC 3339, if it was issued.
    pub expires: Option<String>,
}

/// Inserts a user, counts the registration, and gives the user, or `None` if it is over the limit. One transaction, so
/// that of any number at once exactly as many pass as the limit allows, and one that fails is not counted. A
/// verification of the email is issued unless a limit of mail is reached.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn insert(
    db: &impl Batch,
    new: &NewUser,
    password: &PasswordHash,
    limit: Option<&RegistrationLimit>,
    verification: Option<&NewSecret>,
    report: &Report,
    now: i64,
) -> Result<Option<Inserted>, DbError> {
    let account: [Param<'_>; 4] =
        [new.email.as_str().into(), new.username.as_str().into(), password.as_str().into(), now.into()];
    let secret = verification.map_or(Vec::new(), |secret| secret.params(now).to_vec());
    let params = [&account[..], &report.params(), &secret].concat();
    let mut statements = sharing(insert_statements(limit.is_some(), verification, report), &params);
    if let Some(limit) = limit {
        let params = limit.params().to_vec();
        statements.insert(0, OwnedStatement { sql: registrations::COUNT.to_owned(), params });
    }
    let Some(mut row) = run_all(db, statements).await? else { return Ok(None) };
    let user = take_user(&mut row)?;
    Ok(Some(Inserted { user, expires: if verification.is_some() { row.optional_text()? } else { None } }))
}

/// Statements of [`insert`] after the one that counts the registration.
fn insert_statements(is_limited: bool, verification: Option<&NewSecret>, report: &Report) -> Vec<String> {
    /// Number of the first parameter of the verification.
    const SECRET: usize = 7;
    let values = if is_limited {
        "SELECT ?1, ?2, ?3, ?4, ?4 WHERE changes() > 0"
    } else {
        "VALUES (?1, ?2, ?3, ?4, ?4)"
    };
    let insert = format!("INSERT INTO users (email, username, password, created_at, updated_at) {values}");
    // The salt of the hash is new, so no other user has it.
    let own = "users.email = ?1 AND users.password = ?3";
    let issue = verification.map(|secret| {
        let issue = secrets::insert(secret.purpose, SECRET, "users", "users.email", "email_version");
        format!("{issue} AND {own}")
    });
    let event = report.event(&NewEvent::own(EventType::UserRegistered, own), ["?4", "?5", "?6"]);
    if issue.is_none() && event.is_none() {
        return vec![format!("{insert} RETURNING {}", *COLUMNS)];
    }
    let expires = match issue {
        Some(_) => format!(", (SELECT {} FROM secrets WHERE id = ?{SECRET}) AS expires", secrets::EXPIRES),
        None => String::new(),
    };
    let read = format!("SELECT {}{expires} FROM users WHERE {own}", *COLUMNS);
    [insert].into_iter().chain(issue).chain(event).chain([read]).collect()
}

/// Result of [`find_by_session`].
pub struct FoundSession {
    /// The user of the token.
    pub user: User,
    /// Requests that the token is good for.
    pub standing: Standing,
    /// Time at which its session was last recorded; `None` if it has no row, or one that lacks what this use tells.
    pub seen_at: Option<i64>,
    /// `true` if the user has a second factor.
    pub has_second_factor: bool,
}

/// The user of a token, what the token is good for, and when its session was last recorded.
pub async fn find_by_session(
    db: &impl Db,
    key: SessionKey<'_>,
    Use { expires_at, auth_time }: Use,
    now: i64,
) -> Result<Option<FoundSession>, DbError> {
    let [id, version, sid, issued_at, now] = key.params(now);
    let params = [id, version, sid, issued_at, now, expires_at.into(), auth_time.into()];
    let Some(mut row) = db.first(&FIND_BY_SESSION, &params).await? else { return Ok(None) };
    let (user, standing) = (take_user(&mut row)?, Standing::take(&mut row)?);
    let seen_at = row.optional_integer()?;
    Ok(Some(FoundSession { user, standing, seen_at, has_second_factor: row.boolean()? }))
}

/// Result of [`find_login`].
pub struct FoundLogin {
    /// The user with the email, whatever its case, and the stored hash.
    pub user: Option<(User, PasswordHash)>,
    /// `true` if the user has a second factor.
    pub has_second_factor: bool,
    /// If failures of this login are on record: until when it is or was locked out, or 0.
    pub locked_until: Option<i64>,
}

/// The user with this email, and the failures of this login that are on record. Where these lock it out, no user is
/// looked for: the time to read a large profile would tell that there is one.
pub async fn find_login(
    db: &impl Db,
    email: &str,
    failures: &FailureKeys,
    now: i64,
) -> Result<FoundLogin, DbError> {
    let sql = format!(
        "SELECT locked_until, {HAS_SECOND_FACTOR} AS has_second_factor, id IS NOT NULL, {}, password FROM (SELECT ({LOCKED_UNTIL}) AS locked_until) \
         LEFT JOIN users ON email = ?5 AND ifnull(locked_until, 0) <= ?4",
        *COLUMNS
    );
    let [account, per_ip, per_account, now] = failures.params(now);
    let row = db.first(&sql, &[account, per_ip, per_account, now, email.into()]).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT … LEFT JOIN gave no row".to_owned()))?;
    let (locked_until, has_second_factor) = (row.optional_integer()?, row.boolean()?);
    let user =
        if row.boolean()? { Some((take_user(&mut row)?, PasswordHash::new(row.text()?))) } else { None };
    Ok(FoundLogin { user, has_second_factor, locked_until })
}

/// Result of [`update`].
pub struct Updated {
    /// The user as they are now.
    pub user: User,
    /// Requests that the token is good for now.
    pub standing: Standing,
    /// End of the code of the verification, in RFC 3339, if it was issued.
    pub expires: Option<String>,
}

/// Adds a parameter, and gives its name.
fn push<'a>(params: &mut Vec<Param<'a>>, value: Param<'a>) -> String {
    params.push(value);
    format!("?{}", params.len())
}

/// Changes the user of a token, if they are active and the token is good. Gives `None` where nothing was changed, else
/// the user and what the token is good for after that. A new password refuses every token before it; `has_grace` leaves
/// this one good for [`GRACE`], else resets end.
///
/// With mail a new email waits until it is verified, if the one in force is. Its verification is issued unless a limit is
/// reached; then an email does not wait, and nothing is changed. Every other new email holds at once, unverified.
///
/// Only what changes is named: an index is written again for each column that is, changed or not.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn update(
    db: &impl Batch,
    key: SessionKey<'_>,
    patch: &UserPatch,
    has_grace: bool,
    verification: Option<&NewSecret>,
    report: &Report,
    now: i64,
) -> Result<Option<Updated>, DbError> {
    let (statements, params) = update_statements(key, patch, has_grace, verification, report, now);
    let mut statements = sharing(statements, &params);
    if let Some((secret, email)) = verification.zip(patch.email.as_deref()) {
        let (sql, params) = email::issue(key, secret, email, now);
        statements.insert(0, OwnedStatement { sql, params });
    }
    let Some(mut row) = run_all(db, statements).await? else { return Ok(None) };
    let (user, standing) = (take_user(&mut row)?, Standing::take(&mut row)?);
    let expires = if verification.is_some() { row.optional_text()? } else { None };
    Ok(Some(Updated { user, standing, expires }))
}

/// Statements of [`update`] after the one that issues a verification, and their parameters.
fn update_statements<'a>(
    key: SessionKey<'a>,
    patch: &'a UserPatch,
    has_grace: bool,
    verification: Option<&'a NewSecret>,
    report: &'a Report,
    now: i64,
) -> (Vec<String>, Vec<Param<'a>>) {
    let mut params = [&key.params(now)[..], &report.params()].concat();
    let mut set = String::from("updated_at = ?5");
    let username = patch.username.as_deref().map(|username| push(&mut params, username.into()));
    let password = patch.password.as_ref().map(|password| push(&mut params, password.as_str().into()));
    let email = patch.email.as_deref().map(|email| push(&mut params, email.into()));
    let secret = verification.map(|secret| push(&mut params, secret.id.as_str().into()));
    for (column, value) in [("username", &username), ("password", &password)] {
        if let Some(value) = value {
            set.push_str(&[", ", column, " = ", value].concat());
        }
    }
    for (field, change) in PROFILE.iter().zip(&patch.profile) {
        if let Some(value) = change {
            let value = push(&mut params, value.as_deref().into());
            set.push_str(&[", ", field.name(), " = ", &value].concat());
        }
    }
    if password.is_some() {
        set.push_str(
            ", token_version = token_version + 1, surviving_sid = ?3, surviving_version = token_version + 1",
        );
        // Without grace there is no time to compare: another isolate's clock may be a second behind.
        set.push_str(&if has_grace {
            format!(", grace_version = ?2, grace_iat = ?4, grace_until = ?5 + {GRACE}")
        } else {
            ", grace_version = NULL, grace_until = 0".to_owned()
        });
    }
    if let Some(email) = &email {
        set.push_str(&if secret.is_some() { email::replace_or_wait(email) } else { email::replace(email) });
    }
    if password.is_some() && !has_grace || email.is_some() && secret.is_none() {
        set.push_str(", reset_version = reset_version + 1");
    } else if email.is_some() {
        set.push_str(", reset_version = reset_version + (NOT email_verified)");
    }
    // No new email in the grace of a token: its thief would take an account with it that is not verified.
    let grace = i64::from(secret.is_some());
    let mut condition = format!("id = ?1 AND is_active AND ({STANDING}) > {grace}");
    let mut returning = format!("{}, {STANDING} AS standing", *COLUMNS);
    let is_replaced = if let Some(secret) = &secret {
        // An email that waits needs its verification, or nothing is changed.
        condition.push_str(&format!(
            " AND (NOT email_verified OR EXISTS (SELECT 1 FROM secrets WHERE secrets.id = {secret}))"
        ));
        returning.push_str(&format!(
            ", (SELECT {} FROM secrets WHERE id = {secret}) AS expires",
            secrets::EXPIRES
        ));
        " AND NOT email_verified"
    } else {
        ""
    };
    let sql = format!("UPDATE users SET {set} WHERE {condition} RETURNING {returning}");

    // Before the change, with its conditions.
    let parameters = ["?5", "?6", "?7"];
    let event = |of_type, condition: &str| report.event(&NewEvent::own(of_type, condition), parameters);
    let notice = |notice, condition: &str| {
        let told = format!("{condition} AND {}", email::KNOWS_OF_ACCOUNT);
        report.notice(notice, "email", &told, parameters)
    };
    let mut before: Vec<String> = Vec::new();
    if let Some(username) = &username {
        let is_renamed = format!("{condition} AND username <> {username} COLLATE BINARY");
        before.extend(event(EventType::UserRenamed, &is_renamed));
    }
    if let Some(email) = &email {
        let is_replaced = format!("{condition}{is_replaced} AND email <> {email}");
        before.extend(event(EventType::EmailChanged, &format!("{is_replaced} COLLATE BINARY")));
        // In another case it is the same email for its user.
        let told = secret.is_some().then(|| notice(Event::EmailReplaced, &is_replaced));
        before.extend(told.flatten());
    }
    if password.is_some() {
        before.extend(event(EventType::PasswordChanged, &condition));
        before.extend(notice(Event::PasswordChanged, &condition));
    }
    before.push(sql);
    (before, params)
}

/// Deactivates a token's user and ends every session and secret, if the user is active and the token is [`Standing::Active`],
/// and tells whether that was so. A verified address gets a notice. `is_proved_twice` tells whether the last proof is good
/// for a user with a second factor. The last active superuser is not deactivated.
pub async fn deactivate(
    db: &impl Batch,
    key: SessionKey<'_>,
    is_proved_twice: bool,
    report: &Report,
    now: i64,
) -> Result<bool, DbError> {
    let params = [&key.params(now)[..], &report.params()].concat();
    Ok(run(db, deactivate_statements(is_proved_twice, report), params).await?.is_some())
}

fn deactivate_statements(is_proved_twice: bool, report: &Report) -> Vec<String> {
    let is_proved = if is_proved_twice { String::new() } else { format!(" AND NOT {HAS_SECOND_FACTOR}") };
    let condition =
        format!("id = ?1 AND is_active AND ({STANDING}) = 2{is_proved} AND NOT {IS_LAST_SUPERUSER}");
    let sql = format!(
        "UPDATE users SET is_active = 0, {REVOKE_ALL}, {END_VERIFICATIONS}, updated_at = ?5 WHERE {condition} RETURNING 1"
    );
    let is_told = format!("{condition} AND email_verified");
    let parameters = ["?5", "?6", "?7"];
    let notice = report.notice(Event::AccountDeactivated, "email", &is_told, parameters);
    let event = report.event(&NewEvent::own(EventType::UserDeactivated, &condition), parameters);
    notice.into_iter().chain(event).chain([sql]).collect()
}

/// Finds which of these values are taken by users other than `except`. For failure paths only: on the good
/// path the UNIQUE constraints decide, and of two that are broken SQLite names one.
pub async fn find_taken(
    db: &impl Db,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Result<Taken, DbError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1 AND id IS NOT ?3), \
               EXISTS (SELECT 1 FROM users WHERE username = ?2 AND id IS NOT ?3)";
    let params: [Param<'_>; 3] = [email.into(), username.into(), except.into()];
    let row = db.first(sql, &params).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT EXISTS gave no row".to_owned()))?;
    Ok(Taken { email: row.boolean()?, username: row.boolean()? })
}

/// Replaces the hash that was checked with a new one of the same password. If another request has changed the password
/// meanwhile, this changes nothing. `updated_at` does not move.
pub async fn replace_hash(
    db: &impl Db,
    id: i64,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), DbError> {
    let sql = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
    db.first(sql, &[id.into(), old.as_str().into(), new.as_str().into()]).await?;
    Ok(())
}
