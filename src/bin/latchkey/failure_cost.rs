//! `COSTLIEST_HASH`: the cost to which the Worker brings every failed login, so that its time tells nothing of the user.

use anyhow::{Result, anyhow};
use latchkey::auth::password::{Algorithm, FailureCost, Hasher};

use crate::database::Database;
use crate::settings::Deployment;
use crate::users::hash;

/// Settings of a deployment.
pub struct Settings {
    hasher: Hasher,
    cost: FailureCost,
    costliest: Vec<Hasher>,
}

impl Settings {
    pub fn read(deployment: &Deployment) -> Result<Self> {
        let config = deployment.config_without_secret()?;
        let value = deployment.plain_variables()?.remove("COSTLIEST_HASH").unwrap_or_default();
        let costliest = value.split(',').filter_map(|hasher| hasher.trim().parse().ok()).collect();
        Ok(Self { hasher: config.hasher, cost: config.failure_cost, costliest })
    }

    /// True if a failed login costs no less than a hash of these parameters.
    pub fn covers(&self, stored: Hasher) -> bool {
        self.cost.covers(stored)
    }

    /// The value that covers these too.
    pub fn value_with(&self, hashers: &[Hasher]) -> String {
        value(self.hasher, self.costliest.iter().chain(hashers).copied())
    }

    /// The value that covers just these, if another one is set that costs more.
    pub fn cheaper_value(&self, hashers: &[Hasher]) -> Option<String> {
        let needed = FailureCost::new(hashers.iter().copied().chain([self.hasher]));
        let is_more = !self.costliest.is_empty()
            && needed != self.cost
            && hashers.iter().all(|hasher| self.covers(*hasher));
        is_more.then(|| value(self.hasher, hashers.iter().copied()))
    }
}

/// For each algorithm the costliest, unless the hasher of new passwords covers it.
fn value(hasher: Hasher, hashers: impl Iterator<Item = Hasher> + Clone) -> String {
    let costliest = [Algorithm::Sha256, Algorithm::Sha512].into_iter().filter_map(|algorithm| {
        hashers.clone().filter(|hasher| hasher.algorithm == algorithm).max_by_key(|hasher| hasher.iterations)
    });
    let texts = costliest.filter(|costliest| !FailureCost::new([hasher]).covers(*costliest));
    texts.map(|hasher| hasher.to_string()).collect::<Vec<_>>().join(", ")
}

/// Number of users by the parameters of their hash, the most first. No hash is read.
pub fn stored(database: &dyn Database) -> Result<Vec<(Hasher, i64)>> {
    let mut counts = Vec::new();
    for mut row in database.rows(hash::COUNTS, &[]).map_err(|error| anyhow!("{error}"))? {
        let (hasher, users) = (row.text()?, row.integer()?);
        // A hash that can't be read costs as much as an unknown email.
        counts.extend(hasher.parse().ok().map(|hasher| (hasher, users)));
    }
    Ok(counts)
}
