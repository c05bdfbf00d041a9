//! `users unlock`: clears failed logins, which ends the lockout that they caused, and lifts limits of mail.

use anyhow::Result;
use latchkey::auth::lockout::Lockout;
use latchkey::auth::single_use::SingleUseKey;
use latchkey::store::operator::secrets::{self, Requests};
use latchkey::store::operator::users::{self, Selector};
use latchkey::store::operator::{Database, login_failures};

use super::{UserSelector, failures, find};
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Clears failed logins and requests for mail, so that they no longer block
#[derive(clap::Args)]
#[command(
    after_help = "The email may be one that no user has. To clear wrong current passwords and wrong second factors of a \
user whose email has changed, pass the id. Mail that was asked for counts no longer for that email, an address that waits to be verified, \
and their user; it still counts for the network it was asked from, and what was mailed stays valid.

This needs JWT_SECRET, which keys what is recorded; with --remote it comes from the environment or stdin.

Example:
  npx latchkey users unlock jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let (config, mail_key) = deployment.config_and_mail_key()?;
    let database = deployment.writable_database()?;
    // Logins are limited by email, whether a user has it or not.
    let email = match find::parse(&options.user.user)? {
        Selector::Email(email) => email,
        _ => options.user.find(&*database)?.email,
    };
    // Wrong current passwords and wrong second factors are recorded under the user.
    let (id, pending) = users::id_and_pending_of_email(&*database, &email)?.unzip();
    let mut lines = Vec::new();
    lines.extend(clear_failures(&*database, &config.passwords.lockout, &email, id)?);
    let pending = pending.flatten();
    let addresses = [&*email, pending.as_deref().unwrap_or(&email)];
    lines.extend(lift_limits(&*database, &mail_key, addresses, id)?);
    output::print(&if lines.is_empty() {
        let email = escape_for_terminal(&email);
        format!("No failed logins and no requests for mail are recorded for {email}; nothing was changed.")
    } else {
        lines.join("\n")
    })
}

fn clear_failures(
    database: &dyn Database,
    lockout: &Lockout,
    email: &str,
    id: Option<i64>,
) -> Result<Option<String>> {
    let accounts = [
        Some(lockout.account(email)),
        id.map(|id| lockout.user(id)),
        id.map(|id| lockout.factor(&id.to_string())),
    ];
    let accounts = accounts.each_ref().map(Option::as_deref);
    let Some(failures) = login_failures::most(database, accounts)? else { return Ok(None) };
    login_failures::clear(database, accounts)?;
    Ok(Some(format!(
        "Logins as {} were {}. All failures are cleared.",
        escape_for_terminal(email),
        failures::describe(&failures)
    )))
}

fn lift_limits(
    database: &dyn Database,
    key: &SingleUseKey,
    addresses: [&str; 2],
    id: Option<i64>,
) -> Result<Vec<String>> {
    let accounts = addresses.map(|address| key.account(address));
    let accounts = accounts.each_ref().map(String::as_str);
    let Requests { to_addresses, new_addresses } = secrets::count(database, accounts, id)?;
    if to_addresses + new_addresses == 0 {
        return Ok(Vec::new());
    }
    secrets::lift_limits(database, accounts, id)?;
    let [email, pending] = addresses.map(escape_for_terminal);
    let to = if pending == email { email } else { format!("{email} and {pending}") };
    let number = |count, one, more| format!("{count} {}", if count == 1 { one } else { more });
    let counted = [
        (to_addresses, format!("{} for mail to {to}", number(to_addresses, "request", "requests"))),
        (new_addresses, format!("{} that the user gave up", number(new_addresses, "address", "addresses"))),
    ];
    let lifted = counted.into_iter().filter(|(count, _)| *count > 0);
    Ok(lifted.map(|(_, what)| format!("Limits of mail no longer count {what}.")).collect())
}
