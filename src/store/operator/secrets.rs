//! Requests for mail, as limits count them.

use super::{Database, Statement};
use crate::store::{DAY, DbError};

/// Requests for mail that limits count.
pub struct Requests {
    /// Those for mail to the addresses.
    pub to_addresses: i64,
    /// New addresses of the user that were mailed to, without those that can still be verified.
    pub new_addresses: i64,
}

/// SQL condition over rows of `secrets`: a limit counts the address for the user ?3, who neither has it nor waits for it. Its
/// secret has ended for good: asked for again, the address gets another.
fn is_given_up() -> String {
    format!(
        "user_id = ?3 AND purpose = 'verification' AND created_at > unixepoch() - {DAY} AND email IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM users WHERE id = ?3 AND secrets.email IN (users.email, pending_email))"
    )
}

/// Counts the requests for mail to addresses, and of a user. `accounts` are the keyed hashes of these addresses.
pub fn count(
    database: &dyn Database,
    [account, other]: [&str; 2],
    user_id: Option<i64>,
) -> Result<Requests, DbError> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM secrets WHERE account IN (?1, ?2) AND purge_at > unixepoch()) AS to_addresses, \
         (SELECT count(DISTINCT email) FROM secrets WHERE {}) AS new_addresses",
        is_given_up()
    );
    let row = database.row(&sql, &[account.into(), other.into(), user_id.into()])?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count() gave no row".to_owned()))?;
    Ok(Requests { to_addresses: row.integer()?, new_addresses: row.integer()? })
}

/// Takes requests out of the limits of addresses and of a user. Those of networks count them still, and every secret stays
/// as good as it is.
pub fn lift_limits(
    database: &dyn Database,
    [account, other]: [&str; 2],
    user_id: Option<i64>,
) -> Result<(), DbError> {
    let given_up = format!("UPDATE secrets SET email = NULL WHERE {}", is_given_up());
    database.run_all(&[
        Statement {
            sql: "UPDATE secrets SET account = '' WHERE account IN (?1, ?2)",
            params: vec![account.into(), other.into()],
        },
        Statement { sql: &given_up, params: vec![account.into(), other.into(), user_id.into()] },
    ])
}
