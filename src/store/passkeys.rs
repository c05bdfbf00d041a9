//! Passkeys among the credentials, and the challenges that they have answered: one is spent in the batch of what it is for, and
//! its second use fails the whole batch.

use super::credentials::{Changer, HAS_SECOND_FACTOR, view};
use super::db::run;
use super::events::EventType;
use super::login_failures::clear_all;
use super::sessions::SessionKey;
use super::users::{COLUMNS, take_user};
use super::{Batch, Db, DbError, Row};
use crate::account::user::User;
use crate::mail::Event;

/// The most passkeys of a user.
const MAX_PASSKEYS: i64 = 10;

/// Columns of `credentials AS c` that [`take_passkey`] reads.
pub(super) const PASSKEY: &str =
    "c.id AS passkey_id, secret, algorithm, counter, user_handle, is_backup_eligible";

/// Passkey as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Id of the credential.
    pub id: i64,
    /// Public key: a `SubjectPublicKeyInfo` in base64url.
    pub public_key: String,
    /// Algorithm of its signatures, by its number in COSE.
    pub algorithm: i64,
    /// Signature counter.
    pub counter: i64,
    /// Handle by which it knows its user.
    pub user_handle: String,
    /// `true` if its key may be in a backup.
    pub is_backup_eligible: bool,
}

/// Takes the next columns, which are [`PASSKEY`]; `None` if they are NULL.
pub(super) fn take_passkey(row: &mut Row) -> Result<Option<Passkey>, DbError> {
    let Some(id) = row.optional_integer()? else { return Ok(None) };
    Ok(Some(Passkey {
        id,
        public_key: row.text()?,
        algorithm: row.integer()?,
        counter: row.integer()?,
        user_handle: row.text()?,
        is_backup_eligible: row.boolean()?,
    }))
}

/// Challenge that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedChallenge {
    /// Part that no other challenge has.
    pub nonce: String,
    /// Time at which it is too old to be answered.
    pub expires_at: i64,
}

/// SQL statement: spends the challenge with this nonce and this end, which are parameters, if a user is under a condition.
///
/// # Errors
/// [`DbError::Unique`] of its execution if it was spent before.
pub(super) fn spend(nonce: &str, expires_at: &str, condition: &str) -> String {
    format!(
        "INSERT INTO used_challenges (nonce, expires_at) SELECT {nonce}, {expires_at} FROM users WHERE {condition}"
    )
}

/// Finds the passkey with this id, its user, and whether they have a second factor.
pub async fn find(db: &impl Db, key: &str) -> Result<Option<(Passkey, User, bool)>, DbError> {
    let sql = format!(
        "SELECT passkey_id, secret, algorithm, counter, user_handle, is_backup_eligible, {}, {HAS_SECOND_FACTOR} AS has_second_factor \
         FROM (SELECT {PASSKEY}, user_id FROM credentials AS c WHERE type = 'passkey' AND key = ?1) JOIN users ON users.id = user_id",
        *COLUMNS
    );
    let Some(mut row) = db.first(&sql, &[key.into()]).await? else { return Ok(None) };
    let Some(passkey) = take_passkey(&mut row)? else { return Ok(None) };
    Ok(Some((passkey, take_user(&mut row)?, row.boolean()?)))
}

/// Records the use of a passkey by a user of this version who is active, and gives the user; `None` if that was not so, or the
/// counter had not grown. `failures` are forgotten with it.
///
/// # Errors
/// [`DbError::Unique`] if the challenge was spent before; then nothing is changed.
pub async fn accept(
    db: &impl Batch,
    passkey: i64,
    counter: i64,
    challenge: &UsedChallenge,
    user: &User,
    failures: &str,
    now: i64,
) -> Result<Option<User>, DbError> {
    let params = vec![
        user.id.into(),
        user.token_version.into(),
        passkey.into(),
        now.into(),
        counter.into(),
        challenge.nonce.as_str().into(),
        challenge.expires_at.into(),
        failures.into(),
    ];
    let row = run(db, accept_statements(), params).await?;
    row.map(|mut row| take_user(&mut row)).transpose()
}

