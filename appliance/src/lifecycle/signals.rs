//! SIGTERM, SIGINT and SIGHUP, all meaning "stop"; a second one means "now". SIGXFSZ means nothing: a
//! file over this process's limit is told by the write that fails. Handles nothing else.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals by which a person or the service manager ends the server.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Begins to listen; from here on a signal no longer kills the process.
    pub fn listen() -> anyhow::Result<Self> {
        let over_limit = SignalKind::from_raw(libc::SIGXFSZ);
        // Heard by nobody: that somebody listens is what keeps it from ending the process.
        drop(signal(over_limit).context("while asking not to be ended by a limit for files")?);
        let listen = |kind| signal(kind).context("while asking to be told about signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for the next of them; returns the exit code of a process that it ends: 128 and its
    /// number.
    pub async fn stop_asked(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            _ = self.interrupt.recv() => 128 + 2,
            _ = self.hang_up.recv() => 128 + 1,
        }
    }
}
