//! Second steps: a first proof was right, and the user has a second factor. A try is counted before it is compared, so that of
//! any number at once as many count as the limits say. Of any number of right ones one ends the step.

use super::credentials::time;
use super::db::run;
use super::events::{EventType, NewEvent, Report};
use super::login_failures::{FailureKeys, LOCKED_UNTIL, clear_all, record_if};
use super::outbox::{self, Origin};
use super::passkeys::{PASSKEY, Passkey, UsedChallenge, spend, take_passkey};
use super::users::{COLUMNS, take_user};
use super::{Batch, Db, DbError, Param};
use crate::account::user::User;
use crate::mail::Event;

/// Validity of a step, in seconds.
const TTL: i64 = 10 * 60;

/// The most tries of a step.
const MAX_TRIES: i64 = 5;

/// Secret of a step, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct StepKey<'a> {
    /// Primary key.
    pub id: &'a str,
    /// Id of the user.
    pub user_id: i64,
    /// SHA-256 of the token.
    pub token_hash: &'a str,
    /// Session whose proof is renewed; `None` for a login.
    pub sid: Option<&'a str>,
}

/// SQL condition over rows of `second_steps`: the one with the [`StepKey::params`] that begin with the number `first` is open, and
/// nothing has ended the first proof since.
fn is_open(first: usize) -> String {
    let p = |at: usize| format!("?{}", first + at);
    format!(
        "id = {} AND user_id = {} AND token_hash = {} AND sid IS {} AND expires_at > {} \
         AND EXISTS (SELECT 1 FROM users WHERE users.id = second_steps.user_id AND is_active \
         AND users.token_version = second_steps.token_version AND users.reset_version = second_steps.reset_version)",
        p(0),
        p(1),
        p(2),
        p(3),
        p(4)
    )
}

impl<'a> StepKey<'a> {
    fn params(self, now: i64) -> [Param<'a>; 5] {
        let Self { id, user_id, token_hash, sid } = self;
        [id.into(), user_id.into(), token_hash.into(), sid.into(), now.into()]
    }
}

/// Step that was issued.
pub struct Issued {
    /// Types of factors that the user has, an array in JSON.
    pub types: String,
    /// End of the step, in RFC 3339.
    pub expires: String,
}

/// Issues a step for a user of this version who is active; `None` if that is not so by now. `methods` are those of the first proof,
/// an array in JSON. `has_passkeys` tells whether a passkey can be the second factor.
pub async fn issue(
    db: &impl Db,
    key: StepKey<'_>,
    token_version: i64,
    methods: &str,
    has_passkeys: bool,
    now: i64,
) -> Result<Option<Issued>, DbError> {
    let has =
        |condition: &str| format!("EXISTS (SELECT 1 FROM credentials WHERE user_id = ?2 AND {condition})");
    let sql = format!(
        "INSERT INTO second_steps (id, user_id, token_hash, sid, methods, token_version, reset_version, expires_at) \
         SELECT ?1, id, ?3, ?4, ?6, token_version, reset_version, ?5 + {TTL} FROM users \
         WHERE id = ?2 AND is_active AND token_version = ?7 \
         RETURNING {} AS expires, {} AS has_codes, ?8 AND {} AS has_passkeys",
        time("expires_at"),
        has("type = 'recovery' AND used_at IS NULL"),
        has("type = 'passkey'")
    );
    let others = [methods.into(), token_version.into(), i64::from(has_passkeys).into()];
    let Some(mut row) = db.first(&sql, &[&key.params(now)[..], &others].concat()).await? else {
        return Ok(None);
    };
    let (expires, has_codes, has_passkeys) = (row.text()?, row.boolean()?, row.boolean()?);
    let types = match (has_codes, has_passkeys) {
        (true, true) => r#"["totp","recovery","passkey"]"#,
        (true, false) => r#"["totp","recovery"]"#,
        (false, true) => r#"["totp","passkey"]"#,
        (false, false) => r#"["totp"]"#,
    };
    Ok(Some(Issued { types: types.to_owned(), expires }))
}

