//! Every SQL statement, as functions over a [`Db`].

use crate::account::user::{NewUser, User, UserPatch};
use crate::auth::token::Token;
use crate::store::db::{Batch, Db, DbError, Row, Statement, Value};

/// The columns that [`user`] reads.
const USER: &str = "id, email, username, bio, image, is_active, token_version";

/// Time that the token that a new password was set with stays good, in seconds: long enough for requests that a client
/// has under way, or sends before it takes up the fresh one.
const GRACE: i64 = 10;

/// SQL expression over a row of `users`: the [`Standing`] of the token with the user ?1, the version ?2, the sid ?3 and
/// the issue time ?4 at the time ?5.
const STANDING: &str = "CASE WHEN EXISTS (SELECT 1 FROM ended_sessions WHERE user_id = ?1 AND sid = ?3) THEN 0 \
                        WHEN token_version = ?2 THEN 2 \
                        WHEN kept_sid IS NOT ?3 THEN 0 \
                        WHEN ?2 BETWEEN surviving_version AND token_version THEN 2 \
                        ELSE grace_version IS ?2 AND grace_iat IS ?4 AND grace_until > ?5 END";

/// Requests that a token is still good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: its session has ended, or it is older than a new password.
    Ended,
    /// For some requests, for some seconds: a new password was set with it, without the current one. No answer to it
    /// has a fresh token, or a thief of this one would outlive the new password.
    Grace,
    /// Everything.
    Active,
}

impl Standing {
    fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(match row.integer()? {
            2 => Self::Active,
            1 => Self::Grace,
            _ => Self::Ended,
        })
    }
}

fn user(row: &mut Row) -> Result<User, DbError> {
    Ok(User {
        id: row.integer()?,
        email: row.text()?,
        username: row.text()?,
        bio: row.optional_text()?,
        image: row.optional_text()?,
        is_active: row.boolean()?,
        token_version: row.integer()?,
    })
}

/// Which of two values other users have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Another user has the email.
    pub email: bool,
    /// Another user has the username.
    pub username: bool,
}

/// Where the registrations of a day are counted, if they are limited.
pub struct RegistrationLimit {
    /// Days since the Unix epoch, in UTC.
    pub day: i64,
    /// The hash of the address.
    pub address: String,
    /// The hash of the larger network that the address is in.
    pub network: String,
    /// The most registrations from the address, and from the network.
    pub max: [i64; 2],
}

/// Makes a user, counts the registration, and gives the user, or `None` if it is over the limit; `password` is the hash,
/// `now` in Unix seconds. One transaction, so that of any number at once exactly as many pass as the limit allows, and
/// one that fails is not counted.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn insert_user(
    db: &impl Batch,
    new: &NewUser,
    password: &str,
    limit: Option<&RegistrationLimit>,
    now: i64,
) -> Result<Option<User>, DbError> {
    const INTO: &str = "INSERT INTO users (email, username, password, created_at, updated_at)";
    let params = [new.email.as_str().into(), new.username.as_str().into(), password.into(), now.into()];
    let row = match limit {
        None => {
            let sql = format!("{INTO} VALUES (?1, ?2, ?3, ?4, ?4) RETURNING {USER}");
            db.first(&sql, &params).await?
        }
        Some(RegistrationLimit { day, address, network, max: [per_address, per_network] }) => {
            let count = "INSERT INTO registrations (day, network, count) \
                         SELECT ?1, column1, 1 FROM (VALUES (?2), (?3)) \
                         WHERE NOT EXISTS (SELECT 1 FROM registrations WHERE day = ?1 AND network IN (?2, ?3) \
                                           AND count >= iif(network = ?2, ?4, ?5)) \
                         ON CONFLICT DO UPDATE SET count = count + 1";
            let counted = [
                (*day).into(),
                address.as_str().into(),
                network.as_str().into(),
                (*per_address).into(),
                (*per_network).into(),
            ];
            let sql = format!("{INTO} SELECT ?1, ?2, ?3, ?4, ?4 WHERE changes() > 0 RETURNING {USER}");
            let statements =
                [Statement { sql: count, params: &counted }, Statement { sql: &sql, params: &params }];
            db.batch(&statements).await?
        }
    };
    row.map(|mut row| user(&mut row)).transpose()
}

