//! `users unthrottle`: lifts what failed logins have blocked.

use anyhow::{Result, anyhow};

use super::UserSelector;
use super::failures::{self, Failures};
use super::record::Selector;
use crate::output::{self, shown};
use crate::settings::Deployment;

/// Forgets failed logins, so that they block no more
#[derive(clap::Args)]
#[command(
    after_help = "The email may be one that no user has. This needs JWT_SECRET, under which failures are on record; \
with --remote it comes from the environment or standard input.

Example:
  npx latchkey users unthrottle jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let config = deployment.config()?;
    let database = deployment.writable_database()?;
    // Logins are throttled by email, whether anyone has it or not.
    let email = match Selector::parse(&options.user.user)? {
        Selector::Email(email) => email,
        _ => options.user.find(&*database)?.email,
    };
    let account = failures::account(&config, &email);
    let sql = [
        "SELECT ",
        failures::COLUMNS,
        " FROM login_failures WHERE account = ?1 AND expires_at > unixepoch()",
    ];
    let row = database.row(&sql.concat(), &[account.as_str().into()])?;
    let failures = Failures::read(&mut row.ok_or_else(|| anyhow!("the database gave no row"))?)?;
    if failures.count == 0 {
        return output::print(&format!(
            "No failed logins with {} are on record; nothing was changed.",
            shown(&email)
        ));
    }
    database.row("DELETE FROM login_failures WHERE account = ?1", &[account.as_str().into()])?;
    output::print(&format!("Logins with {} were {failures}. All is forgotten now.", shown(&email)))
}
