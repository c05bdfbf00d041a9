//! `createsuperuser`: creates a user who is staff and superuser, with the prompts of Django's command of this name.

use anyhow::Result;

use crate::new_user::{self, NewUser};
use crate::output;
use crate::settings::Deployment;

/// Creates a user who is staff and superuser
#[derive(clap::Args)]
#[command(after_help = "Prompts for what you don't pass.

Examples:
  npx latchkey createsuperuser
  pass show latchkey | npx latchkey createsuperuser --email jake@example.com --username jake --password-stdin")]
pub struct Options {
    #[command(flatten)]
    user: NewUser,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let id = new_user::create(deployment, &options.user, "superuser", true)?;
    output::print(&format!("Superuser created successfully. Their id is {id}."))
}
