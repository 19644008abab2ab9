//! Room on the disk: when writes may go on after it was full. Frees none.

use std::{io, path::Path};

use appliance_core::{ErrorKind, StoreError};

use storage_rules::OP;

/// Free bytes that must be there again before writes go on: enough for redb to grow its file.
pub(crate) const NEEDED_BYTES: u64 = 64 * 1024 * 1024;

/// Asks how many bytes are free; a way to put another answer into tests.
pub(crate) struct Room(Box<dyn Fn() -> io::Result<u64> + Send>);

impl Room {
    /// Asks the file system that holds `path`.
    pub fn around(path: &Path) -> Self {
        let path = path.to_owned();
        Self(Box::new(move || {
            let found = rustix::fs::statvfs(&path)?;
            Ok(found.f_bavail.saturating_mul(found.f_frsize))
        }))
    }

    /// Asks `probe`.
    #[cfg(test)]
    pub fn told_by(probe: impl Fn() -> io::Result<u64> + Send + 'static) -> Self {
        Self(Box::new(probe))
    }

    /// Tells whether there is enough again.
    pub fn is_back(&self) -> bool {
        (self.0)().is_ok_and(|free| free >= NEEDED_BYTES)
    }
}

/// Builds the refusal while there is not.
pub(crate) fn full() -> StoreError {
    let why = format!(
        "the disk is full and nothing was written; free {} MiB and try again",
        NEEDED_BYTES / (1024 * 1024)
    );
    StoreError::new(ErrorKind::Full, OP, why)
}
