//! Erasure of a user by the operator.

use super::{Database, Recorder, run};
use crate::store::{DbError, Value};

/// Erases a user, if the email is this one still. Returns false if it is not, or the user is the last active superuser. `accounts`
/// are the keyed hashes under which their failures are recorded, if they are known.
pub fn erase(
    database: &dyn Database,
    recorder: Recorder,
    id: i64,
    email: &str,
    accounts: Option<[&str; 3]>,
) -> Result<bool, DbError> {
    let hashes = accounts.map(|_| ["?3", "?4", "?5"]);
    let statements = recorder.erasure("users.email COLLATE BINARY = ?2", hashes).statements();
    let mut params: Vec<Value<'_>> = vec![id.into(), email.into()];
    params.extend(accounts.into_iter().flatten().map(Value::from));
    Ok(run(database, &statements, &params)?.is_some())
}
