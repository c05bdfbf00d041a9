//! Limit on the users that one network may register in a day, so that none can fill the database: a user can take 24 kB
//! of it, once bio and image are set.

use crate::auth::secret::Secret;
use crate::http::client_ip::ClientIp;
use crate::store::RegistrationLimit;

/// The seconds in a day.
const DAY: i64 = 86_400;

/// Factor by which a larger network may register more than one address.
const PER_NETWORK: i64 = 4;

/// The limit of a deployment.
#[derive(Debug, Clone)]
pub struct RegistrationLimits {
    key: Secret,
    per_address: i64,
}

impl RegistrationLimits {
    /// A limit of this many users a day from one address; 0 is none. The key of the hashes is derived from `secret`.
    pub fn new(secret: &Secret, per_address: i64) -> Self {
        Self { key: secret.derive("latchkey: registrations"), per_address }
    }

    /// The most users a day from one address; 0 for no limit.
    pub fn per_address(&self) -> i64 {
        self.per_address
    }

    /// Where a registration of this client is counted at `now`, in Unix seconds, if it is limited.
    pub fn counters(&self, client: ClientIp, now: i64) -> Option<RegistrationLimit> {
        (self.per_address > 0).then(|| RegistrationLimit {
            day: now / DAY,
            address: self.key.short_hash(&["address", &client.address()]),
            network: self.key.short_hash(&["network", &client.network()]),
            max: [self.per_address, self.per_address.saturating_mul(PER_NETWORK)],
        })
    }
}

/// Seconds until the counts begin again.
pub fn wait(now: i64) -> i64 {
    DAY - now.rem_euclid(DAY)
}
