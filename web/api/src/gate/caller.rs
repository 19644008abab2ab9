//! Where a request really comes from: the peer, and through a proxy of ours its client.
//!
//! Forwarding headers count only when the peer is one of the proxies that the operator named
//! (`server.trusted_proxies`). From anybody else they give nothing and take one thing away: such a
//! request does not count as this machine's own. Decides nothing; [`admit`](super::admit) and the
//! log-in do.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::{FromRequestParts, Request};
use http::{HeaderMap, HeaderName, header::FORWARDED, request::Parts};

use super::client::{FORWARDED_FOR, FORWARDED_PROTO, client};
use crate::edge::{Peer, Proxies};

/// What a proxy adds; each of them tells that a request was passed on.
const ADDED: [HeaderName; 4] =
    [FORWARDED, FORWARDED_FOR, FORWARDED_PROTO, HeaderName::from_static("x-real-ip")];

/// What is known about the sender of a request before anybody asks who it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The other end of the connection; `None` only in tests without an accept loop.
    pub(crate) peer: Option<Peer>,
    /// The client's address; the peer's own unless a proxy of ours names another; `None` for local
    /// processes.
    pub(crate) ip: Option<IpAddr>,
    /// Whether that is the address of a proxy of ours that hides its client, and so many people's.
    pub(crate) is_hidden: bool,
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
    /// A proxy of ours did, and its two headers name two clients.
    Disputed,
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
        let straight = (None, false, false, PassedOn::Straight);
        let (ip, is_hidden, https, passed_on) = match &peer {
            Some(Peer::Remote(address)) => {
                passed_on_by(address.ip().to_canonical(), headers, proxies)
            }
            _ => straight,
        };
        Self { peer, ip, is_hidden, https, passed_on }
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

/// Returns the client's address, whether it is hidden, whether it came by TLS, and how.
fn passed_on_by(
    own: IpAddr,
    headers: &HeaderMap,
    proxies: &Proxies,
) -> (Option<IpAddr>, bool, bool, PassedOn) {
    let is_passed_on = ADDED.iter().any(|name| headers.contains_key(name));
    if !is_passed_on {
        return (Some(own), false, false, PassedOn::Straight);
    }
    if !proxies.contains(own) {
        return (Some(own), false, false, PassedOn::ByAnother);
    }
    let client = client(own, headers, proxies);
    let passed_on = if client.is_disputed { PassedOn::Disputed } else { PassedOn::ByOurs };
    (Some(client.ip), client.is_hidden, client.https, passed_on)
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
    use std::net::SocketAddr;

    use http::HeaderValue;

    use super::*;

    fn from(address: [u8; 4], headers: &[(&'static str, &'static str)]) -> Caller {
        let headers = headers
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect();
        let proxies = Proxies::new(["10.0.0.0/8".parse().unwrap()]);
        let peer = Peer::Remote(SocketAddr::from((address, 4000)));
        Caller::read(Some(peer), &headers, &proxies)
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
    fn a_client_behind_a_proxy_of_ours_is_never_this_machine() {
        for hops in ["127.0.0.1", "127.0.0.1, 198.51.100.7", "unknown", ""] {
            let caller = from([10, 0, 0, 1], &[("x-forwarded-for", hops)]);
            assert!(!caller.is_loopback(), "{hops}");
            assert_eq!(caller.passed_on, PassedOn::ByOurs);
        }
        let two = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=127.0.0.1")];
        let disputed = from([10, 0, 0, 1], &two);
        assert!(disputed.is_hidden && disputed.passed_on == PassedOn::Disputed);
    }

    #[test]
    fn a_direct_request_from_this_machine_is_loopback() {
        assert!(from([127, 0, 0, 1], &[]).is_loopback());
        assert!(!from([127, 0, 0, 1], &[("x-real-ip", "127.0.0.1")]).is_loopback());
    }
}
