//! Limit on the users that one network may register in a day, so that none can fill the database: a user can take 24 kB
//! of it, once bio and image are set.

use super::secret::Secret;
use crate::store::DAY;
use crate::store::registrations::RegistrationLimit;

/// Factor by which a larger network may register more than one address.
const PER_NETWORK: i64 = 4;

/// The limit of a deployment.
#[derive(Debug, Clone)]
pub struct RegistrationLimits {
    key: Secret,
    per_ip: i64,
}

impl RegistrationLimits {
    /// A limit of this many users a day from one address; 0 is none. The key of the hashes is derived from `secret`.
    pub fn new(secret: &Secret, per_ip: i64) -> Self {
        Self { key: secret.derive("latchkey: registrations"), per_ip }
    }

    /// The most users a day from one address; 0 for no limit.
    pub fn per_ip(&self) -> i64 {
        self.per_ip
    }

    /// Limit under which a registration is counted at `now`, in Unix seconds, if it is limited. `client_ip` and `network` are the
    /// rate limit keys of the client and of the larger network that it is in.
    pub fn limit(&self, client_ip: &str, network: &str, now: i64) -> Option<RegistrationLimit> {
        (self.per_ip > 0).then(|| RegistrationLimit {
            day: now / DAY,
            client_ip: self.key.short_hash(&["address", client_ip]),
            network: self.key.short_hash(&["network", network]),
            max: [self.per_ip, self.per_ip.saturating_mul(PER_NETWORK)],
        })
    }
}

/// Seconds until the counts begin again.
pub fn wait(now: i64) -> i64 {
    DAY - now.rem_euclid(DAY)
}
