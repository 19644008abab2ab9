//! Opening on trial: what redb writes while it opens a file stays in memory until the file has
//! proved whole, so that a damaged one is left exactly as it was found.
//!
//! redb marks the file and may repair it before it knows whether it can be read. This lies between
//! redb and its own file backend, and is a plain pass-through once [`Trial::settle`] was called.
//!
//! Invariant: before `settle` not one byte of the file changes.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

use crate::medium::Watched;

/// Size of the pieces in which changes are kept aside.
const PIECE: u64 = 4096;

/// A file whose changes wait for [`settle`](Self::settle). Clones are the same file.
#[derive(Debug, Clone)]
pub(crate) struct Trial(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Watched,
    settled: AtomicBool,
    aside: Mutex<Aside>,
}

/// The changes that wait.
#[derive(Debug, Default)]
struct Aside {
    len: u64,
    pieces: BTreeMap<u64, Vec<u8>>,
}

impl Trial {
    /// Begins a trial of `file`.
    pub fn of(file: Watched) -> io::Result<Self> {
        let aside = Aside { len: file.len()?, ..Aside::default() };
        let (settled, aside) = (AtomicBool::new(false), Mutex::new(aside));
        Ok(Self(Arc::new(Inner { file, settled, aside })))
    }

    /// Ends the trial: writes and syncs what waited, and lets everything through from now on.
    ///
    /// The first piece, which says where everything is, is written once all others are on disk, and
    /// nothing is cut off before that: a crash on the way leaves what was there before. When it
    /// fails, the trial goes on and can be read.
    pub fn settle(&self) -> io::Result<()> {
        let mut aside = self.aside();
        let Aside { len, pieces } = &*aside;
        if self.0.file.len()? < *len {
            self.0.file.set_len(*len)?;
        }
        for (number, piece) in pieces.iter().filter(|(number, _)| **number != 0) {
            self.put(*number, piece, *len)?;
        }
        self.0.file.sync_data()?;
        if let Some(piece) = pieces.get(&0) {
            self.put(0, piece, *len)?;
            self.0.file.sync_data()?;
        }
        if self.0.file.len()? > *len {
            self.0.file.set_len(*len)?;
        }
        *aside = Aside::default();
        self.0.settled.store(true, Ordering::Release);
        Ok(())
    }

    /// Writes piece `number` of a file that is `len` bytes long.
    fn put(&self, number: u64, piece: &[u8], len: u64) -> io::Result<()> {
        let at = number * PIECE;
        let kept = usize::try_from(len.saturating_sub(at)).unwrap_or(usize::MAX);
        self.0.file.write(at, &piece[..kept.min(piece.len())])
    }

    fn is_settled(&self) -> bool {
        self.0.settled.load(Ordering::Acquire)
    }

    fn aside(&self) -> MutexGuard<'_, Aside> {
        self.0.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns piece `number` as the trial sees it; zeroes beyond the file's end.
    fn piece<'a>(&self, aside: &'a mut Aside, number: u64) -> io::Result<&'a mut Vec<u8>> {
        if let std::collections::btree_map::Entry::Vacant(vacant) = aside.pieces.entry(number) {
            let at = number * PIECE;
            let there = self.0.file.len()?.saturating_sub(at).min(PIECE);
            let mut piece = vec![0; usize::try_from(PIECE).unwrap_or_default()];
            if there > 0 {
                self.0.file.read(at, &mut piece[..usize::try_from(there).unwrap_or_default()])?;
            }
            vacant.insert(piece);
        }
        aside.pieces.get_mut(&number).ok_or_else(|| io::Error::other("the piece was just put"))
    }
}

/// Splits `len` bytes at `offset` into pieces: number, range in the piece, range in the buffer.
fn split(
    offset: u64,
    len: usize,
) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let at = offset + done as u64;
        let begin = usize::try_from(at % PIECE).unwrap_or_default();
        let room = usize::try_from(PIECE).unwrap_or_default() - begin;
        let count = room.min(len - done);
        let part = (at / PIECE, begin..begin + count, done..done + count);
        done += count;
        Some(part)
    })
}

impl StorageBackend for Trial {
    fn len(&self) -> io::Result<u64> {
        if self.is_settled() { self.0.file.len() } else { Ok(self.aside().len) }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_settled() {
            return self.0.file.read(offset, out);
        }
        let aside = self.aside();
        if offset.saturating_add(out.len() as u64) > aside.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, within, part) in split(offset, out.len()) {
            match aside.pieces.get(&number) {
                Some(piece) => out[part].copy_from_slice(&piece[within]),
                None => self.0.file.read(number * PIECE + within.start as u64, &mut out[part])?,
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_settled() {
            return self.0.file.set_len(len);
        }
        let mut aside = self.aside();
        let (from, to) = (aside.len.min(len), aside.len.max(len));
        // What is cut off or added reads as zeroes from now on.
        for (number, within, _) in split(from, usize::try_from(to - from).unwrap_or_default()) {
            self.piece(&mut aside, number)?[within].fill(0);
        }
        aside.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_settled() { self.0.file.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_settled() {
            return self.0.file.write(offset, data);
        }
        let mut aside = self.aside();
        for (number, within, part) in split(offset, data.len()) {
            self.piece(&mut aside, number)?[within].copy_from_slice(&data[part]);
        }
        aside.len = aside.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        os::unix::fs::FileExt as _,
    };

    use redb::backends::FileBackend;

    use super::*;
    use crate::medium::Beside;

    #[test]
    fn nothing_changes_before_it_settles_and_everything_after() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("file");
        let before: Vec<u8> = (0..10_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        fs::write(&path, &before).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let trial =
            Trial::of(Watched::over(Box::new(FileBackend::new(file).unwrap()), &Beside::nothing()));
        let trial = trial.unwrap();

        trial.write(4_090, b"over the edge").unwrap();
        trial.set_len(9_000).unwrap();
        trial.set_len(12_000).unwrap();
        trial.write(11_990, b"0123456789").unwrap();
        trial.sync_data().unwrap();
        let mut expected = before.clone();
        expected[4_090..4_103].copy_from_slice(b"over the edge");
        expected.truncate(9_000);
        expected.resize(12_000, 0);
        expected[11_990..].copy_from_slice(b"0123456789");
        let mut seen = vec![0; 12_000];
        trial.read(0, &mut seen).unwrap();
        assert!(seen == expected && fs::read(&path).unwrap() == before);
        assert!(trial.read(11_999, &mut [0; 2]).is_err());

        trial.settle().unwrap();
        assert!(fs::read(&path).unwrap() == expected);
        trial.write(0, b"now").unwrap();
        let mut now = [0; 3];
        File::open(&path).unwrap().read_exact_at(&mut now, 0).unwrap();
        assert_eq!(&now, b"now");
    }
}
