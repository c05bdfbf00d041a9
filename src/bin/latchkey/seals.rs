//! Seals of the seeds of authenticator apps, in the database.

use anyhow::Result;
use latchkey::auth::seal::DataKeys;
use latchkey::auth::second_factor::place_of_seed;
use latchkey::store::operator::Database;
use latchkey::store::operator::credentials::{self, Seed};

use crate::cipher::Native;

/// Seeds of one query.
pub const PAGE: usize = 2_000;

/// Seal, as these keys find it.
pub enum Seal {
    Current,
    /// Sealed under the previous key, with the seed.
    Outdated(Vec<u8>),
    /// Sealed under neither.
    Closed,
}

/// Tries the keys on a seed.
pub fn judge(keys: &DataKeys, seed: &Seed) -> Result<Seal> {
    let place = place_of_seed(seed.user_id, seed.id);
    let opened = pollster::block_on(keys.open(&Native, &seed.sealed, &place));
    Ok(match opened.map_err(failed)? {
        Some(opened) if opened.is_outdated => Seal::Outdated(opened.bytes),
        Some(_) => Seal::Current,
        None => Seal::Closed,
    })
}

/// Seals a seed for a credential of a user.
pub fn seal(keys: &DataKeys, bytes: &[u8], user_id: i64, credential_id: i64) -> Result<String> {
    pollster::block_on(keys.seal(&Native, bytes, &place_of_seed(user_id, credential_id))).map_err(failed)
}

fn failed(error: latchkey::error::Error) -> anyhow::Error {
    anyhow::anyhow!("a seal failed: {error:?}")
}

/// Seals of all seeds.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    pub current: u64,
    pub outdated: u64,
    /// Ids of the users whose seed can't be opened.
    pub closed: Vec<i64>,
}

impl Survey {
    /// Users whose seed can't be opened, by their ids; of many the first.
    pub fn closed_users(&self) -> String {
        const SHOWN: usize = 20;
        let ids: Vec<_> = self.closed.iter().take(SHOWN).map(i64::to_string).collect();
        let noun = if self.closed.len() == 1 { "user" } else { "users" };
        match self.closed.len().saturating_sub(SHOWN) {
            0 => format!("{noun} {}", ids.join(", ")),
            more => format!("{noun} {} and {more} more", ids.join(", ")),
        }
    }
}

/// Passes on every seed, a page at a time.
pub fn each_page(database: &dyn Database, each: &mut dyn FnMut(&[Seed]) -> Result<()>) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let page = credentials::seeds_page(database, after, PAGE)?;
        each(&page)?;
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.id,
            _ => return Ok(()),
        }
    }
}

/// Tries the keys on every seed.
pub fn survey(database: &dyn Database, keys: &DataKeys) -> Result<Survey> {
    let mut survey = Survey::default();
    each_page(database, &mut |page| {
        for seed in page {
            match judge(keys, seed)? {
                Seal::Current => survey.current += 1,
                Seal::Outdated(_) => survey.outdated += 1,
                Seal::Closed => survey.closed.push(seed.user_id),
            }
        }
        Ok(())
    })?;
    Ok(survey)
}
