//! Who is at the other end of a connection, as the kernel tells it. Decides about no right but one:
//! a local process of another user is not served at all.

use std::net::SocketAddr;

/// The other end of a connection; every request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A process on this machine, over the unix socket (`SO_PEERCRED`).
    Local {
        /// Its process id at the time it connected.
        pid: u32,
        /// Its user id.
        uid: u32,
    },
    /// Somebody over TCP.
    Remote(SocketAddr),
}

impl Peer {
    /// Tells whether a process of user `uid` may use the socket of a server that runs as `ours`.
    pub(super) const fn admits(uid: u32, ours: u32) -> bool {
        uid == ours || uid == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Peer;

    #[test]
    fn only_our_own_user_and_root_are_admitted() {
        assert!(Peer::admits(1000, 1000) && Peer::admits(0, 1000));
        assert!(!Peer::admits(1001, 1000) && !Peer::admits(33, 0));
    }
}
