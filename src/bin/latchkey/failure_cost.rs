//! `COSTLIEST_HASH`: the cost of every failed login, so that its response time reveals nothing about the user.

use anyhow::Result;
use latchkey::auth::password::{Algorithm, FailureCost, Hasher};
use latchkey::store::DbError;
use latchkey::store::operator::{Database, password_hash};

use crate::settings::Deployment;

/// Hashing parameters and failure cost of a deployment.
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
        Ok(Self { hasher: config.passwords.hasher, cost: config.passwords.failure_cost, costliest })
    }

    /// True if a failed login costs no less than a hash of these parameters.
    pub fn covers(&self, stored: Hasher) -> bool {
        self.cost.covers(stored)
    }

    /// Value that covers these too.
    pub fn value_with(&self, hashers: &[Hasher]) -> String {
        value(self.hasher, self.costliest.iter().chain(hashers).copied())
    }

    /// Value that covers just these, if a costlier one is set.
    pub fn cheaper_value(&self, hashers: &[Hasher]) -> Option<String> {
        let needed = FailureCost::new(hashers.iter().copied().chain([self.hasher]));
        let is_more = !self.costliest.is_empty()
            && needed != self.cost
            && hashers.iter().all(|hasher| self.covers(*hasher));
        is_more.then(|| value(self.hasher, hashers.iter().copied()))
    }
}

/// Lists the costliest of each algorithm, unless the hasher of new passwords covers it.
fn value(hasher: Hasher, hashers: impl Iterator<Item = Hasher> + Clone) -> String {
    let costliest = [Algorithm::Sha256, Algorithm::Sha512].into_iter().filter_map(|algorithm| {
        hashers.clone().filter(|hasher| hasher.algorithm == algorithm).max_by_key(|hasher| hasher.iterations)
    });
    let texts = costliest.filter(|costliest| !FailureCost::new([hasher]).covers(*costliest));
    texts.map(|hasher| hasher.to_string()).collect::<Vec<_>>().join(", ")
}

/// Number of users by the parameters of their hash, most frequent first. No hash is read.
pub fn stored(database: &dyn Database) -> Result<Vec<(Hasher, i64)>, DbError> {
    let counts = password_hash::count_hashers(database)?;
    // An unreadable hash costs as much as an unknown email.
    let parsed = counts.into_iter().filter_map(|(hasher, users)| Some((hasher.parse().ok()?, users)));
    Ok(parsed.collect())
}