/// The user of this token, and what the token is good for at `now`, in Unix seconds.
///
/// # Errors
/// Errors of the database.
pub async fn find_user(db: &impl Db, token: &Token, now: i64) -> Result<Option<(User, Standing)>, DbError> {
    let sql = ["SELECT ", USER, ", ", STANDING, " FROM users WHERE id = ?1"].concat();
    let row = db.first(&sql, &token_params(token, now)).await?;
    row.map(|mut row| Ok((user(&mut row)?, Standing::read(&mut row)?))).transpose()
}

/// The parameters ?1 to ?5 of [`STANDING`].
fn token_params(token: &Token, now: i64) -> [Value<'_>; 5] {
    let Token { user, version, issued_at, session } = token;
    [(*user).into(), (*version).into(), session.sid.as_str().into(), (*issued_at).into(), now.into()]
}

/// What a login has to know, in one read.
pub struct FoundLogin {
    /// The user with the email, whatever its case, and the stored password.
    pub user: Option<(User, String)>,
    /// If failures of this login are on record: until when it is or was blocked, in Unix seconds, or 0.
    pub blocked_until: Option<i64>,
}

/// The user with this email, and the failures of this login that are on record. Where these block it, no user is
/// looked for: the time to read a large profile would tell that there is one.
///
/// # Errors
/// Errors of the database.
pub async fn find_login(
    db: &impl Db,
    email: &str,
    counters: &Counters,
    now: i64,
) -> Result<FoundLogin, DbError> {
    let sql = format!(
        "SELECT blocked_until, id IS NOT NULL, {USER}, password FROM (SELECT ({BLOCKED_UNTIL}) AS blocked_until) \
         LEFT JOIN users ON email = ?5 AND ifnull(blocked_until, 0) <= ?4"
    );
    let [account, per_address, per_account, now] = counter_params(counters, now);
    let row = db.first(&sql, &[account, per_address, per_account, now, email.into()]).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT … LEFT JOIN gave no row".to_owned()))?;
    let blocked_until = row.optional_integer()?;
    let user = if row.boolean()? { Some((user(&mut row)?, row.text()?)) } else { None };
    Ok(FoundLogin { user, blocked_until })
}

/// Changes the user of a token, if they are active and the token is good; the patch holds the hash of a password,
/// `now` is in Unix seconds. Gives `None` where nothing was changed, else the user and what the token is good for after
/// that. A new password refuses every token before it; `has_grace` leaves this one good for [`GRACE`].
///
/// Only what changes is named: an index is written again for each column that is, changed or not.
///
/// # Errors
/// [`DbError::Unique`] if another user has the email or the username.
pub async fn update_user(
    db: &impl Db,
    token: &Token,
    patch: &UserPatch,
    has_grace: bool,
    now: i64,
) -> Result<Option<(User, Standing)>, DbError> {
    let mut params = Vec::from(token_params(token, now));
    let mut set = String::from("updated_at = ?5");
    let changes: [(&str, Option<Option<&str>>); 5] = [
        ("email", patch.email.as_deref().map(Some)),
        ("username", patch.username.as_deref().map(Some)),
        ("password", patch.password.as_deref().map(Some)),
        ("bio", patch.bio.as_ref().map(Option::as_deref)),
        ("image", patch.image.as_ref().map(Option::as_deref)),
    ];
    for (column, change) in changes {
        if let Some(value) = change {
            params.push(value.into());
            set.push_str(&format!(", {column} = ?{}", params.len()));
        }
    }
    if patch.password.is_some() {
        set.push_str(
            ", token_version = token_version + 1, kept_sid = ?3, surviving_version = token_version + 1",
        );
        // Without grace there is no time to compare: another isolate's clock may be a second behind.
        set.push_str(&if has_grace {
            format!(", grace_version = ?2, grace_iat = ?4, grace_until = ?5 + {GRACE}")
        } else {
            ", grace_version = NULL, grace_until = 0".to_owned()
        });
    }
    let sql = format!(
        "UPDATE users SET {set} WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING {USER}, {STANDING}"
    );
    let row = db.first(&sql, &params).await?;
    row.map(|mut row| Ok((user(&mut row)?, Standing::read(&mut row)?))).transpose()
}

