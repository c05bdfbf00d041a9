//! `users logout`: ends all sessions of a user.

use anyhow::Result;

use super::{UserSelector, describe};
use crate::output;
use crate::settings::Deployment;

/// Ends every session of a user
#[derive(clap::Args)]
#[command(after_help = "They can log in again at once; 'users deactivate' keeps them out.

Example:
  npx latchkey users logout jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let sql = "UPDATE users SET token_version = token_version + 1, kept_sid = NULL WHERE id = ?1";
    database.row(sql, &[user.id.into()])?;
    output::print(&format!("Every session of {} has ended.", describe(&user)))
}
