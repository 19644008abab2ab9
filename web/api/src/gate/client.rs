//! Which client the proxies of ours pass a request on for. Reads no header of anybody else.
//!
//! From us outwards each hop is taken as long as the one before it is a proxy of ours; the first that
//! is none is the client, and what stands beyond it, the client wrote. A client that is hidden or
//! cannot be read counts as the proxy that tells of it. Most proxies set one of the two headers and
//! pass the other on as a stranger wrote it: where both are there, they have to name the same client.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header::FORWARDED};

use super::{
    forwarded,
    hop::{Hop, address},
};
use crate::edge::Proxies;

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What is known of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// Its address, or that of the proxy that hides it.
    pub(super) ip: IpAddr,
    /// Whether that is a proxy's.
    pub(super) is_hidden: bool,
    /// Whether it came by TLS: somebody says so and nobody says otherwise.
    pub(super) https: bool,
    /// Whether two headers name two clients.
    pub(super) is_disputed: bool,
}

/// Finds it; `own` is the address of the proxy that has connected.
pub(super) fn client(own: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Client {
    let hidden = (own, true, None);
    let listed = headers.contains_key(&FORWARDED_FOR).then(|| walk(own, listed(headers), proxies));
    let told = headers.contains_key(FORWARDED).then(|| walk(own, told(headers), proxies));
    let (is_disputed, (ip, is_hidden, proto)) = match (listed, told) {
        (Some(one), Some(other)) if one.0 != other.0 => (true, (own, true, other.2)),
        (Some((ip, hides, _)), Some((_, too, proto))) => (false, (ip, hides || too, proto)),
        (one, other) => (false, other.or(one).unwrap_or(hidden)),
    };
    let said = [proto, last_proto(headers)];
    let https = said.contains(&Some(true)) && !said.contains(&Some(false));
    Client { ip, is_hidden, https, is_disputed }
}

/// The address, whether it is that of a proxy that hides its client, and whether by TLS.
type Word = (IpAddr, bool, Option<bool>);

/// Goes from hop to hop, the nearest first, as far as proxies of ours tell of them.
fn walk(own: IpAddr, hops: impl Iterator<Item = Hop>, proxies: &Proxies) -> Word {
    let (mut nearest, mut proto) = (own, None);
    for hop in hops {
        proto = hop.https.or(proto);
        let Some(ip) = hop.ip else { return (nearest, true, proto) };
        if !proxies.contains(ip) {
            return (ip, false, proto);
        }
        nearest = ip;
    }
    // All of them are ours: the farthest has asked for itself.
    (nearest, false, proto)
}

/// The hops of `X-Forwarded-For`, the nearest first.
fn listed(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    let lines = headers.get_all(&FORWARDED_FOR).iter().rev();
    // What is no text is one hop that cannot be read.
    lines
        .flat_map(|line| line.to_str().unwrap_or_default().rsplit(','))
        .map(|hop| Hop { ip: address(hop.trim()), https: None })
}

/// The hops of `Forwarded`, the nearest first.
fn told(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    headers.get_all(FORWARDED).iter().rev().flat_map(|line| {
        let hops = line.to_str().ok().and_then(forwarded::hops);
        hops.unwrap_or_else(|| vec![Hop::default()]).into_iter().rev()
    })
}

/// What the nearest proxy says in `X-Forwarded-Proto`.
fn last_proto(headers: &HeaderMap) -> Option<bool> {
    let line = headers.get_all(&FORWARDED_PROTO).iter().next_back()?.to_str().unwrap_or_default();
    line.rsplit(',').next().map(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const OWN: &str = "10.0.0.1";

    fn found(lines: &[(&HeaderName, &str)]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let proxies = Proxies::new(["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        client(OWN.parse().unwrap(), &headers, &proxies)
    }

    fn seen(lines: &[(&HeaderName, &str)]) -> (String, bool) {
        let client = found(lines);
        (client.ip.to_string(), client.is_hidden)
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_of_ours_is_the_client() {
        for (name, line) in [
            (&FORWARDED_FOR, "127.0.0.1, 198.51.100.7"),
            (&FORWARDED_FOR, "192.0.2.1, 198.51.100.7:61234, 10.9.9.9:80, [fd00::1]:443"),
            (&FORWARDED_FOR, "junk \", 198.51.100.7"),
            (&FORWARDED, "for=127.0.0.1, for=198.51.100.7"),
            (&FORWARDED, "for=unknown, for=\"198.51.100.7:61234\";proto=https, for=10.9.9.9"),
            (&FORWARDED, "for=192.0.2.1, for=198.51.100.7, for=\"[fd00::1]:_p\""),
        ] {
            assert_eq!(seen(&[(name, line)]), ("198.51.100.7".to_owned(), false), "{line}");
        }
        for (name, line) in
            [(&FORWARDED_FOR, "[2001:db8::7]:443"), (&FORWARDED, "for=\"[2001:db8::7]:443\"")]
        {
            assert_eq!(seen(&[(name, line)]).0, "2001:db8::7");
        }
        let lines = [(&FORWARDED, "for=192.0.2.1"), (&FORWARDED, "for=198.51.100.7")];
        assert_eq!(seen(&lines).0, "198.51.100.7", "the last line is the nearest");
        assert_eq!(seen(&[(&FORWARDED_FOR, "10.9.9.9")]), ("10.9.9.9".to_owned(), false));
    }

    #[test]
    fn a_client_that_cannot_be_read_counts_as_the_proxy_that_tells_of_it() {
        for (name, line) in [
            (&FORWARDED_FOR, "unknown"),
            (&FORWARDED_FOR, ""),
            (&FORWARDED_FOR, "192.0.2.1,"),
            (&FORWARDED_FOR, "192.0.2.1, \u{e4}"),
            (&FORWARDED, "for=_hidden"),
            (&FORWARDED, "for=192.0.2.1, for=unknown"),
            (&FORWARDED, "for=192.0.2.1;by=\", for=198.51.100.7"),
            (&FORWARDED, "proto=https"),
            (&FORWARDED, "\u{e4}"),
            (&FORWARDED_PROTO, "https"),
        ] {
            assert_eq!(seen(&[(name, line)]), (OWN.to_owned(), true), "{line}");
        }
        let far = "for=192.0.2.1, for=_hidden, for=10.9.9.9";
        assert_eq!(seen(&[(&FORWARDED, far)]), ("10.9.9.9".to_owned(), true));
    }

    #[test]
    fn of_two_headers_that_differ_neither_names_the_client() {
        let both = |line: &str, told: &str| found(&[(&FORWARDED_FOR, line), (&FORWARDED, told)]);
        let same = both("198.51.100.7", "for=\"198.51.100.7:80\"");
        assert_eq!((same.ip, same.is_disputed), (IpAddr::from([198, 51, 100, 7]), false));
        for told in ["for=192.0.2.1", "for=192.0.2.1, for=192.0.2.2", "junk"] {
            let client = both("198.51.100.7", told);
            assert!(client.is_disputed && client.is_hidden, "{told}");
            assert_eq!(client.ip.to_string(), OWN, "{told}");
        }
    }

    #[test]
    fn tls_is_believed_where_nobody_says_otherwise() {
        let https = |lines: &[(&HeaderName, &str)]| found(lines).https;
        assert!(https(&[(&FORWARDED_PROTO, "http, HTTPS")]));
        assert!(https(&[(&FORWARDED, "for=192.0.2.1;proto=https, for=10.0.0.2;proto=http")]));
        assert!(!https(&[(&FORWARDED, "for=192.0.2.1;proto=https, for=10.0.0.2:x;proto=http")]));
        assert!(!https(&[(&FORWARDED, "for=192.0.2.1;proto=https"), (&FORWARDED_PROTO, "http")]));
        assert!(!https(&[(&FORWARDED, "for=192.0.2.1;proto=http"), (&FORWARDED_PROTO, "https")]));
        assert!(!https(&[(&FORWARDED_FOR, "192.0.2.1")]));
    }
}
