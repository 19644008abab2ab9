//! A little room kept beside the file, given up for what must go on when the disk is full.
//!
//! While the reserve is offered, a call that meets a full disk is made again after a slice was given
//! up ([`crate::medium`]); once there is room, it is made whole. Says nothing about what is essential:
//! the engine does. Another process may take the room between the two; then the call fails as before.

use std::{
    fmt,
    fs::File,
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::fs::{FallocateFlags, fallocate};

/// What is kept. A log-in of a large store takes some 30 pages of 4 KiB, most of which the next one
/// uses again.
pub(crate) const RESERVE_BYTES: u64 = 2 * 1024 * 1024;

/// What is given up at a time.
const SLICE_BYTES: u64 = 256 * 1024;

/// The reserve of one store.
pub(crate) struct Reserve {
    is_offered: AtomicBool,
    is_short: AtomicBool,
    kept: Box<dyn Kept>,
}

/// Where the room is kept; a way to put another place into tests.
pub(crate) trait Kept: Send + Sync {
    /// Gives a slice up; false when nothing is left.
    fn give(&self) -> io::Result<bool>;

    /// Takes everything back that was given up.
    fn restore(&self) -> io::Result<()>;
}

impl fmt::Debug for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("is_short", &self.is_short).finish_non_exhaustive()
    }
}

impl Reserve {
    /// Keeps it in a file at `path`, once it is [restored](Self::restore).
    pub fn at(path: &Path) -> Self {
        Self::kept_in(Box::new(InFile(path.into())))
    }

    /// Keeps it elsewhere.
    pub fn kept_in(kept: Box<dyn Kept>) -> Self {
        Self { is_offered: AtomicBool::new(false), is_short: AtomicBool::new(true), kept }
    }

    /// Runs `work` with the reserve on offer.
    pub fn offer<T>(&self, work: impl FnOnce() -> T) -> T {
        self.is_offered.store(true, Ordering::Release);
        let done = work();
        self.is_offered.store(false, Ordering::Release);
        done
    }

    /// Gives a slice up, if it is on offer; false when there was none.
    pub fn give(&self) -> bool {
        if !self.is_offered.load(Ordering::Acquire) {
            return false;
        }
        self.is_short.store(true, Ordering::Release);
        self.kept.give().unwrap_or_else(|error| {
            tracing::warn!(%error, "the reserve could not be given up");
            false
        })
    }

    /// Tells whether it is not whole.
    pub fn is_short(&self) -> bool {
        self.is_short.load(Ordering::Acquire)
    }

    /// Makes it whole.
    pub fn restore(&self) {
        match self.kept.restore() {
            Ok(()) => self.is_short.store(false, Ordering::Release),
            Err(error) => tracing::debug!(%error, "no room is kept in reserve yet"),
        }
    }
}

struct InFile(Box<Path>);

impl InFile {
    fn open(&self) -> io::Result<File> {
        appliance_files::kept_file(&self.0)
    }
}

impl Kept for InFile {
    fn give(&self) -> io::Result<bool> {
        let file = self.open()?;
        let len = file.metadata()?.len();
        if len > 0 {
            file.set_len(len.saturating_sub(SLICE_BYTES))?;
        }
        Ok(len > 0)
    }

    fn restore(&self) -> io::Result<()> {
        let file = self.open()?;
        let whole = fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES);
        if whole.is_err() {
            file.set_len(0)?; // a part of it would look like the whole
        }
        Ok(whole?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_is_given_up_in_slices_only_while_it_is_offered_and_made_whole_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("reserve");
        let reserve = Reserve::at(&path);
        reserve.restore();
        let on_disk = || std::fs::metadata(&path).unwrap().blocks() * 512;
        assert!(on_disk() >= RESERVE_BYTES && !reserve.is_short());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        assert!(!reserve.give(), "it is not offered");
        let slices = reserve.offer(|| (0..100).take_while(|_| reserve.give()).count());
        assert_eq!(slices as u64, RESERVE_BYTES / SLICE_BYTES);
        assert!(on_disk() == 0 && reserve.is_short());
        assert!(!reserve.give(), "nothing is left");
        reserve.restore();
        assert!(on_disk() >= RESERVE_BYTES);
    }
}
