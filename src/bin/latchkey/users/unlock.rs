//! `users unlock`: clears failed logins, which ends the lockout that they caused.

use anyhow::Result;
use latchkey::store::operator::login_failures;
use latchkey::store::operator::users::{self, Selector};

use super::{UserSelector, failures, find};
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
    // Logins are limited by email, whether a user has it or not.
    let email = match find::parse(&options.user.user)? {
        Selector::Email(email) => email,
        _ => options.user.find(&*database)?.email,
    };
    // Wrong current passwords are recorded under the user too.
    let id = users::id_of_email(&*database, &email)?;
    let (account, user_account) =
        (config.passwords.lockout.account(&email), id.map(|id| config.passwords.lockout.user(id)));
    let Some(failures) = login_failures::most(&*database, &account, user_account.as_deref())? else {
        return output::print(&format!(
            "No failed logins are recorded for {}; nothing was changed.",
            escape_for_terminal(&email)
        ));
    };
    login_failures::clear(&*database, &account, user_account.as_deref())?;
    output::print(&format!(
        "Logins as {} were {}. All failures are cleared.",
        escape_for_terminal(&email),
        failures::describe(&failures)
    ))
}
