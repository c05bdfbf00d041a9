//! Recorded failed logins of an account, from all addresses.

use std::fmt;

use latchkey::config::Config;
use latchkey::store::db::{DbError, Row};
use serde::Serialize;

use crate::output::time;

/// Columns that [`Failures::read`] takes, of the unexpired rows of `login_failures` of one account.
///
/// Where both are recorded, the count over all addresses is at least that of each address.
pub const COLUMNS: &str = "ifnull(max(sum(iif(address = '', count, 0)), sum(iif(address = '', 0, count))), 0) AS failures, \
     nullif(max(iif(address = '' AND blocked_until > unixepoch(), blocked_until, 0)), 0) AS blocked, \
     count(iif(address <> '' AND blocked_until > unixepoch(), 1, NULL)) AS addresses, \
     nullif(max(iif(address <> '' AND blocked_until > unixepoch(), blocked_until, 0)), 0) AS addresses_blocked";

/// Failed logins, and the lockout that they caused. Times are in Unix seconds.
#[derive(Debug, Serialize)]
pub struct Failures {
    pub count: i64,
    /// End of the lockout from all addresses.
    pub blocked_until: Option<i64>,
    /// Number of addresses that are blocked.
    pub blocked_addresses: i64,
    /// End of the last lockout of these addresses.
    pub addresses_blocked_until: Option<i64>,
}

impl Failures {
    pub fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self {
            count: row.integer()?,
            blocked_until: row.optional_integer()?,
            blocked_addresses: row.integer()?,
            addresses_blocked_until: row.optional_integer()?,
        })
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.blocked_until, self.addresses_blocked_until) {
            (Some(until), _) => write!(f, "blocked until {}", time(until))?,
            (None, Some(until)) => {
                let addresses = if self.blocked_addresses == 1 { "address" } else { "addresses" };
                write!(f, "blocked from {} {addresses} until {}", self.blocked_addresses, time(until))?;
            }
            (None, None) => f.write_str("not blocked")?,
        }
        let failures = if self.count == 1 { "failure" } else { "failures" };
        write!(f, "; {} {failures} recorded", self.count)
    }
}

/// Keyed hash under which an email's failures are recorded.
pub fn account(config: &Config, email: &str) -> String {
    config.throttle.account(email)
}
