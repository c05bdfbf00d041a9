//! `users activate`: lets a user log in again.

use anyhow::Result;

use super::{UserSelector, change};
use crate::settings::Deployment;

/// Lets a user log in again
#[derive(clap::Args)]
#[command(after_help = "Ended sessions stay ended.

Example:
  npx latchkey users activate jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let sql = "UPDATE users SET is_active = 1, updated_at = unixepoch() WHERE id = ?1 AND NOT is_active RETURNING id";
    change(deployment, &options.user, sql, |user, is_changed| {
        if is_changed {
            format!("{user} is active.")
        } else {
            format!("{user} is already active; nothing was changed.")
        }
    })
}
