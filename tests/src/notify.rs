//! A service manager's notification socket, held by the test: what the server tells it, in order.
//!
//! Source: `sd_notify(3)`: one datagram of `NAME=value` lines a message.

use std::{
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;

/// The socket.
#[derive(Debug)]
pub struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl NotifySocket {
    /// Binds it in `directory`.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn bind(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("notify.sock");
        let socket = UnixDatagram::bind(&path).context("while binding the notification socket")?;
        socket.set_read_timeout(Some(Duration::from_millis(20)))?;
        Ok(Self { socket, path })
    }

    /// Returns what to set as `NOTIFY_SOCKET`.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns the lines that have come since the last look.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }
}
