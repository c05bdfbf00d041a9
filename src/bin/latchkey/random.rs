//! Randomness of the operating system.

use anyhow::{Result, anyhow};

/// Fills a buffer with random bytes.
pub fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| anyhow!("the system gives no random bytes: {error}"))
}
