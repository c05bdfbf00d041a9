//! `users set-staff`: says who is staff, and who is superuser.

use anyhow::{Result, bail};

use super::{UserSelector, describe};
use crate::settings::Deployment;
use crate::{output, prompt};

/// Makes a user staff or superuser, or no longer
#[derive(clap::Args)]
#[command(
    after_help = "What you don't give stays as it is. It shows the user's id and email and asks before it \
changes anything.

Examples:
  npx latchkey users set-staff jake@example.com --staff true --superuser false
  npx latchkey users set-staff 7 --staff true --yes"
)]
#[group(id = "flags", required = true, multiple = true, args = ["staff", "superuser"])]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Whether the user is staff
    #[arg(long)]
    staff: Option<bool>,
    /// Whether the user is superuser
    #[arg(long)]
    superuser: Option<bool>,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if !options.yes && !prompt::is_possible() {
        bail!("standard input is not a terminal: pass --yes to change this without being asked");
    }
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let (staff, superuser) =
        (options.staff.unwrap_or(user.is_staff), options.superuser.unwrap_or(user.is_superuser));
    let state = format!("staff: {}, superuser: {}", output::yes_or_no(staff), output::yes_or_no(superuser));
    let is_that = (user.is_staff, user.is_superuser) == (staff, superuser);
    if !is_that && !options.yes && !prompt::confirm(&format!("{} will be {state}.", describe(&user)))? {
        bail!("nothing was changed");
    }
    let sql = "UPDATE users SET is_staff = ifnull(?2, is_staff), is_superuser = ifnull(?3, is_superuser), \
               updated_at = unixepoch() \
               WHERE id = ?1 AND (is_staff <> ifnull(?2, is_staff) OR is_superuser <> ifnull(?3, is_superuser)) \
               RETURNING id";
    let params =
        [user.id.into(), options.staff.map(i64::from).into(), options.superuser.map(i64::from).into()];
    let is_changed = database.row(sql, &params)?.is_some();
    output::print(&if is_changed {
        format!("{} is changed; {state}.", describe(&user))
    } else {
        format!("{} is that already ({state}); nothing was changed.", describe(&user))
    })
}
