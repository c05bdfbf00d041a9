//! `secret`: prints a new random secret.

use anyhow::Result;
use latchkey::auth::secret::MIN_BYTES;

use crate::{output, random};

/// Prints a new random secret fit for JWT_SECRET or DATA_SECRET
#[derive(clap::Args)]
#[command(after_help = "Example:\n  npx latchkey secret | npx wrangler secret put JWT_SECRET")]
pub struct Options {}

pub fn run(_: &Options) -> Result<()> {
    let mut bytes = [0; MIN_BYTES];
    random::fill(&mut bytes)?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    output::print(&secret)
}
