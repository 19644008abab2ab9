//! SIGTERM, SIGINT and SIGHUP, all meaning "stop"; a second one means "now". A hang-up or an interrupt
//! that whoever started the process has it ignore, as `nohup` does, means nothing; nor does SIGXFSZ: a
//! file over this process's limit is told by the write that fails. Handles nothing else.

use std::{fs, future::pending};

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the kernel says of a process: which signals it ignores among other things.
const STATUS: &str = "/proc/self/status";

const ASKING: &str = "while asking to be told about signals";

/// The signals by which a person or the service manager ends the server.
pub struct Signals {
    terminate: Signal,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    /// Begins to listen; from here on a signal no longer kills the process.
    pub fn listen() -> anyhow::Result<Self> {
        let over_limit = SignalKind::from_raw(libc::SIGXFSZ);
        // Heard by nobody: that somebody listens is what keeps it from ending the process.
        drop(signal(over_limit).context("while asking not to be ended by a limit for files")?);
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context(ASKING)?,
            interrupt: unless_ignored(SignalKind::interrupt())?,
            hang_up: unless_ignored(SignalKind::hangup())?,
        })
    }

    /// Waits for the next of them; returns the exit code of a process that it ends: 128 and its
    /// number.
    pub async fn stop_asked(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            () = heard(&mut self.interrupt) => 128 + 2,
            () = heard(&mut self.hang_up) => 128 + 1,
        }
    }
}

/// Begins to listen to a signal; `None` for one that whoever started the process has it ignore.
pub fn unless_ignored(kind: SignalKind) -> anyhow::Result<Option<Signal>> {
    let ignored = ignored(&fs::read_to_string(STATUS).unwrap_or_default());
    if ignored & bit(kind.as_raw_value()) != 0 {
        return Ok(None);
    }
    signal(kind).context(ASKING).map(Some)
}

/// Waits for a signal, if it is listened to.
pub async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Returns the signals that a process ignores, one bit each, by what the kernel says of it; none where
/// that cannot be told. Source: proc(5), `SigIgn`.
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_the_kernels_mask() {
        let status = "Name:\tai-infra\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        let ignored = ignored(status);
        assert!(ignored & bit(libc::SIGHUP) != 0 && ignored & bit(libc::SIGPIPE) != 0);
        assert_eq!(ignored & bit(libc::SIGINT), 0);
        assert_eq!(super::ignored(""), 0);
    }
}
