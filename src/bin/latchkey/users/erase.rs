//! `users erase`: deletes a user and all data of theirs.

use anyhow::{Result, bail};
use latchkey::store::operator::erasure;
use latchkey::store::operator::users::UserRecord;

use super::{UserSelector, describe, last_superuser, show};
use crate::output::escape_for_terminal;
use crate::settings::Deployment;
use crate::{output, prompt, usage};

/// Deletes a user and all data of theirs, for good
#[derive(clap::Args)]
#[command(
    after_help = "In one transaction: the user, sessions, credentials, mailed secrets, and notices and events that are not sent yet. \
Events of theirs stay with ids, types and times; where and with what each happened goes. A webhook is sent that the user is \
erased. The id is given to nobody again.

Failed logins are recorded under keyed hashes. They go too, if JWT_SECRET is known: with --remote it is taken from the \
environment. Else they go when they expire. Time Travel and backups keep the state before.

The command shows the user's id and email and asks you to type the email. The last active superuser stays.

Examples:
  npx latchkey users erase jake@example.com
  npx latchkey users erase 7 --remote --yes"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Skip the confirmation
    #[arg(long)]
    yes: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if !options.yes && !prompt::stdin_is_terminal() {
        return Err(usage::error("stdin is not a terminal: pass --yes to skip the confirmation"));
    }
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if !options.yes {
        confirm(&user)?;
    }
    let accounts = show::accounts(deployment, &user);
    let hashes = accounts.as_ref().ok().map(|hashes| hashes.each_ref().map(String::as_str));
    if !erasure::erase(&*database, recorder, user.id, &user.email, hashes)? {
        if user.is_active && user.is_superuser {
            bail!("{}; nothing was changed", last_superuser(&user));
        }
        bail!(
            "{} has changed in the meantime: look at them with 'users show', and try again",
            describe(&user)
        );
    }
    output::print(&format!("{} is erased.", describe(&user)))?;
    if let Err(error) = accounts {
        output::note(&format!(
            "Failed logins, if any are recorded, go when they expire, since {error:#}; no name or address is in them."
        ));
    }
    Ok(())
}

/// Asks for the email: there is no way back.
fn confirm(user: &UserRecord) -> Result<()> {
    output::note(&format!("{} will be erased, with all data of theirs, for good.", describe(user)));
    let typed = prompt::line(&format!("Type {} to continue: ", escape_for_terminal(&user.email)))?;
    if typed.trim() != user.email {
        bail!("this is not the email; nothing was changed");
    }
    Ok(())
}
