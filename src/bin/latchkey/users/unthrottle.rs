//! `users unthrottle`: lifts what failed logins have blocked.

use anyhow::Result;

use super::UserSelector;
use super::failures::{self, Failures};
use super::record::Selector;
use crate::output::{self, shown};
use crate::settings::Deployment;

/// Forgets failed logins, so that they block no more
#[derive(clap::Args)]
#[command(
    after_help = "The email may be one that no user has. Wrong current passwords of a user whose email has changed are forgotten \
by the id. This needs JWT_SECRET, under which failures are on record; \
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
    // Wrong current passwords are on record under the user too.
    let id = database.row("SELECT id FROM users WHERE email = ?1", &[email.as_str().into()])?;
    let id = id.map(|mut row| row.integer()).transpose()?;
    let (of_email, of_user) = (failures::account(&config, &email), id.map(|id| config.throttle.user(id)));
    let accounts = [of_email.as_str().into(), of_user.as_deref().into()];
    let sql = [
        "SELECT ",
        failures::COLUMNS,
        " FROM login_failures WHERE account IN (?1, ?2) AND expires_at > unixepoch() \
         GROUP BY account ORDER BY failures DESC LIMIT 1",
    ];
    let row = database.row(&sql.concat(), &accounts)?;
    let Some(mut row) = row else {
        return output::print(&format!(
            "No failed logins with {} are on record; nothing was changed.",
            shown(&email)
        ));
    };
    let failures = Failures::read(&mut row)?;
    database.row("DELETE FROM login_failures WHERE account IN (?1, ?2)", &accounts)?;
    output::print(&format!("Logins with {} were {failures}. All is forgotten now.", shown(&email)))
}
