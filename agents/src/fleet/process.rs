//! One process by a handle that cannot be confused: waiting for its end and sending it signals.
//!
//! The handle is a pidfd, so a process id that the system gave to somebody else is never signalled.
//! Starts nothing. On a kernel without pidfds (before 5.3) it looks twice a second instead.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal, test_kill_process,
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
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::NotFound)?;
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Ok(Self { pid, handle: Some(Arc::new(handle)) }),
            Err(rustix::io::Errno::SRCH) => Err(io::ErrorKind::NotFound.into()),
            Err(_) => {
                test_kill_process(pid).map_err(|_| io::ErrorKind::NotFound)?;
                Ok(Self { pid, handle: None })
            }
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
        process.kill();
        let late = tokio::time::timeout(Duration::from_secs(2), process.ended()).await;
        assert!(late.is_ok(), "it was killed");
        child.wait().await.unwrap();
        assert!(Process::open(process.id()).is_err(), "nobody has the id any more");
    }
}
