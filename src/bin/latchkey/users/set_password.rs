//! `users set-password`: sets a user's password.

use anyhow::{Result, bail};
use latchkey::error::Field;
use latchkey::store::operator::changes;

use super::{UserSelector, describe};
use crate::settings::Deployment;
use crate::violations::Violations;
use crate::{output, prompt, usage};

/// Sets a user's password and ends all of their sessions
#[derive(clap::Args)]
#[command(after_help = "Prompts for the password. A lockout by failed logins stays: 'users unlock' ends it.

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
    if !options.password_stdin && !prompt::stdin_is_terminal() {
        return Err(usage::error("stdin is not a terminal: pass --password-stdin and the password there"));
    }
    let (hasher, min_length) = (deployment.hasher()?, deployment.min_length()?);
    let recorder = deployment.recorder()?;
    let mut violations = Violations::default();
    let from_stdin = if options.password_stdin {
        violations.take(Field::Password, prompt::valid_password(prompt::first_line_as_input()?, min_length))
    } else {
        None
    };
    violations.into_result("nothing was changed")?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if !options.password_stdin {
        output::note(&format!("New password for {}.", describe(&user)));
    }
    let password = match from_stdin {
        Some(password) => password,
        None => prompt::new_password(min_length)?,
    };
    let hash = prompt::hash(hasher, &password)?;
    if !changes::set_password(&*database, recorder, user.id, &hash)? {
        bail!("{} no longer exists; nothing was changed", describe(&user));
    }
    output::print(&format!("{} has the new password; all sessions have ended.", describe(&user)))
}
