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

/// Reads the failures of whichever of two accounts has more, if any are recorded.
pub fn most(
    database: &dyn Database,
    account: &str,
    other_account: Option<&str>,
) -> Result<Option<Failures>, DbError> {
    let sql = [
        "SELECT ",
        COLUMNS,
        " FROM login_failures WHERE account IN (?1, ?2) AND expires_at > unixepoch() \
         GROUP BY account ORDER BY failures DESC LIMIT 1",
    ];
    let row = database.row(&sql.concat(), &[account.into(), other_account.into()])?;
    row.map(|mut row| Failures::read(&mut row)).transpose()
}

/// Deletes the failures of two accounts.
pub fn clear(database: &dyn Database, account: &str, other_account: Option<&str>) -> Result<(), DbError> {
    let sql = "DELETE FROM login_failures WHERE account IN (?1, ?2)";
    database.row(sql, &[account.into(), other_account.into()]).map(drop)
}
