//! `token`

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Prints a user and a fresh token, or what a token says
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Deployment, _: &Options) -> Result<()> {
    bail!("not there yet")
}
