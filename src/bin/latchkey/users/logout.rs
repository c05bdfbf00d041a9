//! `users logout`: ends all sessions of a user.

use anyhow::Result;
use latchkey::store::operator::users;

use super::{UserSelector, apply};
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
    apply(
        deployment,
        &options.user,
        users::revoke_all_sessions,
        "is logged out; all sessions have ended",
        "no longer exists",
    )
}