/// Ends the session of a token, if its user is active and the token is good, and says whether that was so.
/// `expires_at`, in Unix seconds as `now`, is when the last of its tokens has expired.
///
/// # Errors
/// Errors of the database.
pub async fn end_session(db: &impl Db, token: &Token, expires_at: i64, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "INSERT INTO ended_sessions (user_id, sid, expires_at) \
         SELECT id, ?3, ?6 FROM users WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING 1"
    );
    let mut params = Vec::from(token_params(token, now));
    params.push(expires_at.into());
    Ok(db.first(&sql, &params).await?.is_some())
}

/// Ends every session of a token's user, if the user is active and the token is good, and says whether that was so.
/// `now` is in Unix seconds.
///
/// # Errors
/// Errors of the database.
pub async fn end_all_sessions(db: &impl Db, token: &Token, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET token_version = token_version + 1, kept_sid = NULL \
         WHERE id = ?1 AND is_active AND ({STANDING}) > 0 RETURNING 1"
    );
    Ok(db.first(&sql, &token_params(token, now)).await?.is_some())
}

/// Ends every other session of a token's user, if the user is active and the token is [`Standing::Active`], and says
/// whether that was so. Of its own session those tokens stay good that were, for as long as they were. `now` is in Unix
/// seconds.
///
/// # Errors
/// Errors of the database.
pub async fn end_other_sessions(db: &impl Db, token: &Token, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET token_version = token_version + 1, kept_sid = ?3, \
         surviving_version = iif(kept_sid IS ?3, surviving_version, token_version), \
         grace_until = iif(kept_sid IS ?3, grace_until, 0) \
         WHERE id = ?1 AND is_active AND ({STANDING}) = 2 RETURNING 1"
    );
    Ok(db.first(&sql, &token_params(token, now)).await?.is_some())
}

/// Deactivates a token's user and ends every session, if the user is active and the token is [`Standing::Active`],
/// and says whether that was so. `now` is in Unix seconds.
///
/// # Errors
/// Errors of the database.
pub async fn deactivate_user(db: &impl Db, token: &Token, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE users SET is_active = 0, token_version = token_version + 1, kept_sid = NULL, updated_at = ?5 \
         WHERE id = ?1 AND is_active AND ({STANDING}) = 2 RETURNING 1"
    );
    Ok(db.first(&sql, &token_params(token, now)).await?.is_some())
}

/// Which of these values are taken by users other than `except`. For failure paths only: on the good
/// path the UNIQUE constraints decide, and of two that are broken SQLite names one.
///
/// # Errors
/// Errors of the database.
pub async fn find_taken(
    db: &impl Db,
    email: Option<&str>,
    username: Option<&str>,
    except: Option<i64>,
) -> Result<Taken, DbError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1 AND id IS NOT ?3), \
               EXISTS (SELECT 1 FROM users WHERE username = ?2 AND id IS NOT ?3)";
    let row = db.first(sql, &[email.into(), username.into(), except.into()]).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT EXISTS gave no row".to_owned()))?;
    Ok(Taken { email: row.boolean()?, username: row.boolean()? })
}

/// Puts a new hash of the same password in the place of the one that was checked. If another request
/// has changed the password meanwhile, this changes nothing. `updated_at` does not move.
///
/// # Errors
/// Errors of the database.
pub async fn replace_hash(db: &impl Db, id: i64, old: &str, new: &str) -> Result<(), DbError> {
    let sql = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
    db.first(sql, &[id.into(), old.into(), new.into()]).await?;
    Ok(())
}

