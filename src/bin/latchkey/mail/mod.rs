//! `mail`: shows mails.

mod preview;

use anyhow::Result;

use crate::settings::Deployment;

/// Shows mails
#[derive(clap::Subcommand)]
pub enum Command {
    Preview(preview::Options),
}

pub fn run(deployment: &Deployment, command: &Command) -> Result<()> {
    match command {
        Command::Preview(options) => preview::run(deployment, options),
    }
}
