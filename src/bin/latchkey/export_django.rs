//! `export-django`

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Writes the users as a fixture that Django loads
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Deployment, _: &Options) -> Result<()> {
    bail!("not there yet")
}
