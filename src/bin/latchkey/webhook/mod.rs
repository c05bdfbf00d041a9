//! `webhook`: deliveries of events to another server, one subcommand per file.

mod enable;
mod list;
mod redeliver;

use anyhow::Result;

use crate::settings::Deployment;

/// Lists and repeats deliveries of events to WEBHOOK_URL
#[derive(clap::Subcommand)]
pub enum Command {
    List(list::Options),
    Redeliver(redeliver::Options),
    Enable(enable::Options),
}

pub fn run(deployment: &Deployment, command: &Command) -> Result<()> {
    match command {
        Command::List(options) => list::run(deployment, options),
        Command::Redeliver(options) => redeliver::run(deployment, options),
        Command::Enable(options) => enable::run(deployment, options),
    }
}

/// Reads `WEBHOOK_URL`, valid or not: nothing of the configuration has to be.
fn url(deployment: &Deployment) -> Result<Option<String>> {
    Ok(deployment.plain_variables()?.remove("WEBHOOK_URL").filter(|url| !url.is_empty()))
}
