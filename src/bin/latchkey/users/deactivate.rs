//! `users deactivate`: keeps a user out.

use anyhow::Result;

use super::{UserSelector, describe};
use crate::output;
use crate::settings::Deployment;

/// Keeps a user out, and ends their sessions
#[derive(clap::Args)]
#[command(after_help = "Their data stays; 'users activate' lets them in again.

Example:
  npx latchkey users deactivate jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let sql = "UPDATE users SET is_active = 0, token_version = token_version + 1, kept_sid = NULL, \
               updated_at = unixepoch() WHERE id = ?1 AND is_active RETURNING id";
    let is_changed = database.row(sql, &[user.id.into()])?.is_some();
    output::print(&if is_changed {
        format!("{} is deactivated now; every session has ended.", describe(&user))
    } else {
        format!("{} is deactivated already; nothing was changed.", describe(&user))
    })
}
