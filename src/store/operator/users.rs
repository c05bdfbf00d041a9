//! Users as the operator finds and lists them.

use std::sync::LazyLock;

use serde::Serialize;

use super::Database;
use super::login_failures::{self, Accounts, Failures};
use super::password_hash::{self, HashShape};
use super::sessions::{self, SessionDetails};
use crate::account::profile::{self, PROFILE, Profile};
use crate::store::{DbError, Row, Value};

/// Columns that [`UserRecord::read`] takes, in their order.
pub(super) static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let profile = PROFILE.iter().map(|field| field.name());
    let first = [
        "id",
        "username",
        "email",
        "email_verified",
        "pending_email",
        "is_active",
        "is_staff",
        "is_superuser",
    ];
    let last = ["created_at", "updated_at", "token_version"];
    first.into_iter().chain(profile).chain(last).collect::<Vec<_>>().join(", ")
});

/// A user, without the password hash.
#[derive(Debug, Clone, Serialize)]
pub struct UserRecord {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub email_verified: bool,
    /// The address that waits to be verified.
    pub pending_email: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    #[serde(flatten, serialize_with = "profile::serialize")]
    pub profile: Profile,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    pub token_version: i64,
}

fn take_profile(row: &mut Row) -> Result<Profile, DbError> {
    let mut profile = Profile::default();
    for value in &mut profile {
        *value = row.optional_text()?;
    }
    Ok(profile)
}

impl UserRecord {
    pub(super) fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.integer()?,
            username: row.text()?,
            email: row.text()?,
            email_verified: row.boolean()?,
            pending_email: row.optional_text()?,
            is_active: row.boolean()?,
            is_staff: row.boolean()?,
            is_superuser: row.boolean()?,
            profile: take_profile(row)?,
            created_at: row.integer()?,
            updated_at: row.integer()?,
            token_version: row.integer()?,
        })
    }
}

/// Key by which a user is found.
#[derive(Debug, PartialEq)]
pub enum Selector {
    /// Normalized like the API does.
    Email(String),
    Id(i64),
    Username(String),
}

/// Finds a user.
pub fn find(database: &dyn Database, selector: &Selector) -> Result<Option<UserRecord>, DbError> {
    let (column, value) = match selector {
        Selector::Email(email) => ("email", email.as_str().into()),
        Selector::Id(id) => ("id", Value::Integer(*id)),
        Selector::Username(username) => ("username", username.as_str().into()),
    };
    let sql = ["SELECT ", &*COLUMNS, " FROM users WHERE ", column, " = ?1"].concat();
    database.row(&sql, &[value])?.map(|mut row| UserRecord::read(&mut row)).transpose()
}

/// Filter and page of [`list`].
pub struct Filter<'a> {
    /// Part of the username or email, folded to one case.
    pub search: Option<String>,
    /// Letters beyond ASCII to fold in stored values, each with the letter that it folds to.
    pub foldings: &'a [(char, char)],
    pub is_active: Option<bool>,
    /// Only staff.
    pub is_staff: bool,
    /// Only superusers.
    pub is_superuser: bool,
    /// Id after which the page begins.
    pub after: i64,
    pub limit: i64,
}

/// A user in a list.
#[derive(Serialize)]
pub struct ListedUser {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    /// Unix seconds.
    pub created_at: i64,
}

/// Lists users by id.
pub fn list(database: &dyn Database, filter: &Filter<'_>) -> Result<Vec<ListedUser>, DbError> {
    let mut params = vec![
        filter.after.into(),
        filter.search.as_deref().into(),
        filter.is_active.map(i64::from).into(),
        i64::from(filter.is_staff).into(),
        i64::from(filter.is_superuser).into(),
        filter.limit.into(),
    ];
    // SQLite's lower() covers ASCII only, so other letters are folded one by one.
    let [mut username, mut email] = ["lower(username)", "lower(email)"].map(str::to_owned);
    for (letter, fold) in filter.foldings {
        params.extend([letter, fold].map(|c| Value::Text(c.to_string().into())));
        let (from, to) = (params.len() - 1, params.len());
        username = format!("replace({username}, ?{from}, ?{to})");
        email = format!("replace({email}, ?{from}, ?{to})");
    }
    // Not LIKE, whose patterns D1 limits to 50 bytes.
    let sql = format!(
        "SELECT id, username, email, is_active, is_staff, is_superuser, created_at FROM users \
         WHERE id > ?1 AND (?2 IS NULL OR instr({username}, ?2) OR instr({email}, ?2)) \
         AND is_active = ifnull(?3, is_active) AND is_staff >= ?4 AND is_superuser >= ?5 ORDER BY id LIMIT ?6"
    );
    let read = |mut row: Row| {
        Ok(ListedUser {
            id: row.integer()?,
            username: row.text()?,
            email: row.text()?,
            is_active: row.boolean()?,
            is_staff: row.boolean()?,
            is_superuser: row.boolean()?,
            created_at: row.integer()?,
        })
    };
    database.rows(&sql, &params)?.into_iter().map(read).collect()
}

