//! `users activate`: lets a user log in again.

use anyhow::Result;
use latchkey::store::operator::changes;

use super::{UserSelector, apply};
use crate::settings::Deployment;

/// Lets a user log in again
#[derive(clap::Args)]
#[command(after_help = "Ended sessions stay ended.

Example:
  npx latchkey users activate jake@example.com")]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    apply(deployment, &options.user, changes::activate, "is active", "is already active")
}
