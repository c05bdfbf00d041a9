//! `secret`: prints a new random secret.

use anyhow::Result;
use base64ct::{Base64, Encoding as _};
use latchkey::auth::secret::MIN_BYTES;

use crate::{output, random};

/// Prints a new random secret fit for JWT_SECRET or DATA_SECRET
#[derive(clap::Args)]
#[command(after_help = "Examples:
  npx latchkey secret | npx wrangler secret put JWT_SECRET
  npx latchkey secret --webhook | npx wrangler secret put WEBHOOK_SECRET")]
pub struct Options {
    /// Print one fit for WEBHOOK_SECRET instead
    #[arg(long)]
    webhook: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let mut bytes = [0; MIN_BYTES];
    random::fill(&mut bytes)?;
    let secret = if options.webhook {
        format!("whsec_{}", Base64::encode_string(&bytes))
    } else {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    output::print(&secret)
}
