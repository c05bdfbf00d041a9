//! Where a request comes from, as limits count it.

use std::net::{IpAddr, Ipv6Addr};

use crate::http::Request;

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since that is what one
/// subscriber is given (RFC 6177). All requests of which nothing is known count as one client.
///
/// Only `CF-Connecting-IP` is read: Cloudflare sets it, and takes off what the client sent under that name.
pub fn network(request: &impl Request) -> String {
    let address = request.header("cf-connecting-ip").and_then(|address| address.trim().parse().ok());
    match address.map(|address: IpAddr| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::BodyError;

    struct From(Option<&'static str>);

    impl Request for From {
        fn method(&self) -> &str {
            ""
        }

        fn path(&self) -> &str {
            ""
        }

        fn query(&self) -> &str {
            ""
        }

        fn header(&self, name: &str) -> Option<&str> {
            (name == "cf-connecting-ip").then_some(self.0).flatten()
        }

        async fn body(&self, _: usize) -> Result<Vec<u8>, BodyError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_the_64_of_an_ipv6_address() {
        for (address, network) in [
            (Some("192.0.2.7"), "192.0.2.7"),
            (Some("::ffff:192.0.2.7"), "192.0.2.7"),
            (Some("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
            (Some("2001:0DB8:1:2::"), "2001:db8:1:2::/64"),
            (Some("2001:db8:1:3::"), "2001:db8:1:3::/64"),
            (Some("192.0.2.7, 192.0.2.8"), "unknown"),
            (Some("localhost"), "unknown"),
            (Some(""), "unknown"),
            (None, "unknown"),
        ] {
            assert_eq!(super::network(&From(address)), network, "{address:?}");
        }
    }
}
