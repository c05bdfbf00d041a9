//! Recorded failed logins of an account, from all client IPs.

use serde::Serialize;

use super::Database;
use crate::store::{DbError, Row};

/// Columns that [`Failures::read`] takes, of the unexpired rows of `login_failures` of one account.
///
/// Where both are recorded, the count over all client IPs is at least that of each client IP.
pub(super) const COLUMNS: &str = "ifnull(max(sum(iif(client_ip = '', count, 0)), sum(iif(client_ip = '', 0, count))), 0) AS failures, \
     nullif(max(iif(client_ip = '' AND blocked_until > unixepoch(), blocked_until, 0)), 0) AS blocked, \
     count(iif(client_ip <> '' AND blocked_until > unixepoch(), 1, NULL)) AS ips, \
     nullif(max(iif(client_ip <> '' AND blocked_until > unixepoch(), blocked_until, 0)), 0) AS ips_blocked";

/// Keyed hashes under which failures are recorded: of an email, of its user, and of the user's second factor.
pub type Accounts<'a> = [Option<&'a str>; 3];

/// Failed logins, and the lockout that they caused. Times are in Unix seconds.
#[derive(Debug, Serialize)]
pub struct Failures {
    pub count: i64,
    /// End of the lockout from all client IPs.
    pub blocked_until: Option<i64>,
    /// Number of client IPs that are blocked.
    pub blocked_ips: i64,
    /// End of the last lockout of these client IPs.
    pub ips_blocked_until: Option<i64>,
}

impl Failures {
    pub(super) fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self {
            count: row.integer()?,
            blocked_until: row.optional_integer()?,
            blocked_ips: row.integer()?,
            ips_blocked_until: row.optional_integer()?,
        })
    }
}

/// Reads the failures of whichever of some accounts has most, if any are recorded.
pub fn most(database: &dyn Database, accounts: Accounts<'_>) -> Result<Option<Failures>, DbError> {
    let sql = [
        "SELECT ",
        COLUMNS,
        " FROM login_failures WHERE account IN (?1, ?2, ?3) AND expires_at > unixepoch() \
         GROUP BY account ORDER BY failures DESC LIMIT 1",
    ];
    let row = database.row(&sql.concat(), &accounts.map(Into::into))?;
    row.map(|mut row| Failures::read(&mut row)).transpose()
}

/// Deletes the failures of some accounts.
pub fn clear(database: &dyn Database, accounts: Accounts<'_>) -> Result<(), DbError> {
    let sql = "DELETE FROM login_failures WHERE account IN (?1, ?2, ?3)";
    database.row(sql, &accounts.map(Into::into)).map(drop)
}
