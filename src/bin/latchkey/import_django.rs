//! `import-django`

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Moves a Django deployment's users in
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Deployment, _: &Options) -> Result<()> {
    bail!("not there yet")
}
