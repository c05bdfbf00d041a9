//! `users deactivate`: deactivates a user.

use anyhow::Result;

use super::{UserSelector, change};
use crate::settings::Deployment;

/// Deactivates a user and ends all of their sessions
#[derive(clap::Args)]
#[command(after_help = "Their data stays; 'users activate' lets them log in again.

Example:
  npx latchkey users deactivate jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let sql = "UPDATE users SET is_active = 0, token_version = token_version + 1, kept_sid = NULL, \
               updated_at = unixepoch() WHERE id = ?1 AND is_active RETURNING id";
    change(deployment, &options.user, sql, |user, is_changed| {
        if is_changed {
            format!("{user} is deactivated; all sessions have ended.")
        } else {
            format!("{user} is already deactivated; nothing was changed.")
        }
    })
}
