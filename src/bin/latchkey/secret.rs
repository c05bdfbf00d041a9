//! `secret`: prints a new random secret.

use anyhow::{Result, anyhow};
use latchkey::auth::secret::MIN_BYTES;

/// Prints a new random secret fit for JWT_SECRET
#[derive(clap::Args)]
#[command(after_help = "Example:\n  npx latchkey secret | npx wrangler secret put JWT_SECRET")]
pub struct Options {}

pub fn run(_: &Options) -> Result<()> {
    let mut bytes = [0; MIN_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("this machine has no randomness to give: {error}"))?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{secret}");
    Ok(())
}
