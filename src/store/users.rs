//! Users.

use std::sync::LazyLock;

use super::login_failures::{FailureKeys, LOCKED_UNTIL};
use super::registrations::{self, RegistrationLimit};
use super::sessions::{REVOKE_ALL, SEEN_AT, STANDING, SessionKey, Standing, Use};
use super::{Batch, Db, DbError, Row, Statement, Value};
use crate::account::password::PasswordHash;
use crate::account::profile::{PROFILE, Profile};
use crate::account::user::{NewUser, User, UserPatch};

/// Columns that [`take_user`] reads.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let profile = PROFILE.iter().map(|field| field.name());
    let columns = ["id", "email", "username", "is_active", "token_version"].into_iter().chain(profile);
    columns.collect::<Vec<_>>().join(", ")
});

/// D1 sends the names of columns with each row: without one, an expression is its own.
static FIND_BY_SESSION: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {}, {STANDING} AS standing, {SEEN_AT} AS seen_at FROM users WHERE id = ?1", *COLUMNS)
});

/// Time that the token that a new password was set with stays good, in seconds: long enough for requests that a client
/// has under way, or sends before it takes up the fresh one.
const GRACE: i64 = 10;

fn take_user(row: &mut Row) -> Result<User, DbError> {
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

fn take_user_and_standing(mut row: Row) -> Result<(User, Standing), DbError> {
    Ok((take_user(&mut row)?, Standing::take(&mut row)?))
}

/// Unique values that other users have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Another user has the email.
    pub email: bool,
    /// Another user has the username.
    pub username: bool,
}

/// Inserts a user, counts the registration, and gives the user, or `None` if it is over the limit. One transaction, so
/// that of any number at once exactly as many pass as the limit allows, and one that fails is not counted.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn insert(
    db: &impl Batch,
    new: &NewUser,
    password: &PasswordHash,
    limit: Option<&RegistrationLimit>,
    now: i64,
) -> Result<Option<User>, DbError> {
    const INTO: &str = "INSERT INTO users (email, username, password, created_at, updated_at)";
    let params =
        [new.email.as_str().into(), new.username.as_str().into(), password.as_str().into(), now.into()];
    let row = match limit {
        None => {
            let sql = format!("{INTO} VALUES (?1, ?2, ?3, ?4, ?4) RETURNING {}", *COLUMNS);
            db.first(&sql, &params).await?
        }
        Some(limit) => {
            let sql = format!("{INTO} SELECT ?1, ?2, ?3, ?4, ?4 WHERE changes() > 0 RETURNING {}", *COLUMNS);
            let count = Statement { sql: registrations::COUNT, params: &limit.params() };
            db.batch(&[count, Statement { sql: &sql, params: &params }]).await?
        }
    };
    row.map(|mut row| take_user(&mut row)).transpose()
}

/// Result of [`find_by_session`].
pub struct FoundSession {
    /// The user of the token.
    pub user: User,
    /// Requests that the token is good for.
    pub standing: Standing,
    /// Time at which its session was last recorded; `None` if it has no row, or one that lacks what this use tells.
    pub seen_at: Option<i64>,
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
    Ok(Some(FoundSession { user, standing, seen_at: row.optional_integer()? }))
}

/// Result of [`find_login`].
pub struct FoundLogin {
    /// The user with the email, whatever its case, and the stored hash.
    pub user: Option<(User, PasswordHash)>,
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
        "SELECT locked_until, id IS NOT NULL, {}, password FROM (SELECT ({LOCKED_UNTIL}) AS locked_until) \
         LEFT JOIN users ON email = ?5 AND ifnull(locked_until, 0) <= ?4",
        *COLUMNS
    );
    let [account, per_ip, per_account, now] = failures.params(now);
    let row = db.first(&sql, &[account, per_ip, per_account, now, email.into()]).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT … LEFT JOIN gave no row".to_owned()))?;
    let locked_until = row.optional_integer()?;
    let user =
        if row.boolean()? { Some((take_user(&mut row)?, PasswordHash::new(row.text()?))) } else { None };
    Ok(FoundLogin { user, locked_until })
}

/// Changes the user of a token, if they are active and the token is good. Gives `None` where nothing was changed, else
/// the user and what the token is good for after that. A new password refuses every token before it; `has_grace` leaves
/// this one good for [`GRACE`].
///
/// Only what changes is named: an index is written again for each column that is, changed or not.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn update(
    db: &impl Db,
    key: SessionKey<'_>,
    patch: &UserPatch,
    has_grace: bool,
    now: i64,
) -> Result<Option<(User, Standing)>, DbError> {
    let mut params = Vec::from(key.params(now));
    let mut set = String::from("updated_at = ?5");
    let account = [
        ("email", patch.email.as_deref()),
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
    let sql = format!(
        "UPDATE users SET {set} WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING {}, {STANDING} AS standing",
        *COLUMNS
    );
    db.first(&sql, &params).await?.map(take_user_and_standing).transpose()
}

/// Deactivates a token's user and ends every session, if the user is active and the token is [`Standing::Active`],
/// and tells whether that was so.
pub async fn deactivate(db: &impl Db, key: SessionKey<'_>, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET is_active = 0, {REVOKE_ALL}, updated_at = ?5 \
         WHERE id = ?1 AND is_active AND ({STANDING}) = 2 RETURNING 1"
    );
    Ok(db.first(&sql, &key.params(now)).await?.is_some())
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
    let params: [Value<'_>; 3] = [email.into(), username.into(), except.into()];
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
