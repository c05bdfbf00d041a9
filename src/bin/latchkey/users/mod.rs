//! `users`: finds and changes users, one subcommand a file.

pub mod record;

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Finds and changes users
#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists users
    List,
}

pub fn run(_: &Deployment, _: &Command) -> Result<()> {
    bail!("not there yet")
}
