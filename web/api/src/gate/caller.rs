//! Where a request really comes from: the peer, and through a proxy of ours its client.
//!
//! Forwarding headers count only when the peer is one of the proxies that the operator named
//! (`server.trusted_proxies`). From anybody else they give nothing and take one thing away: such a
//! request does not count as this machine's own. Decides nothing; [`admit`](super::admit) and the
//! log-in do.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::extract::{FromRequestParts, Request};
use http::{HeaderMap, request::Parts};

use crate::edge::{Peer, Proxies};

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED: [&str; 4] = ["forwarded", FORWARDED_FOR, FORWARDED_PROTO, "x-real-ip"];

/// What is known about the sender of a request before anybody asks who it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The other end of the connection; `None` only in tests without an accept loop.
    pub(crate) peer: Option<Peer>,
    /// The client's address; the peer's own unless a proxy of ours names another; `None` for local
    /// processes and when that proxy hides it.
    pub(crate) ip: Option<IpAddr>,
    /// True when a proxy of ours says that its client came by TLS.
    pub(crate) https: bool,
    /// How it was passed on, as far as its headers tell.
    pub(crate) passed_on: PassedOn,
}

/// Whether a request came straight to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassedOn {
    /// It did.
    Straight,
    /// A proxy of ours passed it on.
    ByOurs,
    /// Its headers say that somebody passed it on, and that is none of our proxies.
    ByAnother,
}

impl Caller {
    /// Returns what [`around`](super::around) has found.
    pub(super) fn of(request: &Request) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(|| {
            let peer = request.extensions().get::<Peer>().cloned();
            Self::read(peer, request.headers(), &Proxies::default())
        })
    }

    /// Reads it from the peer and, where that is one of `proxies`, from the headers.
    pub(super) fn read(peer: Option<Peer>, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let Some(Peer::Remote(address)) = &peer else {
            return Self { peer, ip: None, https: false, passed_on: PassedOn::Straight };
        };
        let own = address.ip().to_canonical();
        let is_passed_on = FORWARDED.iter().any(|name| headers.contains_key(*name));
        if !is_passed_on || !proxies.contains(own) {
            let passed_on = if is_passed_on { PassedOn::ByAnother } else { PassedOn::Straight };
            return Self { peer, ip: Some(own), https: false, passed_on };
        }
        let https =
            last(headers, FORWARDED_PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        let ip = client(headers, proxies);
        Self { peer, ip, https, passed_on: PassedOn::ByOurs }
    }

    /// Tells whether the caller is a process on this machine that came over the people's socket.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self.peer, Some(Peer::Local { .. }))
    }

    /// Tells whether the request never left this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let own = self.passed_on == PassedOn::Straight;
        self.is_local() || (own && self.ip.is_some_and(|ip| ip.is_loopback()))
    }
}

/// Returns the nearest hop that is no proxy of ours: what stands before it, the client wrote.
fn client(headers: &HeaderMap, proxies: &Proxies) -> Option<IpAddr> {
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        for hop in line.to_str().ok()?.rsplit(',') {
            let ip = address(hop.trim())?;
            if !proxies.contains(ip) {
                return Some(ip);
            }
        }
    }
    None
}

/// Reads an address, with a port behind it or not.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))?;
    Some(ip.to_canonical())
}

/// Returns the last of a header's values.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| {
            let peer = parts.extensions.get::<Peer>().cloned();
            Self::read(peer, &parts.headers, &Proxies::default())
        }))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn from(address: [u8; 4], headers: &[(&'static str, &'static str)]) -> Caller {
        let headers = headers
            .iter()
            .map(|(n, v)| (http::HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect();
        let proxies = Proxies::new(["10.0.0.0/8".parse().unwrap()]);
        let peer = Peer::Remote(SocketAddr::from((address, 4000)));
        Caller::read(Some(peer), &headers, &proxies)
    }

    fn seen(hops: &'static str) -> Option<String> {
        from([10, 0, 0, 1], &[("x-forwarded-for", hops)]).ip.map(|ip| ip.to_string())
    }

    #[test]
    fn only_a_proxy_that_was_named_is_believed() {
        let spoofed = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")];
        for peer in [[203, 0, 113, 9], [127, 0, 0, 1]] {
            let caller = from(peer, &spoofed);
            assert!(!caller.https && !caller.is_loopback(), "{peer:?}");
            assert_eq!(caller.ip, Some(IpAddr::from(peer)));
            assert_eq!(caller.passed_on, PassedOn::ByAnother);
        }
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_of_ours_is_the_client() {
        let hops = [("x-forwarded-for", "127.0.0.1, 198.51.100.7"), ("x-forwarded-proto", "https")];
        let caller = from([10, 0, 0, 1], &hops);
        assert!(caller.https && !caller.is_loopback());
        assert_eq!(caller.ip, Some(IpAddr::from([198, 51, 100, 7])));
        assert_eq!(seen("192.0.2.1, 198.51.100.7, 10.9.9.9").as_deref(), Some("198.51.100.7"));
        assert_eq!(seen("10.9.9.9"), None, "nobody but proxies");
        assert_eq!(seen("unknown"), None);
    }

    #[test]
    fn a_hop_may_carry_its_port() {
        assert_eq!(seen("198.51.100.7:61234").as_deref(), Some("198.51.100.7"));
        assert_eq!(seen("[2001:db8::7]:443").as_deref(), Some("2001:db8::7"));
        assert_eq!(seen("2001:db8::7").as_deref(), Some("2001:db8::7"));
    }

    #[test]
    fn a_direct_request_from_this_machine_is_loopback() {
        assert!(from([127, 0, 0, 1], &[]).is_loopback());
        assert!(!from([127, 0, 0, 1], &[("x-real-ip", "127.0.0.1")]).is_loopback());
    }
}
