//! `users deactivate`: deactivates a user.

use anyhow::Result;
use latchkey::store::operator::users;

use super::{UserSelector, apply};
use crate::settings::Deployment;

/// Deactivates a user and ends all of their sessions
#[derive(clap::Args)]
#[command(
    after_help = "Their data stays; 'users activate' lets them log in again. What was mailed before is no longer valid.

Example:
  npx latchkey users deactivate jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    apply(
        deployment,
        &options.user,
        users::deactivate,
        "is deactivated; all sessions have ended",
        "is already deactivated",
    )
}
