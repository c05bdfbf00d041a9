//! `users logout`: ends all sessions of a user.

use anyhow::Result;

use super::{UserSelector, change};
use crate::settings::Deployment;

/// Ends all sessions of a user
#[derive(clap::Args)]
#[command(after_help = "They can log in again at once; 'users deactivate' prevents that.

Example:
  npx latchkey users logout jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let sql = "UPDATE users SET token_version = token_version + 1, kept_sid = NULL WHERE id = ?1";
    change(deployment, &options.user, sql, |user, _| format!("All sessions of {user} have ended."))
}
