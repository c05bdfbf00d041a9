//! `createsuperuser`

use anyhow::{Result, bail};

use crate::settings::Deployment;

/// Makes a user who is staff and superuser
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Deployment, _: &Options) -> Result<()> {
    bail!("not there yet")
}