/// Second factor that a try names.
#[derive(Debug, Clone, Copy)]
pub enum Factor<'a> {
    /// Code of an authenticator app.
    App,
    /// SHA-256 of a recovery code.
    Recovery(&'a str),
    /// Id of a passkey.
    Passkey(&'a str),
    /// None that there can be.
    Unknown,
}

/// Credential that a try names, as it is stored.
pub enum Named {
    /// TOTP: its id, and its sealed seed.
    App(i64, String),
    /// Recovery code that is not spent: its id.
    Recovery(i64),
    /// Passkey.
    Passkey(Passkey),
    /// Passkey of another user.
    Foreign,
}

/// Result of [`attempt`].
pub struct Attempt {
    /// Methods of the first proof, an array in JSON.
    pub methods: String,
    /// Email of the user.
    pub email: String,
    /// Credential of the user that the try names, if there is one.
    pub named: Option<Named>,
}

/// Result of a try that was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such step, or it was tried too often.
    Unknown,
    /// The user's factors are locked until then.
    LockedUntil(i64),
}

/// Counts a try of a step, under the step and under the user's `failures`, and finds what it names.
pub async fn attempt(
    db: &impl Batch,
    key: StepKey<'_>,
    failures: &FailureKeys,
    factor: Factor<'_>,
    now: i64,
) -> Result<Result<Attempt, Refused>, DbError> {
    let name: Param<'_> = match factor {
        Factor::App | Factor::Unknown => Param::Null,
        Factor::Recovery(name) | Factor::Passkey(name) => name.into(),
    };
    let params = [&failures.all_params(now)[..], &key.params(now), &[name]].concat();
    let Some(mut row) = run(db, attempt_statements(failures, factor), params.clone()).await? else {
        return why_refused(db, params).await.map(Err);
    };
    let (methods, email) = (row.text()?, row.text()?);
    let is_foreign = row.optional_integer()? == Some(0);
    let named = match factor {
        _ if is_foreign => Some(Named::Foreign),
        Factor::Passkey(_) => take_passkey(&mut row)?.map(Named::Passkey),
        _ => match (row.optional_integer()?, factor) {
            (Some(id), Factor::App) => Some(Named::App(id, row.text()?)),
            (Some(id), _) => Some(Named::Recovery(id)),
            (None, _) => None,
        },
    };
    Ok(Ok(Attempt { methods, email, named }))
}

/// SQL condition over rows of `second_steps`: the step with the parameters ?7 to ?11 may be tried.
fn may_try() -> String {
    format!("{} AND tries < {MAX_TRIES}", is_open(7))
}

fn attempt_statements(failures: &FailureKeys, factor: Factor<'_>) -> Vec<String> {
    let may_try = may_try();
    let recorded = record_if(&format!("EXISTS (SELECT 1 FROM second_steps WHERE {may_try})"));
    let is_recorded = if failures.is_limited() { " AND changes() > 0" } else { "" };
    let counted = format!("UPDATE second_steps SET tries = tries + 1 WHERE {may_try}{is_recorded}");
    let condition = match factor {
        Factor::App => "c.user_id = users.id AND type = 'totp' AND c.token_version IS NULL",
        Factor::Recovery(_) => "c.user_id = users.id AND type = 'recovery' AND key = ?12 AND used_at IS NULL",
        Factor::Passkey(_) => "type = 'passkey' AND key = ?12",
        Factor::Unknown => "false",
    };
    let found = format!(
        "SELECT methods, email, c.user_id = users.id AS is_own, {PASSKEY} FROM second_steps JOIN users ON users.id = second_steps.user_id \
         LEFT JOIN credentials AS c ON {condition} \
         WHERE second_steps.id = ?7 AND changes() > 0"
    );
    let recorded = failures.is_limited().then_some(recorded);
    recorded.into_iter().chain([counted, found]).collect()
}

async fn why_refused(db: &impl Batch, mut params: Vec<Param<'_>>) -> Result<Refused, DbError> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM second_steps WHERE {}) AS is_open, ({LOCKED_UNTIL}) AS locked_until",
        may_try()
    );
    params.truncate(11);
    let Some(mut row) = run(db, vec![sql], params).await? else { return Ok(Refused::Unknown) };
    let is_open = row.boolean()?;
    Ok(match row.optional_integer()? {
        Some(until) if is_open => Refused::LockedUntil(until),
        _ => Refused::Unknown,
    })
}

/// Takes back the try of [`attempt`], which was none. Its failure is taken back by [`login_failures`](super::login_failures::retract).
pub async fn retract(db: &impl Db, id: &str) -> Result<(), DbError> {
    let sql = "UPDATE second_steps SET tries = tries - 1 WHERE id = ?1 AND tries > 0";
    db.first(sql, &[id.into()]).await.map(drop)
}

