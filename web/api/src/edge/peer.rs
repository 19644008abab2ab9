//! Who is at the other end of a connection, as the kernel tells it. Decides about no right but one:
//! a local process of another user is not served at all.

use std::{net::SocketAddr, os::fd::OwnedFd, sync::Arc};

use appliance_core::ports::PeerProcess;
use nix::sys::socket::{getsockopt, sockopt};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::UnixStream;

/// The other end of a connection; every request carries it as an extension.
#[derive(Debug, Clone)]
pub enum Peer {
    /// A process on this machine, over the people's socket (`SO_PEERCRED`).
    Local {
        /// Its process id at the time it connected.
        pid: u32,
        /// Its user id.
        uid: u32,
    },
    /// A process on this machine, over the agents' socket (`SO_PEERPIDFD`).
    Agent(PeerProcess),
    /// Somebody over TCP.
    Remote(SocketAddr),
}

impl Peer {
    /// Tells whether a process of user `uid` may use the socket of a server that runs as `ours`.
    pub(super) const fn admits(uid: u32, ours: u32) -> bool {
        uid == ours || uid == 0
    }
}

/// Takes hold of the process that connected; `pid` is what the socket says its id is.
pub(super) fn process(stream: &UnixStream, pid: u32) -> PeerProcess {
    // Linux 6.5 hands out the very process; before, the id is looked up, which a process that ended
    // at once and whose id was given away could escape.
    let handle = getsockopt(stream, sockopt::PeerPidfd).ok().or_else(|| opened(pid));
    PeerProcess { pid, handle: handle.map(Arc::new) }
}

fn opened(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
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
