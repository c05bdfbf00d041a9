//! `users set-password`: gives a user another password.

use anyhow::{Result, bail};

use super::{UserSelector, describe};
use crate::settings::Deployment;
use crate::{output, prompt};

/// Gives a user another password, and ends their sessions
#[derive(clap::Args)]
#[command(after_help = "It asks for the password. Blocks by failed logins stay: users unthrottle lifts them.

Examples:
  npx latchkey users set-password jake@example.com
  pass show jake | npx latchkey users set-password jake@example.com --password-stdin")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if !options.password_stdin && !prompt::is_possible() {
        bail!("standard input is not a terminal: pass --password-stdin, and the password there");
    }
    let hasher = deployment.hasher()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if !options.password_stdin {
        eprintln!("A new password for {}.", describe(&user));
    }
    let hash = prompt::new_hash(hasher, options.password_stdin)?;
    let sql = "UPDATE users SET password = ?2, token_version = token_version + 1, kept_sid = NULL, \
               updated_at = unixepoch() WHERE id = ?1";
    database.row(sql, &[user.id.into(), hash.as_str().into()])?;
    output::print(&format!("{} has the new password now; every session has ended.", describe(&user)))
}