/// Second factor that was right.
pub enum Proven {
    /// Code of a TOTP.
    App {
        /// Id of the credential.
        id: i64,
        /// Time step of the code.
        step: i64,
        /// The seed, sealed again, if its seal is outdated.
        resealed: Option<String>,
    },
    /// Recovery code.
    Recovery {
        /// Id of the credential.
        id: i64,
    },
    /// Passkey.
    Passkey {
        /// Id of the credential.
        id: i64,
        /// Its new counter.
        counter: i64,
        /// Challenge that it answered.
        challenge: UsedChallenge,
    },
}

/// Ends a step with a factor that was right, and gives the user; `None` if the factor was used meanwhile, or something has ended the
/// step. `failures` are forgotten with it. A verified address gets a notice of a recovery code.
///
/// # Errors
/// [`DbError::Unique`] if the challenge of a passkey was spent before; then nothing is changed.
pub async fn finish(
    db: &impl Batch,
    key: StepKey<'_>,
    proven: &Proven,
    failures: &str,
    report: &Report,
    now: i64,
) -> Result<Option<User>, DbError> {
    let mut params = [&key.params(now)[..], &[failures.into()]].concat();
    match proven {
        Proven::App { id, step, resealed } => {
            params.extend_from_slice(&[(*id).into(), (*step).into(), resealed.as_deref().into()]);
        }
        Proven::Recovery { id } => {
            params.push((*id).into());
            params.extend(report.params());
        }
        Proven::Passkey { id, counter, challenge } => {
            params.extend_from_slice(&[
                (*id).into(),
                (*counter).into(),
                challenge.nonce.as_str().into(),
                challenge.expires_at.into(),
            ]);
        }
    }
    let row = run(db, finish_statements(proven, report), params).await?;
    row.map(|mut row| take_user(&mut row)).transpose()
}

fn finish_statements(proven: &Proven, report: &Report) -> Vec<String> {
    let open = is_open(1);
    let (unused, change) = match proven {
        Proven::App { .. } => {
            ("token_version IS NULL AND counter < ?8", "counter = ?8, secret = ifnull(?9, secret)")
        }
        Proven::Recovery { .. } => ("used_at IS NULL", "counter = 0"),
        Proven::Passkey { .. } => ("(counter < ?8 OR counter = 0 AND ?8 = 0)", "counter = ?8"),
    };
    let own = format!("credentials.id = ?7 AND user_id = ?2 AND {unused}");
    let is_right = format!(
        "EXISTS (SELECT 1 FROM second_steps WHERE {open}) AND EXISTS (SELECT 1 FROM credentials WHERE {own})"
    );
    let mut statements = vec![clear_all("?6", &is_right)];
    match proven {
        Proven::App { .. } => {}
        Proven::Recovery { .. } => {
            let (condition, parameters) = (format!("users.id = ?2 AND {is_right}"), ["?5", "?8", "?9"]);
            let is_told = format!("email_verified AND {condition}");
            statements.extend(report.notice(Event::RecoveryCodeUsed, "email", &is_told, parameters));
            statements.extend(report.event(&NewEvent::own(EventType::RecoveryUsed, &condition), parameters));
        }
        Proven::Passkey { .. } => statements.push(spend("?9", "?10", "users.id = ?2")),
    }
    statements.extend([
        format!(
            "UPDATE credentials SET {change}, used_at = ?5 WHERE {own} AND EXISTS (SELECT 1 FROM second_steps WHERE {open})"
        ),
        format!("DELETE FROM second_steps WHERE {open} AND changes() > 0"),
        format!("SELECT {} FROM users WHERE id = ?2 AND changes() > 0", *COLUMNS),
    ]);
    statements
}

/// Adds a notice of a wrong second factor to a user, whose first proof was right, if the address is verified.
pub async fn note_wrong(db: &impl Db, user_id: i64, origin: &Origin, now: i64) -> Result<(), DbError> {
    let sql = outbox::add(
        Event::WrongSecondFactor,
        "email",
        "id = ?1 AND is_active AND email_verified",
        ["?2", "?3", "?4"],
    );
    let [agent, place] = origin.params();
    db.first(&sql, &[user_id.into(), now.into(), agent, place]).await.map(drop)
}

/// Statement that deletes up to ?2 steps that have ended by ?1, and gives a row if there were any.
pub const PURGE: [&str; 1] = ["DELETE FROM second_steps WHERE id IN \
     (SELECT id FROM second_steps WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2) RETURNING 1"];