/// How long an address is blocked when it reaches its limit for an account, and how many quiet seconds it
/// takes until its failures are forgotten.
const ADDRESS_QUIET: i64 = 15 * 60;

/// How long an account is blocked when it reaches its limit over all addresses, in seconds; with each
/// further failure for twice as long, up to [`DAY`].
const FIRST_BLOCK: i64 = 60 * 60;

/// The seconds in a day. Failures of an account over all addresses are forgotten after as many quiet days
/// as guesses were tried. Beyond its limit an account has one try a day in the end; so who waits for its
/// failures to be forgotten gains nothing over that. And a stranger's one try is soon forgotten, so that
/// the counters of emails that nobody has don't fill the database.
const DAY: i64 = 86_400;

/// Where the failures of a login are counted.
pub struct Counters {
    /// The hash of the account.
    pub account: String,
    /// The limit for the account and one address, if there is one.
    pub per_address: Option<FailureLimit>,
    /// The limit for the account over all addresses, if there is one.
    pub per_account: Option<FailureLimit>,
}

/// A limit of failed logins.
pub struct FailureLimit {
    /// The hash of the address whose failures it counts; empty for those of all addresses.
    pub address: String,
    /// The most failures.
    pub max: i64,
}

/// Until when a login with the account ?1 and the addresses ?2 and ?3 is blocked at the time ?4. One row
/// whatever is there: NULL if no failures are on record.
const BLOCKED_UNTIL: &str = "SELECT max(blocked_until) FROM login_failures \
                             WHERE account = ?1 AND address IN (?2, ?3) AND expires_at > ?4";

/// The parameters ?1 to ?4 of these statements. A limit that is off has NULL for its address, which equals nothing.
fn counter_params(counters: &Counters, now: i64) -> [Value<'_>; 4] {
    fn address(limit: Option<&FailureLimit>) -> Value<'_> {
        limit.map(|limit| limit.address.as_str()).into()
    }
    let (per_address, per_account) = (counters.per_address.as_ref(), counters.per_account.as_ref());
    [counters.account.as_str().into(), address(per_address), address(per_account), now.into()]
}

/// Until when a login is blocked, as [`FoundLogin`] has it.
///
/// # Errors
/// Errors of the database.
pub async fn blocked_until(db: &impl Db, counters: &Counters, now: i64) -> Result<Option<i64>, DbError> {
    let row = db.first(BLOCKED_UNTIL, &counter_params(counters, now)).await?;
    row.map_or(Ok(None), |mut row| row.optional_integer())
}

/// Counts a failed login under all limits, unless one of them blocks it, and says whether it was counted.
///
/// One statement, so that of any number at once exactly as many pass as the limits allow. The last
/// failure within a limit sets its block.
///
/// # Errors
/// Errors of the database.
pub async fn count_failure(db: &impl Db, counters: &Counters, now: i64) -> Result<bool, DbError> {
    let sql = format!(
        "INSERT OR REPLACE INTO login_failures (account, address, count, blocked_until, expires_at) \
         SELECT ?1, address, count, \
                CASE WHEN count < max THEN 0 \
                     WHEN address = '' THEN ?4 + min({FIRST_BLOCK} << min(count - max, 5), {DAY}) \
                     ELSE ?4 + {ADDRESS_QUIET} END, \
                iif(address = '', max(old_expiry, ?4 + count * {DAY}), ?4 + {ADDRESS_QUIET}) \
         FROM (SELECT a.address, a.max, ifnull(f.count, 0) + 1 AS count, ifnull(f.expires_at, 0) AS old_expiry \
               FROM (SELECT ?2 AS address, ?5 AS max UNION ALL SELECT ?3, ?6) AS a \
               LEFT JOIN login_failures AS f ON f.account = ?1 AND f.address = a.address AND f.expires_at > ?4 \
               WHERE a.address IS NOT NULL) \
         WHERE ifnull(({BLOCKED_UNTIL}), 0) <= ?4 RETURNING 1"
    );
    let max = |limit: Option<&FailureLimit>| limit.map(|limit| limit.max).into();
    let [account, per_address, per_account, now] = counter_params(counters, now);
    let (address_max, account_max) = (max(counters.per_address.as_ref()), max(counters.per_account.as_ref()));
    let params = [account, per_address, per_account, now, address_max, account_max];
    Ok(db.first(&sql, &params).await?.is_some())
}