fn accept_statements() -> Vec<String> {
    let is_same =
        "EXISTS (SELECT 1 FROM users WHERE users.id = ?1 AND is_active AND users.token_version = ?2)";
    // WebAuthn Level 3 §7.2, step 22.
    let own = "id = ?3 AND user_id = ?1 AND (counter < ?5 OR counter = 0 AND ?5 = 0)";
    let used = format!("UPDATE credentials SET counter = ?5, used_at = ?4 WHERE {own} AND {is_same}");
    let is_right = format!("{is_same} AND EXISTS (SELECT 1 FROM credentials WHERE {own})");
    let cleared = clear_all("?8", &is_right);
    let spent = spend("?6", "?7", "users.id = ?1");
    let read = format!("SELECT {} FROM users WHERE id = ?1 AND changes() > 0", *COLUMNS);
    vec![spent, cleared, used, read]
}

/// Passkey to be added.
pub struct NewPasskey<'a> {
    /// Id of the credential.
    pub id: i64,
    /// Its own id, in base64url.
    pub key: &'a str,
    /// Name that the user gave it.
    pub name: &'a str,
    /// As in [`Passkey`].
    pub public_key: &'a str,
    /// As in [`Passkey`].
    pub algorithm: i64,
    /// As in [`Passkey`].
    pub counter: i64,
    /// As in [`Passkey`].
    pub user_handle: &'a str,
    /// As in [`Passkey`].
    pub is_backup_eligible: bool,
    /// Ways to reach it, an array in JSON.
    pub transports: &'a str,
    /// Challenge that it answered.
    pub challenge: &'a UsedChallenge,
}

/// Adds a passkey to a token's user, and gives it as users see it; `None` if it was not, since there are as many as there can be,
/// or the session has ended.
///
/// # Errors
/// [`DbError::Unique`] if the challenge was spent before, or a user has a passkey with this id; then nothing is changed.
pub async fn add<'a>(
    db: &impl Batch,
    changer: Changer<'a>,
    new: &NewPasskey<'a>,
    now: i64,
) -> Result<Option<String>, DbError> {
    let others = [
        new.challenge.nonce.as_str().into(),
        new.challenge.expires_at.into(),
        new.id.into(),
        new.key.into(),
        new.name.into(),
        new.public_key.into(),
        new.algorithm.into(),
        new.counter.into(),
        new.user_handle.into(),
        i64::from(new.is_backup_eligible).into(),
        new.transports.into(),
    ];
    let row = run(db, add_statements(changer), changer.params(&others, now)).await?;
    row.map(|mut row| row.text()).transpose()
}

fn add_statements(changer: Changer<'_>) -> Vec<String> {
    let may_add = format!(
        "{} AND (SELECT count(*) FROM credentials AS c WHERE c.user_id = users.id AND c.type = 'passkey') < {MAX_PASSKEYS}",
        changer.may_add()
    );
    let notice = changer.notice(Event::PasskeyAdded, &may_add);
    let event = changer.event(EventType::CredentialAdded, "'passkey'", &may_add);
    let spent = spend("?8", "?9", &may_add);
    let sql = format!(
        "INSERT INTO credentials (id, user_id, type, key, name, secret, algorithm, counter, user_handle, is_backup_eligible, \
         transports, created_at) SELECT ?10, users.id, 'passkey', ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?5 FROM users \
         WHERE {may_add} RETURNING {} AS credential",
        view()
    );
    notice.into_iter().chain(event).chain([spent, sql]).collect()
}

/// Renames a passkey of a token's user, and gives it as users see it; `None` if the session has ended, or it was removed.
pub async fn rename(
    db: &impl Db,
    key: SessionKey<'_>,
    id: i64,
    name: &str,
    now: i64,
) -> Result<Option<String>, DbError> {
    let sql = format!(
        "UPDATE credentials SET name = ?7 WHERE id = ?6 AND user_id = ?1 AND type = 'passkey' \
         AND EXISTS (SELECT 1 FROM users WHERE {}) RETURNING {} AS credential",
        Changer::is_good(),
        view()
    );
    let params = [&key.params(now)[..], &[id.into(), name.into()]].concat();
    let row = db.first(&sql, &params).await?;
    row.map(|mut row| row.text()).transpose()
}

/// Statement that deletes up to ?2 challenges that are too old to be answered by ?1, for a clock that is a minute behind too, and gives
/// a row if there were any.
pub const PURGE: [&str; 1] = ["DELETE FROM used_challenges WHERE nonce IN \
     (SELECT nonce FROM used_challenges WHERE expires_at <= ?1 - 60 ORDER BY expires_at LIMIT ?2) RETURNING 1"];
