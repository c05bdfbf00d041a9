//! `users verify`: marks the email of a user as verified.

use anyhow::{Result, bail};
use latchkey::store::operator::verification;

use super::{UserSelector, describe};
use crate::output;
use crate::settings::Deployment;

/// Marks the email of a user as verified
#[derive(clap::Args)]
#[command(
    after_help = "For an address that you know to be theirs. Sessions go on; what was mailed to verify it or to log in \
is no longer valid.

An address that was never verified may be a stranger's account: whoever proves the mailbox first, by a reset, say, owns \
it, and its authenticator app, recovery codes and passkeys are removed then. Once it is verified they stay. So with \
credentials from before that this verifies nothing without --with-credentials, which says that they are the owner's too, \
as those of an imported user are; else remove them first with 'users credentials remove'.

Examples:
  npx latchkey users verify jake@example.com
  npx latchkey users verify jake@example.com --with-credentials"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Keep credentials that were there before the address was ever verified
    #[arg(long)]
    with_credentials: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if verification::verify(&*database, recorder, user.id, &user.email, options.with_credentials)? {
        return output::print(&format!("The email of {} is verified.", describe(&user)));
    }
    if user.email_verified {
        bail!("the email of {} is verified already; nothing was changed", describe(&user));
    }
    if verification::has_unproven_credentials(&*database, user.id)? {
        bail!(
            "{0} has credentials from before the email was ever verified; nothing was changed. If you know that they are \
             its owner's too, pass --with-credentials; else remove them with 'users credentials remove {1} --all' first",
            describe(&user),
            user.id
        );
    }
    bail!("{} has changed in the meantime: look at them with 'users show', and try again", describe(&user))
}
