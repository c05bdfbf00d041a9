//! `users set-staff`: sets a user's staff and superuser flags.

use anyhow::{Result, bail};
use latchkey::store::operator::changes;

use super::{UserSelector, describe, last_superuser};
use crate::settings::Deployment;
use crate::{output, prompt, usage};

/// Sets a user's staff and superuser flags
#[derive(clap::Args)]
#[command(
    after_help = "A flag that you don't pass stays as it is. The command shows the user's id and email and asks for \
confirmation before it changes anything.

Examples:
  npx latchkey users set-staff jake@example.com --staff true --superuser false
  npx latchkey users set-staff 7 --staff true --yes"
)]
#[group(id = "flags", required = true, multiple = true, args = ["staff", "superuser"])]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Staff, or not
    #[arg(long)]
    staff: Option<bool>,
    /// Superuser, or not
    #[arg(long)]
    superuser: Option<bool>,
    /// Skip the confirmation
    #[arg(long)]
    yes: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if !options.yes && !prompt::stdin_is_terminal() {
        return Err(usage::error("stdin is not a terminal: pass --yes to skip the confirmation"));
    }
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let (staff, superuser) =
        (options.staff.unwrap_or(user.is_staff), options.superuser.unwrap_or(user.is_superuser));
    let state = format!("staff: {}, superuser: {}", output::yes_or_no(staff), output::yes_or_no(superuser));
    let is_that = (user.is_staff, user.is_superuser) == (staff, superuser);
    if !is_that && !options.yes && !prompt::confirm(&format!("{} will be {state}.", describe(&user)))? {
        bail!("nothing was changed");
    }
    let is_changed = changes::set_flags(&*database, recorder, user.id, options.staff, options.superuser)?;
    if !is_changed && !is_that {
        bail!("{}; nothing was changed", last_superuser(&user));
    }
    output::print(&if is_changed {
        format!("{} is changed: {state}.", describe(&user))
    } else {
        format!("{} is unchanged: {state}.", describe(&user))
    })
}
