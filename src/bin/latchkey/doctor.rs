//! `doctor`

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Checks what commonly goes wrong, and says how to mend it
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Deployment, _: &Options) -> Result<()> {
    bail!("not there yet")
}