/// Remembers the failures of an account for a day longer: for a guess that was tried and not counted.
///
/// # Errors
/// Errors of the database.
pub async fn prolong_failures(db: &impl Db, counters: &Counters, now: i64) -> Result<(), DbError> {
    let sql = format!(
        "UPDATE login_failures SET expires_at = expires_at + {DAY} \
         WHERE account = ?1 AND address = '' AND expires_at > ?2"
    );
    db.first(&sql, &[counters.account.as_str().into(), now.into()]).await?;
    Ok(())
}

/// Takes back one [`count_failure`] of a login that did not fail after all, with the block that it set.
///
/// # Errors
/// Errors of the database.
pub async fn uncount_failure(db: &impl Db, counters: &Counters, now: i64) -> Result<(), DbError> {
    // A failure is counted only where nothing blocks, so a block that is there now came with this one or later.
    let sql = "UPDATE login_failures SET count = count - 1, blocked_until = 0 \
               WHERE account = ?1 AND address IN (?2, ?3) AND expires_at > ?4 AND count > 0";
    db.first(sql, &counter_params(counters, now)).await?;
    Ok(())
}

/// Forgets the failures of an account, from this address and over all addresses.
///
/// # Errors
/// Errors of the database.
pub async fn forget_failures(db: &impl Db, counters: &Counters) -> Result<(), DbError> {
    let [account, per_address, per_account, _] = counter_params(counters, 0);
    let sql = "DELETE FROM login_failures WHERE account = ?1 AND address IN (?2, ?3)";
    db.first(sql, &[account, per_address, per_account]).await?;
    Ok(())
}

/// Deletes up to `limit` ended sessions none of whose tokens is good any more at `now`, in Unix seconds,
/// and says whether there were any.
///
/// # Errors
/// Errors of the database.
pub async fn purge_sessions(db: &impl Db, now: i64, limit: i64) -> Result<bool, DbError> {
    let sql = "DELETE FROM ended_sessions WHERE (user_id, sid) IN \
               (SELECT user_id, sid FROM ended_sessions WHERE expires_at <= ?1 LIMIT ?2) RETURNING 1";
    Ok(db.first(sql, &[now.into(), limit.into()]).await?.is_some())
}

/// Deletes up to `limit` counters whose failures are forgotten at `now`, in Unix seconds, and says whether
/// there were any.
///
/// # Errors
/// Errors of the database.
pub async fn purge_failures(db: &impl Db, now: i64, limit: i64) -> Result<bool, DbError> {
    let sql = "DELETE FROM login_failures WHERE (account, address) IN \
               (SELECT account, address FROM login_failures WHERE expires_at <= ?1 LIMIT ?2) RETURNING 1";
    Ok(db.first(sql, &[now.into(), limit.into()]).await?.is_some())
}

/// Deletes up to `limit` counts of registrations of days before that of `now`, in Unix seconds, and says whether there
/// were any.
///
/// # Errors
/// Errors of the database.
pub async fn purge_registrations(db: &impl Db, now: i64, limit: i64) -> Result<bool, DbError> {
    let sql = "DELETE FROM registrations WHERE (day, network) IN \
               (SELECT day, network FROM registrations WHERE day < ?1 LIMIT ?2) RETURNING 1";
    Ok(db.first(sql, &[(now / DAY).into(), limit.into()]).await?.is_some())
}
