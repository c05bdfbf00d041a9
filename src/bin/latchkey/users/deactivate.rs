//! `users deactivate`: deactivates a user.

use anyhow::{Result, bail};
use latchkey::store::operator::changes;

use super::{UserSelector, describe, last_superuser};
use crate::output;
use crate::settings::Deployment;

/// Deactivates a user and ends all of their sessions
#[derive(clap::Args)]
#[command(
    after_help = "Their data stays; 'users activate' lets them log in again. What was mailed before is no longer valid. \
The last active superuser stays.

Example:
  npx latchkey users deactivate jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if changes::deactivate(&*database, recorder, user.id)? {
        return output::print(&format!("{} is deactivated; all sessions have ended.", describe(&user)));
    }
    if user.is_active {
        bail!("{}; nothing was changed", last_superuser(&user));
    }
    output::print(&format!("{} is already deactivated; nothing was changed.", describe(&user)))
}
