//! `users unlock`: clears failed logins, which ends the lockout that they caused.

use anyhow::Result;

use super::UserSelector;
use super::failures::{self, Failures};
use super::record::Selector;
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Clears failed logins, so that they no longer block
#[derive(clap::Args)]
#[command(
    after_help = "The email may be one that no user has. To clear wrong current passwords of a user whose email has \
changed, pass the id. This needs JWT_SECRET, which keys the recorded failures; with --remote it comes from the \
environment or stdin.

Example:
  npx latchkey users unlock jake@example.com"
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
            "No failed logins are recorded for {}; nothing was changed.",
            escape_for_terminal(&email)
        ));
    };
    let failures = Failures::read(&mut row)?;
    database.row("DELETE FROM login_failures WHERE account IN (?1, ?2)", &accounts)?;
    output::print(&format!(
        "Logins as {} were {failures}. All failures are cleared.",
        escape_for_terminal(&email)
    ))
}
