//! Users.

use std::sync::LazyLock;

use super::credentials::HAS_SECOND_FACTOR;
use super::email::{self, END_VERIFICATIONS};
use super::login_failures::{FailureKeys, LOCKED_UNTIL};
use super::outbox::{self, Origin};
use super::registrations::{self, RegistrationLimit};
use super::secrets::{self, NewSecret};
use super::sessions::{REVOKE_ALL, SEEN_AT, STANDING, SessionKey, Standing, Use};
use super::{Batch, Db, DbError, Param, Row, Statement};
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
    now: i64,
) -> Result<Option<Inserted>, DbError> {
    const INTO: &str = "INSERT INTO users (email, username, password, created_at, updated_at)";
    let params =
        [new.email.as_str().into(), new.username.as_str().into(), password.as_str().into(), now.into()];
    let limit_params = limit.map(RegistrationLimit::params);
    let mut statements = Vec::new();
    if let Some(params) = &limit_params {
        statements.push(Statement { sql: registrations::COUNT, params });
    }
    let values = if limit.is_some() {
        "SELECT ?1, ?2, ?3, ?4, ?4 WHERE changes() > 0"
    } else {
        "VALUES (?1, ?2, ?3, ?4, ?4)"
    };
    let Some(secret) = verification else {
        let sql = format!("{INTO} {values} RETURNING {}", *COLUMNS);
        statements.push(Statement { sql: &sql, params: &params });
        let row = match statements.as_slice() {
            [only] => db.first(only.sql, only.params).await?,
            several => db.batch(several).await?,
        };
        return row.map(|mut row| Ok(Inserted { user: take_user(&mut row)?, expires: None })).transpose();
    };
    let inserted = format!("{INTO} {values}");
    statements.push(Statement { sql: &inserted, params: &params });
    // The salt of the hash is new, so no other user has it.
    let own = "users.email = ?1 AND users.password = ?3";
    let first = params.len() + 1;
    let issued = secrets::insert(secret.purpose, first, "users", "users.email", "email_version");
    let issued = format!("{issued} AND {own}");
    let issued_params = [params.as_slice(), &secret.params(now)].concat();
    statements.push(Statement { sql: &issued, params: &issued_params });
    let read = format!(
        "SELECT {}, (SELECT {} FROM secrets WHERE id = ?{first}) AS expires FROM users WHERE {own}",
        *COLUMNS,
        secrets::EXPIRES
    );
    let read_params = [params.as_slice(), &[secret.id.as_str().into()]].concat();
    statements.push(Statement { sql: &read, params: &read_params });
    let Some(mut row) = db.batch(&statements).await? else { return Ok(None) };
    Ok(Some(Inserted { user: take_user(&mut row)?, expires: row.optional_text()? }))
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

/// Parts of a change where the deployment sends mail.
pub struct WithMail<'a> {
    /// Verification of a new email, if the change has one.
    pub verification: Option<&'a NewSecret>,
    /// Origin for notices.
    pub origin: &'a Origin,
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
    mail: Option<WithMail<'_>>,
    now: i64,
) -> Result<Option<Updated>, DbError> {
    let key_params = key.params(now);
    // No new email in the grace of a token: its thief would take an account with it that is not verified.
    let grace = i64::from(patch.email.is_some() && mail.is_some());
    let is_good = format!("id = ?1 AND is_active AND ({STANDING}) > {grace}");
    let verification = mail.as_ref().and_then(|mail| mail.verification).zip(patch.email.as_deref());
    // An email that waits needs its verification, or nothing is changed.
    let may_wait = |secret: usize| match verification {
        Some(_) => format!(
            " AND (NOT email_verified OR EXISTS (SELECT 1 FROM secrets WHERE secrets.id = ?{secret}))"
        ),
        None => String::new(),
    };
    let mut params = key_params.to_vec();
    let mut set = String::from("updated_at = ?5");
    let account = [
        ("username", patch.username.as_deref()),
        ("password", patch.password.as_ref().map(PasswordHash::as_str)),
    ];
    let account = account.into_iter().map(|(column, change)| (column, change.map(Some)));
    let profile = PROFILE.iter().zip(&patch.profile);
    let profile = profile.map(|(field, change)| (field.name(), change.as_ref().map(Option::as_deref)));
    for (column, change) in account.chain(profile) {
        if let Some(value) = change {
            params.push(value.into());
            set.push_str(&format!(", {column} = ?{}", params.len()));
        }
    }
    if patch.password.is_some() {
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
    if let Some(new_email) = &patch.email {
        params.push(new_email.as_str().into());
        let email = format!("?{}", params.len());
        set.push_str(&if verification.is_some() {
            email::replace_or_wait(&email)
        } else {
            email::replace(&email)
        });
    }
    if patch.password.is_some() && !has_grace || patch.email.is_some() && verification.is_none() {
        set.push_str(", reset_version = reset_version + 1");
    } else if patch.email.is_some() {
        set.push_str(", reset_version = reset_version + (NOT email_verified)");
    }
    let mut returning = format!("{}, {STANDING} AS standing", *COLUMNS);
    let mut condition = is_good.clone();
    if let Some((secret, _)) = verification {
        params.push(secret.id.as_str().into());
        let id = params.len();
        condition.push_str(&may_wait(id));
        returning
            .push_str(&format!(", (SELECT {} FROM secrets WHERE id = ?{id}) AS expires", secrets::EXPIRES));
    }
    let sql = format!("UPDATE users SET {set} WHERE {condition} RETURNING {returning}");

    // Before the change, with its conditions.
    let mut before: Vec<(String, Vec<Param<'_>>)> = Vec::new();
    before.extend(verification.map(|(secret, email)| email::issue(key, secret, email, now)));
    if let Some(mail) = &mail {
        let notice = |event, condition: &str| outbox::add(event, "email", condition, ["?5", "?6", "?7"]);
        let notice_params = [&key_params[..], &mail.origin.params()].concat();
        let is_good = format!("{is_good} AND {}", email::KNOWS_OF_ACCOUNT);
        if let Some((_, email)) = verification {
            // In another case it is the same email.
            let is_replaced = format!("{is_good} AND NOT email_verified AND email <> ?8");
            let params = notice_params.iter().cloned().chain([email.into()]).collect();
            before.push((notice(Event::EmailReplaced, &is_replaced), params));
        }
        if patch.password.is_some() {
            let secret = verification.map(|(secret, _)| secret.id.as_str().into());
            let params = notice_params.into_iter().chain(secret).collect();
            before.push((notice(Event::PasswordChanged, &(is_good + &may_wait(8))), params));
        }
    }
    let row = if before.is_empty() {
        db.first(&sql, &params).await?
    } else {
        let before = before.iter().map(|(sql, params)| Statement { sql, params });
        let statements: Vec<_> = before.chain([Statement { sql: &sql, params: &params }]).collect();
        db.batch(&statements).await?
    };
    let Some(mut row) = row else { return Ok(None) };
    let (user, standing) = (take_user(&mut row)?, Standing::take(&mut row)?);
    let expires = if verification.is_some() { row.optional_text()? } else { None };
    Ok(Some(Updated { user, standing, expires }))
}

/// Deactivates a token's user and ends every session and secret, if the user is active and the token is [`Standing::Active`],
/// and tells whether that was so. With an origin a verified address gets a notice. `is_proved_twice` tells whether the last proof is good
/// for a user with a second factor.
pub async fn deactivate(
    db: &impl Batch,
    key: SessionKey<'_>,
    is_proved_twice: bool,
    origin: Option<&Origin>,
    now: i64,
) -> Result<bool, DbError> {
    let is_proved = if is_proved_twice { String::new() } else { format!(" AND NOT {HAS_SECOND_FACTOR}") };
    let condition = format!("id = ?1 AND is_active AND ({STANDING}) = 2{is_proved}");
    let sql = format!(
        "UPDATE users SET is_active = 0, {REVOKE_ALL}, {END_VERIFICATIONS}, updated_at = ?5 WHERE {condition} RETURNING 1"
    );
    let params = key.params(now);
    let row = match origin {
        None => db.first(&sql, &params).await?,
        Some(origin) => {
            let is_told = format!("{condition} AND email_verified");
            let notice = outbox::add(Event::AccountDeactivated, "email", &is_told, ["?5", "?6", "?7"]);
            let notice_params = [&params[..], &origin.params()].concat();
            let notice = Statement { sql: &notice, params: &notice_params };
            db.batch(&[notice, Statement { sql: &sql, params: &params }]).await?
        }
    };
    Ok(row.is_some())
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
