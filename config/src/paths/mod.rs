//! Places on the host: data, configuration and runtime directories.
//!
//! Follows the Filesystem Hierarchy Standard for root and the XDG base directories for everybody
//! else. Creates only the runtime directory, and only on demand.

mod host;
mod runtime;

pub use host::Host;
pub use runtime::{PEOPLE_KEY, RuntimeDir};

use std::path::PathBuf;

/// Where the package keeps its data; its runtime directory has a name of its own.
pub const SYSTEM_DATA: &str = "/var/lib/ai-infrastructure";

/// Where the package keeps its configuration.
pub const SYSTEM_CONFIG: &str = "/etc/ai-infrastructure";

/// Where the package's service has its sockets.
pub const SYSTEM_RUN: &str = "/run/ai-infrastructure";

/// Longest path of a socket, in bytes: the kernel takes 107, tmux adds some.
pub const MAX_SOCKET_BYTES: usize = 100;

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// There is nowhere to put data.
    #[error("neither XDG_DATA_HOME nor HOME is set; name the data directory with --data DIR")]
    Homeless,
    /// A socket's path would not fit.
    #[error(
        "socket path {} has {} bytes, at most {MAX_SOCKET_BYTES} fit; set XDG_RUNTIME_DIR to a \
         shorter directory",
        path.display(),
        path.as_os_str().len()
    )]
    TooLong {
        /// The path.
        path: PathBuf,
    },
    /// Somebody else's directory, or no directory.
    #[error("{} {why}; remove it, or set XDG_RUNTIME_DIR to a directory of your own", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be made or looked at.
    #[error("while preparing {}: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
