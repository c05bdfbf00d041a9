//! `users verify`: marks the email of a user as verified.

use anyhow::{Result, bail};
use latchkey::store::operator::users;

use super::{UserSelector, describe};
use crate::output;
use crate::settings::Deployment;

/// Marks the email of a user as verified
#[derive(clap::Args)]
#[command(
    after_help = "For an address that you know to be theirs. Sessions go on; what was mailed to verify it or to log in \
is no longer valid.

Example:
  npx latchkey users verify jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if users::verify(&*database, user.id, &user.email)? {
        return output::print(&format!("The email of {} is verified.", describe(&user)));
    }
    if user.email_verified {
        bail!("the email of {} is verified already; nothing was changed", describe(&user));
    }
    bail!("{} has changed in the meantime: look at them with 'users show', and try again", describe(&user))
}
