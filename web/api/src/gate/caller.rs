//! Where a request really comes from: the peer, and through a proxy on this machine its client.
//!
//! Forwarding headers count only when the peer is the loopback interface: there stands our own
//! proxy. Decides nothing; [`admit`](super::admit) and the log-in do.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::{FromRequestParts, Request};
use http::{HeaderMap, request::Parts, uri::Authority};

use crate::edge::Peer;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED: [&str; 4] = ["forwarded", FORWARDED_FOR, FORWARDED_PROTO, "x-real-ip"];

/// What is known about the sender of a request before anybody asks who it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The other end of the connection; `None` only in tests without an accept loop.
    pub(crate) peer: Option<Peer>,
    /// The client's address; `None` for local processes and when a proxy hides it.
    pub(crate) ip: Option<IpAddr>,
    /// True when a proxy on this machine says that its client came by TLS.
    pub(crate) https: bool,
    /// True when a proxy on this machine passed the request on.
    pub(crate) proxied: bool,
}

impl Caller {
    /// Reads it from a request.
    pub(super) fn of(request: &Request) -> Self {
        let peer = request.extensions().get::<Peer>().cloned();
        Self::from_peer(peer, request.headers())
    }

    fn from_peer(peer: Option<Peer>, headers: &HeaderMap) -> Self {
        let Some(Peer::Remote(address)) = &peer else {
            return Self { peer, ip: None, https: false, proxied: false };
        };
        let own = address.ip().to_canonical();
        let proxied = own.is_loopback() && FORWARDED.iter().any(|h| headers.contains_key(*h));
        if !proxied {
            return Self { peer, ip: Some(own), https: false, proxied };
        }
        let https = text(headers, FORWARDED_PROTO)
            .is_some_and(|proto| last_hop(proto).eq_ignore_ascii_case("https"));
        // The last hop was written by our own proxy; what stands before it, by the client.
        let ip = text(headers, FORWARDED_FOR).and_then(|hops| last_hop(hops).parse().ok());
        Self { peer, ip, https, proxied }
    }

    /// Tells whether the caller is a process on this machine that came over the people's socket.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self.peer, Some(Peer::Local { .. }))
    }

    /// Tells whether the request never left this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.is_local() || (!self.proxied && self.ip.is_some_and(|ip| ip.is_loopback()))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok())
}

fn last_hop(hops: &str) -> &str {
    hops.rsplit(',').next().unwrap_or(hops).trim()
}

/// Returns the host a request was sent to, from its target or its Host header.
pub(super) fn authority(request: &Request) -> Option<Authority> {
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    request.uri().authority().cloned().or_else(|| host.and_then(|host| host.parse().ok()))
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| {
            let peer = parts.extensions.get::<Peer>().cloned();
            Self::from_peer(peer, &parts.headers)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::HeaderValue;

    use super::*;

    fn from(address: [u8; 4], headers: &[(&'static str, &'static str)]) -> Caller {
        let headers = headers
            .iter()
            .map(|(n, v)| (http::HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect();
        Caller::from_peer(Some(Peer::Remote(SocketAddr::from((address, 4000)))), &headers)
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let spoofed = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")];
        let caller = from([203, 0, 113, 9], &spoofed);
        assert!(!caller.https && !caller.is_loopback());
        assert_eq!(caller.ip, Some(IpAddr::from([203, 0, 113, 9])));
    }

    #[test]
    fn the_last_hop_of_our_own_proxy_is_the_client() {
        let hops = [("x-forwarded-for", "127.0.0.1, 198.51.100.7"), ("x-forwarded-proto", "https")];
        let caller = from([127, 0, 0, 1], &hops);
        assert!(caller.https && caller.proxied && !caller.is_loopback());
        assert_eq!(caller.ip, Some(IpAddr::from([198, 51, 100, 7])));
    }

    #[test]
    fn a_direct_request_from_this_machine_is_loopback() {
        assert!(from([127, 0, 0, 1], &[]).is_loopback());
        assert!(!from([127, 0, 0, 1], &[("x-real-ip", "127.0.0.1")]).is_loopback());
    }
}
