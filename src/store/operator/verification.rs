//! Verification of emails by the operator.

use super::{Database, Recorder, run};
use crate::store::DbError;
use crate::store::email::END_VERIFICATIONS;
use crate::store::events::EventType;

/// SQL condition over rows of `users`: the user has credentials, and never had a verified address. Whoever proves the mailbox
/// would remove them.
const HAS_UNPROVEN_CREDENTIALS: &str =
    "verified_at IS NULL AND EXISTS (SELECT 1 FROM credentials WHERE user_id = users.id)";

/// Tells whether a user has credentials from before their address was ever verified.
pub fn has_unproven_credentials(database: &dyn Database, id: i64) -> Result<bool, DbError> {
    let sql = format!("SELECT 1 FROM users WHERE id = ?1 AND {HAS_UNPROVEN_CREDENTIALS}");
    Ok(database.row(&sql, &[id.into()])?.is_some())
}

/// Verifies the email of a user, if it is this one still, and ends verifications. Returns false if it
/// was verified, or the user has credentials from before, unless it is `with_credentials`.
pub fn verify(
    database: &dyn Database,
    recorder: Recorder,
    id: i64,
    email: &str,
    with_credentials: bool,
) -> Result<bool, DbError> {
    let condition = format!(
        "users.id = ?1 AND email COLLATE BINARY = ?2 AND NOT email_verified \
         AND (?3 OR NOT ({HAS_UNPROVEN_CREDENTIALS}))"
    );
    let event = recorder.event(EventType::UserVerified, "NULL", &condition);
    let sql = format!(
        "UPDATE users SET email_verified = 1, verified_at = ifnull(verified_at, unixepoch()), {END_VERIFICATIONS}, \
         updated_at = unixepoch() WHERE {condition} RETURNING id"
    );
    let statements: Vec<_> = event.into_iter().chain([sql]).collect();
    let params = [id.into(), email.into(), i64::from(with_credentials).into()];
    Ok(run(database, &statements, &params)?.is_some())
}
