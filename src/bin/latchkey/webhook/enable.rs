//! `webhook enable`: lets a webhook go on that has stopped.

use anyhow::Result;
use latchkey::store::operator::webhook;

use crate::output::{self, time};
use crate::settings::Deployment;

/// Lets deliveries go on that have stopped
#[derive(clap::Args)]
#[command(
    after_help = "A server that answers with the status 410 wants no more of them, and the Worker stops. Events of the time since \
are sent at its next run of the schedule.

Example:
  npx latchkey webhook enable --remote"
)]
pub struct Options {}

pub fn run(deployment: &Deployment, _: &Options) -> Result<()> {
    let database = deployment.writable_database()?;
    output::print(&match webhook::enable(&*database)? {
        Some(at) => format!("The webhook goes on; it was stopped since {}.", time(at)),
        None => "The webhook was not stopped; nothing was changed.".to_owned(),
    })
}
