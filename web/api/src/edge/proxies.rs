//! Whose word about others counts: the proxies that the operator named, and who one subscriber is.
//! Reads no header.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use ipnet::IpNet;

/// The addresses of the proxies in front of this server; cheap to clone, empty by default.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Believes whoever connects from one of `nets`.
    #[must_use]
    pub fn new(nets: impl IntoIterator<Item = IpNet>) -> Self {
        Self(nets.into_iter().collect())
    }

    /// Tells whether `ip` is a proxy of ours.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|net| net.contains(&ip))
    }
}

/// Returns what one subscriber is known by: an IPv4 address, or the /64 of an IPv6 address.
pub(crate) fn subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_by_address_or_by_net() {
        let nets = ["127.0.0.1/32", "10.1.0.0/16", "2001:db8::/32"];
        let proxies = Proxies::new(nets.map(|net| net.parse().unwrap()));
        for ours in ["127.0.0.1", "::ffff:127.0.0.1", "10.1.255.1", "2001:db8::7"] {
            assert!(proxies.contains(ours.parse().unwrap()), "{ours}");
        }
        for foreign in ["127.0.0.2", "10.2.0.1", "::1"] {
            assert!(!proxies.contains(foreign.parse().unwrap()), "{foreign}");
        }
        assert!(!Proxies::default().contains("127.0.0.1".parse().unwrap()), "none by default");
    }

    #[test]
    fn a_subscriber_is_one_address_whatever_its_last_bits() {
        let (one, two) = ("2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap());
        assert_eq!(subscriber(one), subscriber(two));
        assert_ne!(subscriber(one), subscriber("2001:db8:1:1::1".parse().unwrap()));
        assert_eq!(subscriber("::ffff:10.0.0.1".parse().unwrap()), IpAddr::from([10, 0, 0, 1]));
    }
}
