//! `users activate`: lets a user log in again.

use anyhow::Result;

use super::{UserSelector, describe};
use crate::output;
use crate::settings::Deployment;

/// Lets a user log in again
#[derive(clap::Args)]
#[command(after_help = "Sessions that ended stay ended.

Example:
  npx latchkey users activate jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let sql = "UPDATE users SET is_active = 1, updated_at = unixepoch() WHERE id = ?1 AND NOT is_active RETURNING id";
    let is_changed = database.row(sql, &[user.id.into()])?.is_some();
    output::print(&if is_changed {
        format!("{} is active now.", describe(&user))
    } else {
        format!("{} is active already; nothing was changed.", describe(&user))
    })
}
