//! Credentials beside the password: authenticator apps (TOTP), recovery codes and passkeys.

use serde::Serialize;

use super::{Database, Recorder, Statement, run_rows};
use crate::mail::Event;
use crate::store::events::EventType;
use crate::store::{DbError, Row, Value};

/// Type of a credential, as in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Totp,
    Recovery,
    Passkey,
}

impl Type {
    const ALL: [Self; 3] = [Self::Totp, Self::Recovery, Self::Passkey];

    /// Name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Recovery => "recovery",
            Self::Passkey => "passkey",
        }
    }

    fn read(row: &mut Row) -> Result<Self, DbError> {
        let name = row.text()?;
        let found = Self::ALL.into_iter().find(|of| of.name() == name);
        found.ok_or_else(|| DbError::Decode("a credential has an unknown type".to_owned()))
    }
}

/// Credential without its secret.
#[derive(Debug, Serialize)]
pub struct Credential {
    pub id: i64,
    #[serde(rename = "type")]
    pub of_type: Type,
    /// Name of a passkey.
    pub name: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds. A recovery code that was used is spent.
    pub used_at: Option<i64>,
    /// True of a TOTP that waits to be confirmed.
    pub waits: bool,
}

/// Lists the credentials of a user, the oldest first.
pub fn list(database: &dyn Database, user_id: i64) -> Result<Vec<Credential>, DbError> {
    let sql = "SELECT id, type, name, created_at, used_at, token_version IS NOT NULL AS waits FROM credentials \
               WHERE user_id = ?1 ORDER BY created_at, type DESC, id";
    let read = |mut row: Row| {
        Ok(Credential {
            id: row.integer()?,
            of_type: Type::read(&mut row)?,
            name: row.optional_text()?,
            created_at: row.integer()?,
            used_at: row.optional_integer()?,
            waits: row.boolean()?,
        })
    };
    database.rows(sql, &[user_id.into()])?.into_iter().map(read).collect()
}

/// Credentials that [`remove`] removes.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    All,
    OfType(Type),
    Id(i64),
}

/// Removes credentials of a user, and the recovery codes with a TOTP that was confirmed. Returns their types.
pub fn remove(
    database: &dyn Database,
    recorder: Recorder,
    user_id: i64,
    which: Which,
) -> Result<Vec<Type>, DbError> {
    let (condition, param): (_, Value<'_>) = match which {
        Which::All => ("?2 IS NULL", Value::Null),
        Which::OfType(of_type) => ("type = ?2", of_type.name().into()),
        Which::Id(id) => ("id = ?2", id.into()),
    };
    let totp = format!(
        "EXISTS (SELECT 1 FROM credentials WHERE user_id = ?1 AND type = 'totp' AND token_version IS NULL AND {condition})"
    );
    let sql = format!(
        "DELETE FROM credentials WHERE user_id = ?1 AND ({condition} OR type = 'recovery' AND {totp}) RETURNING type"
    );
    let removed = |of_type: &str| {
        format!(
            "EXISTS (SELECT 1 FROM credentials WHERE user_id = ?1 AND type = '{of_type}' AND {condition})"
        )
    };
    let (passkey, codes) = (removed("passkey"), format!("NOT {totp} AND {}", removed("recovery")));
    let of_user = |removed: &str| format!("users.id = ?1 AND {removed}");
    let each_passkey = format!(
        "users.id = ?1 AND removed.user_id = users.id AND removed.type = 'passkey' AND removed.id IN \
         (SELECT id FROM credentials WHERE user_id = ?1 AND {condition})"
    );
    let event =
        |detail: &str, removed: &str| recorder.event(EventType::CredentialRemoved, detail, &of_user(removed));
    let before = [
        recorder.notice(Event::TwoStepOff, &of_user(&totp)),
        event("'totp'", &totp),
        event("'recovery'", &codes),
        recorder.notice(Event::PasskeyRemoved, &of_user(&passkey)),
        recorder.event_from(
            EventType::CredentialRemoved,
            "'passkey'",
            "users, credentials AS removed",
            &each_passkey,
        ),
    ];
    let statements: Vec<_> = before.into_iter().flatten().chain([sql]).collect();
    let rows = run_rows(database, &statements, &[user_id.into(), param])?;
    rows.into_iter().map(|mut row| Type::read(&mut row)).collect()
}

/// Sealed seed of a TOTP.
pub struct Seed {
    pub id: i64,
    pub user_id: i64,
    pub sealed: String,
}

/// Reads up to `limit` sealed seeds after an id.
pub fn seeds_page(database: &dyn Database, after: i64, limit: usize) -> Result<Vec<Seed>, DbError> {
    let sql = format!(
        "SELECT id, user_id, secret FROM credentials WHERE type = 'totp' AND id > ?1 ORDER BY id LIMIT {limit}"
    );
    let read = |mut row: Row| Ok(Seed { id: row.integer()?, user_id: row.integer()?, sealed: row.text()? });
    database.rows(&sql, &[after.into()])?.into_iter().map(read).collect()
}

/// Number of credentials by type.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    /// Confirmed or not.
    pub totps: i64,
    /// Users with two-step verification: TOTPs that were confirmed.
    pub two_step: i64,
    pub passkeys: i64,
}

/// Counts the credentials of all users.
pub fn count(database: &dyn Database) -> Result<Numbers, DbError> {
    let sql = "SELECT count(iif(type = 'totp', 1, NULL)) AS totps, \
               count(iif(type = 'totp' AND token_version IS NULL, 1, NULL)) AS two_step, \
               count(iif(type = 'passkey', 1, NULL)) AS passkeys FROM credentials";
    let row = database.row(sql, &[])?;
    row.map_or(Ok(Numbers::default()), |mut row| {
        Ok(Numbers { totps: row.integer()?, two_step: row.integer()?, passkeys: row.integer()? })
    })
}

/// Makes a statement that replaces the seal of a seed, unless it was replaced meanwhile.
pub fn replace_seal<'a>(seed: &'a Seed, sealed: String) -> Statement<'a> {
    let sql = "UPDATE credentials SET secret = ?3 WHERE id = ?1 AND type = 'totp' AND secret = ?2";
    Statement { sql, params: vec![seed.id.into(), seed.sealed.as_str().into(), Value::Text(sealed.into())] }
}
