//! Room on the disk: whether there is more than when it was full. Frees none.

use std::{fmt, io, path::Path};

/// Free bytes with which writes always go on.
pub(crate) const PLENTY_BYTES: u64 = 64 * 1024 * 1024;

/// Free bytes that must have come back before writes go on with less: a few commits' worth.
pub(crate) const MORE_BYTES: u64 = 1024 * 1024;

/// Asks how many bytes are free; a way to put another answer into tests.
pub(crate) struct Room(Box<dyn Fn() -> io::Result<u64> + Send + Sync>);

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

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
    pub fn told_by(probe: impl Fn() -> io::Result<u64> + Send + Sync + 'static) -> Self {
        Self(Box::new(probe))
    }

    /// Returns the free bytes, zero where nobody tells.
    pub fn free(&self) -> u64 {
        (self.0)().unwrap_or(0)
    }

    /// Tells whether there is next to none, whatever was tried so far.
    pub fn is_gone(&self) -> bool {
        (self.0)().is_ok_and(|free| free < MORE_BYTES)
    }

    /// Tells whether there is enough again after there were `before` free bytes.
    pub fn is_back(&self, before: u64) -> bool {
        let free = self.free();
        free >= PLENTY_BYTES || free >= before.saturating_add(MORE_BYTES)
    }
}
