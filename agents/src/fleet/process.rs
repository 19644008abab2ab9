//! One process by a handle that cannot be confused: waiting for its end and sending it signals.
//!
//! The handle is a pidfd, so a process id that the system gave to somebody else is never signalled.
//! Starts nothing. On a kernel without pidfds (before 5.3) it looks twice a second instead.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use appliance_core::ports::PeerProcess;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{
        Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal, test_kill_process,
    },
};
use tokio::io::{Interest, unix::AsyncFd};

/// How often a process is looked at where the kernel cannot tell by itself.
const POLL: Duration = Duration::from_millis(500);

/// A process that lives, or lived.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pid: Pid,
    handle: Option<Arc<OwnedFd>>,
}

impl Process {
    /// Takes hold of a process.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        let pid = self::pid(pid)?;
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Ok(Self { pid, handle: Some(Arc::new(handle)) }),
            Err(rustix::io::Errno::SRCH) => Err(io::ErrorKind::NotFound.into()),
            Err(_) => {
                test_kill_process(pid).map_err(|_| io::ErrorKind::NotFound)?;
                Ok(Self { pid, handle: None })
            }
        }
    }

    /// Takes the hold that a connection has of its process.
    ///
    /// # Errors
    /// `NotFound` when it has ended.
    pub(super) fn of(peer: &PeerProcess) -> io::Result<Self> {
        let process = match &peer.handle {
            Some(handle) => Self { pid: pid(peer.pid)?, handle: Some(handle.clone()) },
            None => Self::open(peer.pid)?,
        };
        if process.lives() { Ok(process) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Tells whether the peer is this very process: two that live with one id are one.
    pub(super) fn is(&self, peer: &PeerProcess) -> bool {
        let both_live = match (&self.handle, &peer.handle) {
            (Some(own), Some(theirs)) => lives(own) && lives(theirs),
            (None, None) => self.lives(),
            _ => false,
        };
        self.id() == peer.pid && both_live
    }

    fn lives(&self) -> bool {
        match &self.handle {
            Some(handle) => lives(handle),
            None => test_kill_process(self.pid).is_ok(),
        }
    }

    /// Returns its id.
    pub(super) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Returns once it has ended.
    pub(super) async fn ended(&self) {
        if let Some(handle) = &self.handle
            && let Ok(watched) = watch(handle.clone())
            && watched.readable().await.is_ok()
        {
            return;
        }
        while test_kill_process(self.pid).is_ok() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until it has ended, `limit` at most. Blocks.
    pub(super) fn gone_within(&self, limit: Duration) {
        let Some(handle) = &self.handle else { return };
        let limit = Timespec::try_from(limit).unwrap_or_default();
        let _ = poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&limit));
    }

    /// Asks a tmux server to bind its socket again.
    pub(super) fn ask_for_its_socket(&self) {
        self.signal(Signal::USR1);
    }

    /// Asks it to finish.
    pub(super) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let sent = match &self.handle {
            Some(handle) => pidfd_send_signal(handle, signal),
            None => kill_process(self.pid, signal),
        };
        if let Err(error) = sent
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(pid = self.id(), ?signal, %error, "could not signal a process");
        }
    }
}

fn pid(id: u32) -> io::Result<Pid> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// A pidfd can be read once its process has ended, a zombie's too.
fn lives(handle: &OwnedFd) -> bool {
    let mut asked = [PollFd::new(handle, PollFlags::IN)];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ended| ended == 0)
}

#[expect(
    deprecated,
    reason = "its successor is an unsafe function; the handle is owned and shared, never closed \
              while it is watched, which is what that function asks for"
)]
fn watch(handle: Arc<OwnedFd>) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_process_is_noticed_at_once() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut child =
            crate::spawn::child("/bin/sleep".as_ref(), &["30".into()], log.path()).unwrap();
        let process = Process::open(child.id().unwrap()).unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), process.ended()).await;
        assert!(early.is_err(), "it still sleeps");
        let peer = |id: u32, of: u32| PeerProcess {
            pid: id,
            handle: pidfd_open(pid(of).unwrap(), PidfdFlags::empty()).ok().map(Arc::new),
        };
        let (id, we) = (process.id(), std::process::id());
        let it = peer(id, id);
        assert!(process.is(&it) && !process.is(&peer(we, we)));
        assert_eq!(Process::of(&it).unwrap().id(), id);
        process.kill();
        let late = tokio::time::timeout(Duration::from_secs(2), process.ended()).await;
        assert!(late.is_ok(), "it was killed");
        assert!(!process.is(&it), "a zombie holds no seat");
        child.wait().await.unwrap();
        assert!(Process::of(&it).is_err(), "its id is worth nothing any more");
        assert!(Process::open(process.id()).is_err(), "nobody has the id any more");
    }
}
