//! Where and how the server listens, and how long a log-in lasts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use secrecy::SecretString;

use crate::{
    public_url::public_url,
    section::section,
    value::{BaseUrl, address, host, hosts, needed, nets, one_of, optional, secret, whole},
};

/// How tokens for API clients are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
}

const ALGORITHMS: &[(&str, JwtAlgorithm)] = &[("HS256", JwtAlgorithm::Hs256)];

section! {
    /// Where and how the server listens, and how long a log-in lasts.
    Server("server.") {
        /// The address the portal and the API answer on. Put TLS in front before you open it to
        /// others: plain http off loopback refuses log-ins. Port 0 takes a free one.
        listen: SocketAddr = "127.0.0.1:8000" => needed(address);
        /// The address that people reach the portal under, for links and for checking where
        /// requests come from, with the path (/ai, say) when a proxy shows the server below one.
        /// Left out, it follows from primary_domain or listen.
        public_url: Option<BaseUrl> => optional(public_url);
        /// More host names that requests may be addressed to, besides loopback, the listen address,
        /// public_url, primary_domain and api_domain.
        allowed_hosts: Vec<String> = "" => needed(hosts);
        /// The portal's domain.
        primary_domain: Option<String> => optional(host), env "PRIMARY_DOMAIN";
        /// The API's domain.
        api_domain: Option<String> => optional(host), env "API_DOMAIN";
        /// The proxies in front: addresses or nets such as 127.0.0.1 or 10.0.0.0/8. Only what they
        /// say in Forwarded or X-Forwarded-For and X-Forwarded-Proto is believed; left out, nobody is.
        trusted_proxies: Vec<IpNet> = "" => needed(nets);
        /// Most connections at a time over TCP; one more takes the place of one that says nothing,
        /// or is refused.
        max_connections: u32 = "1024" => needed(whole(1..=100_000));
        /// Most connections at a time of one address (IPv6: one /64) that has not logged in on them.
        max_connections_per_address: u32 = "256" => needed(whole(1..=100_000));
        /// Hours until a log-in ends.
        session_hours: u32 = "24" => needed(whole(1..=720)), env "JWT_EXPIRY_HOURS";
        /// The secret that tokens for API clients are signed with, 32 bytes or more; left out, the
        /// server makes one and keeps it in its data directory.
        jwt_secret: Option<SecretString> => optional(long_secret), env "JWT_SECRET", is secret;
        /// How those tokens are signed: only `HS256`.
        jwt_algorithm: JwtAlgorithm = "HS256" => needed(one_of(ALGORITHMS)), env "JWT_ALGORITHM";
    }
}

/// Fewest bytes of a signing secret: the hash's own length (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

fn long_secret(raw: &crate::value::Raw) -> Result<SecretString, String> {
    use secrecy::ExposeSecret as _;
    let found = secret(raw)?;
    if found.expose_secret().len() < SECRET_BYTES {
        return Err(format!("a secret of at least {SECRET_BYTES} bytes"));
    }
    Ok(found)
}

impl Server {
    /// Returns the address people reach the portal under, once it listens on `bound`.
    #[must_use]
    pub fn url(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.as_str().to_owned();
        }
        if let Some(domain) = &self.primary_domain {
            return format!("https://{domain}");
        }
        format!("http://{}", reachable(bound))
    }

    /// Returns every host name that requests may be addressed to, without ports, lower case.
    #[must_use]
    pub fn hosts(&self, bound: SocketAddr) -> Vec<String> {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into();
        hosts.push(bare_host(&reachable(bound).to_string()));
        hosts.extend(self.public_url.iter().map(|url| {
            let after = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
            bare_host(after.split('/').next().unwrap_or_default())
        }));
        hosts.extend(self.primary_domain.iter().chain(&self.api_domain).cloned());
        hosts.extend(self.allowed_hosts.iter().map(|name| bare_host(name)));
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// An address for every interface cannot be visited; loopback can.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

/// Takes the port off a host, and leaves `[::1]` whole.
fn bare_host(host: &str) -> String {
    let host = host.to_lowercase();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => {
            name.to_owned()
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_off_and_an_ipv6_address_stays_whole() {
        assert_eq!(bare_host("Example.com:8443"), "example.com");
        assert_eq!(bare_host("[::1]:8000"), "[::1]");
        assert_eq!(bare_host("[::1]"), "[::1]");
        assert_eq!(bare_host("example.com"), "example.com");
    }
}
