//! `users create`: creates a user.

use anyhow::Result;

use crate::new_user::{self, Kind, NewUser};
use crate::output;
use crate::settings::Deployment;

/// Creates a user who is neither staff nor superuser
#[derive(clap::Args)]
#[command(after_help = "Prompts for what you don't pass. Limits of registrations don't count here.

Examples:
  npx latchkey users create
  pass show jake | npx latchkey users create --email jake@example.com --username jake --password-stdin")]
pub struct Options {
    #[command(flatten)]
    user: NewUser,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let user = new_user::create(deployment, &options.user, Kind::User)?;
    output::print(&format!("User created successfully. Their id is {}.", user.id))
}
