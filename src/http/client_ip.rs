//! Client IP, normalised to the unit that rate limits count.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Header, Request};

/// IP address of the client. All requests without one count as one client.
///
/// Only `CF-Connecting-IP` is read: Cloudflare sets it, and takes off what the client sent under that name.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(Option<IpAddr>);

impl From<IpAddr> for ClientIp {
    fn from(address: IpAddr) -> Self {
        Self(Some(address.to_canonical()))
    }
}

impl ClientIp {
    /// Reads the IP address of a request's client.
    pub fn from_request(request: &impl Request) -> Self {
        let header = request.header(Header::CfConnectingIp);
        header.and_then(|address| address.trim().parse::<IpAddr>().ok()).map_or(Self(None), Self::from)
    }

    /// The unit that counts as one client IP: an IPv4 address, or the /64 of an IPv6 address, since that is the least that one
    /// subscriber is given (RFC 6177).
    pub fn rate_limit_key(self) -> String {
        match self.0 {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }

    /// The larger network around the address: the /24 of an IPv4 address, the /48 of an IPv6 address, which is the most
    /// that one site is given.
    pub fn network_key(self) -> String {
        match self.0 {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                format!("{}/24", Ipv4Addr::new(a, b, c, 0))
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }

    /// Tells whether one site may have thousands of its [`Self::rate_limit_key`]: a /48 has 65,536 of them.
    pub fn is_ipv6(self) -> bool {
        matches!(self.0, Some(IpAddr::V6(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_ipv4_or_a_64_and_a_network_is_a_24_or_a_48() {
        for (header, address, network) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("2001:0DB8:1:2::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            (" 2001:db8:1:3:: ", "2001:db8:1:3::/64", "2001:db8:1::/48"),
            ("192.0.2.7, 192.0.2.8", "unknown", "unknown"),
            ("localhost", "unknown", "unknown"),
            ("", "unknown", "unknown"),
        ] {
            let client = header.trim().parse::<IpAddr>().map_or(ClientIp(None), ClientIp::from);
            assert_eq!(
                (client.rate_limit_key(), client.network_key()),
                (address.to_owned(), network.to_owned()),
                "{header:?}"
            );
            assert_eq!(client.is_ipv6(), network.ends_with("/48"), "{header:?}");
        }
        assert_eq!(ClientIp(None).rate_limit_key(), "unknown");
    }
}
