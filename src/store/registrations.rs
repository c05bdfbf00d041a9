//! Counts of registrations of each day, by network.

use super::Param;

/// Limit on the registrations of a day, and the keys under which they are counted.
pub struct RegistrationLimit {
    /// Days since the Unix epoch, in UTC.
    pub day: i64,
    /// Keyed hash of the client's IP address.
    pub client_ip: String,
    /// Keyed hash of the larger network that the address is in.
    pub network: String,
    /// The most registrations from the address, and from the network.
    pub max: [i64; 2],
}

/// Statement that counts a registration for both, unless one of them is at its limit.
pub(super) const COUNT: &str = "INSERT INTO registrations (day, network, count) \
     SELECT ?1, column1, 1 FROM (VALUES (?2), (?3)) \
     WHERE NOT EXISTS (SELECT 1 FROM registrations WHERE day = ?1 AND network IN (?2, ?3) \
                       AND count >= iif(network = ?2, ?4, ?5)) \
     ON CONFLICT DO UPDATE SET count = count + 1";

impl RegistrationLimit {
    /// The parameters of [`COUNT`].
    pub(super) fn params(&self) -> [Param<'_>; 5] {
        let Self { day, client_ip, network, max: [per_ip, per_network] } = self;
        [
            (*day).into(),
            client_ip.as_str().into(),
            network.as_str().into(),
            (*per_ip).into(),
            (*per_network).into(),
        ]
    }
}

/// Statement that deletes up to ?2 counts of days before that of ?1, and gives a row if there were any.
pub const PURGE: [&str; 1] = ["DELETE FROM registrations WHERE (day, network) IN \
     (SELECT day, network FROM registrations WHERE day < CAST(?1 AS INTEGER) / 86400 LIMIT ?2) RETURNING 1"];
