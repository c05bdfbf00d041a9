//! Authenticator apps of users who are created with one.

use anyhow::{Context as _, Result, bail};
use latchkey::auth::seal::DataKeys;
use latchkey::auth::second_factor::{draw_credential_id, draw_recovery_set};
use latchkey::auth::totp;
use latchkey::store::operator::Database;
use latchkey::store::operator::changes::{self, NewFactor};
use latchkey::store::operator::credentials;

use crate::seals::{self, Seal};
use crate::{output, random};

/// Texts that set an app up. They are shown once.
pub struct App {
    seed: Vec<u8>,
    recovery_codes: Vec<String>,
}

/// Fails if stored seeds show that these are not the Worker's keys: no code of an app would be accepted.
pub fn check(database: &dyn Database, keys: &DataKeys) -> Result<()> {
    let page = credentials::seeds_page(database, i64::MIN, seals::PAGE)?;
    let mut count = 0;
    for seed in &page {
        if !matches!(seals::judge(keys, seed)?, Seal::Closed) {
            return Ok(());
        }
        count += 1;
    }
    if count > 0 {
        bail!("this DATA_SECRET opens no stored seed, so it is not the Worker's; no superuser was created");
    }
    Ok(())
}

impl App {
    /// Draws an app and recovery codes for the next user.
    pub fn draw(database: &dyn Database, keys: &DataKeys) -> Result<(Self, NewFactor)> {
        let user_id = changes::next_id(database)?;
        let mut seed = vec![0; totp::SEED_BYTES];
        random::fill(&mut seed)?;
        let id = draw_credential_id(random::fill)?;
        let codes = draw_recovery_set(random::fill)?;
        let recovery_codes = serde_json::from_str(&codes.codes).context("can't read the recovery codes")?;
        let sealed_seed = seals::seal(keys, &seed, user_id, id)?;
        let factor = NewFactor { user_id, id, sealed_seed, recovery_codes: codes.stored };
        Ok((Self { seed, recovery_codes }, factor))
    }

    /// Prints what an app takes, and the recovery codes.
    pub fn print(&self, application: &str, email: &str) -> Result<()> {
        let secret = totp::base32(&self.seed);
        let uri = totp::uri(application, email, &secret);
        output::print(&format!(
            "\nAuthenticator app, shown only now. As a QR code, or typed:\n  {uri}\n  {secret}\n\n\
             Recovery codes, each for one login without the app:\n  {}",
            self.recovery_codes.join("\n  ")
        ))
    }
}