/// Everything about a user beside the [`UserRecord`].
pub struct Details {
    pub hash: HashShape,
    pub active_sessions: i64,
    /// True while two-step verification is on.
    pub two_step: bool,
    pub recovery_codes_left: i64,
    pub passkeys: i64,
    /// Failures of the three accounts.
    pub failures: [Failures; 3],
}

/// Reads the details of a user in one statement, since wrangler takes seconds for each. `accounts` are the keyed hashes
/// under which failures are recorded, and `proved_since` is the earliest proof of an active session.
pub fn details(
    database: &dyn Database,
    id: i64,
    accounts: Accounts<'_>,
    proved_since: Option<i64>,
    now: i64,
) -> Result<Option<Details>, DbError> {
    // The other counts have column names of their own: `wrangler d1 execute` identifies columns by name.
    let sql = [
        "WITH other (user_failures, user_blocked, user_ips, user_ips_blocked) AS (SELECT ",
        login_failures::COLUMNS,
        " FROM login_failures WHERE account = ?3 AND expires_at > unixepoch()), \
         factor (factor_failures, factor_blocked, factor_ips, factor_ips_blocked) AS (SELECT ",
        login_failures::COLUMNS,
        " FROM login_failures WHERE account = ?7 AND expires_at > unixepoch()), credential AS (SELECT \
         count(iif(type = 'totp' AND token_version IS NULL, 1, NULL)) AS two_step, \
         count(iif(type = 'recovery' AND used_at IS NULL, 1, NULL)) AS codes, \
         count(iif(type = 'passkey', 1, NULL)) AS passkeys FROM credentials WHERE user_id = ?1) SELECT hash.*, ",
        &sessions::count(),
        " AS active_sessions, credential.*, failures.*, other.*, factor.* FROM (SELECT ",
        password_hash::COLUMNS,
        " FROM users WHERE id = ?1) AS hash, (SELECT ",
        login_failures::COLUMNS,
        " FROM login_failures WHERE account = ?2 AND expires_at > unixepoch()) AS failures, other, factor, credential",
    ];
    let [account, other, factor] = accounts;
    let params = [
        id.into(),
        account.into(),
        other.into(),
        Value::Null,
        now.into(),
        proved_since.into(),
        factor.into(),
    ];
    let row = database.row(&sql.concat(), &params)?;
    let read = |mut row: Row| {
        Ok(Details {
            hash: HashShape::read(&mut row)?,
            active_sessions: row.integer()?,
            two_step: row.boolean()?,
            recovery_codes_left: row.integer()?,
            passkeys: row.integer()?,
            failures: [Failures::read(&mut row)?, Failures::read(&mut row)?, Failures::read(&mut row)?],
        })
    };
    row.map(read).transpose()
}

/// The user that a token names, and its session.
pub struct TokenSubject {
    pub email: String,
    pub username: String,
    pub is_active: bool,
    pub token_version: i64,
    /// The session, if it was recorded.
    pub session: Option<SessionDetails>,
}

/// Finds the user and the session that a token names.
pub fn token_subject(
    database: &dyn Database,
    user_id: i64,
    sid: &str,
) -> Result<Option<TokenSubject>, DbError> {
    let sql = [
        "SELECT email, username, is_active, token_version, ",
        sessions::COLUMNS,
        " FROM users LEFT JOIN sessions ON user_id = id AND sid = ?2 WHERE id = ?1",
    ];
    let read = |mut row: Row| {
        Ok(TokenSubject {
            email: row.text()?,
            username: row.text()?,
            is_active: row.boolean()?,
            token_version: row.integer()?,
            session: SessionDetails::read(&mut row)?,
        })
    };
    database.row(&sql.concat(), &[user_id.into(), sid.into()])?.map(read).transpose()
}

/// Finds the user with an email: the id, and the address that waits to be verified.
pub fn id_and_pending_of_email(
    database: &dyn Database,
    email: &str,
) -> Result<Option<(i64, Option<String>)>, DbError> {
    let row = database.row("SELECT id, pending_email FROM users WHERE email = ?1", &[email.into()])?;
    row.map(|mut row| Ok((row.integer()?, row.optional_text()?))).transpose()
}

/// Lists users whose email has characters beyond ASCII: at most 1,000, with their ids.
pub fn with_unicode_email(database: &dyn Database) -> Result<Vec<(i64, String)>, DbError> {
    let sql = "SELECT id, email FROM users WHERE email GLOB '*[^ -~]*' LIMIT 1000";
    database.rows(sql, &[])?.into_iter().map(|mut row| Ok((row.integer()?, row.text()?))).collect()
}
