//! `users set-staff`: says who is staff, and who is superuser.

use anyhow::Result;

use super::{Who, named};
use crate::output;
use crate::settings::Deployment;

/// Makes a user staff or superuser, or no longer
#[derive(clap::Args)]
#[command(after_help = "What you don't give stays as it is.

Example:
  npx latchkey users set-staff jake@example.com --staff true --superuser false")]
#[group(id = "flags", required = true, multiple = true, args = ["staff", "superuser"])]
pub struct Options {
    #[command(flatten)]
    who: Who,
    /// Whether the user is staff
    #[arg(long)]
    staff: Option<bool>,
    /// Whether the user is superuser
    #[arg(long)]
    superuser: Option<bool>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = options.who.find(&*database)?;
    let sql = "UPDATE users SET is_staff = ifnull(?2, is_staff), is_superuser = ifnull(?3, is_superuser), \
               updated_at = unixepoch() \
               WHERE id = ?1 AND (is_staff <> ifnull(?2, is_staff) OR is_superuser <> ifnull(?3, is_superuser)) \
               RETURNING id";
    let params =
        [user.id.into(), options.staff.map(i64::from).into(), options.superuser.map(i64::from).into()];
    let is_changed = database.row(sql, &params)?.is_some();
    let state = format!(
        "staff: {}, superuser: {}",
        output::yes_or_no(options.staff.unwrap_or(user.is_staff)),
        output::yes_or_no(options.superuser.unwrap_or(user.is_superuser))
    );
    output::print(&if is_changed {
        format!("{} is changed; {state}.", named(&user))
    } else {
        format!("{} is that already ({state}); nothing was changed.", named(&user))
    })
}
