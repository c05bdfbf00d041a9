//! Descriptions of recorded failed logins.

use std::fmt::Write as _;

use latchkey::store::operator::login_failures::Failures;

use crate::output::time;

/// Describes failures and the lockout that they caused.
pub fn describe(failures: &Failures) -> String {
    let mut description = match (failures.blocked_until, failures.ips_blocked_until) {
        (Some(until), _) => format!("blocked until {}", time(until)),
        (None, Some(until)) => {
            let addresses = if failures.blocked_ips == 1 { "IP address" } else { "IP addresses" };
            format!("blocked from {} {addresses} until {}", failures.blocked_ips, time(until))
        }
        (None, None) => "not blocked".to_owned(),
    };
    let noun = if failures.count == 1 { "failure" } else { "failures" };
    let _ = write!(description, "; {} {noun} recorded", failures.count); // writing to a String can't fail
    description
}
