//! Exact vectors, a few dozen rows together, in memory or in a file.
//!
//! A search looks at the exact vectors of the few rows it returns, so they need not be in memory: a
//! merge writes full chunks to a file and maps it. Chunks are shared between an index before and
//! after a merge, so that no vector is written twice.
//!
//! Invariant: what is in a file was compared with its checksum before it is first used; a chunk that
//! does not match is never used again.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    folder::{Folder, Holds, Number},
    mapped::{Mapping, bytes_of, numbers_of},
    pages::Floats,
};

/// Rows in one chunk: what is compared with one checksum, 400 KB at 1,536 dimensions.
pub(super) const CHUNK: usize = 64;

const UNSEEN: u8 = 0;
const SOUND: u8 = 1;
const BROKEN: u8 = 2;

/// Exact vectors of up to [`CHUNK`] rows.
#[derive(Debug)]
pub(super) enum Chunk {
    /// May grow.
    Loose(Floats),
    /// Is full.
    Filed(FiledChunk),
}

/// A chunk's place in a file.
#[derive(Debug)]
pub(super) struct FiledChunk {
    pub(super) file: Arc<ExactFile>,
    /// Its first byte.
    pub(super) from: usize,
    /// Its length in bytes.
    bytes: usize,
    pub(super) sum: u64,
    state: AtomicU8,
}

/// A file of exact vectors.
#[derive(Debug)]
pub(super) struct ExactFile {
    folder: Arc<Folder>,
    pub(super) number: Number,
    file: File,
    map: Mapping,
    synced: AtomicBool,
}

impl ExactFile {
    /// Opens one that the saved index names.
    pub(super) fn open(folder: &Arc<Folder>, number: u64) -> io::Result<Arc<Self>> {
        let (file, number) = folder.open(Holds::Exact, number)?;
        Self::over(folder, file, number, true)
    }

    fn over(
        folder: &Arc<Folder>,
        file: File,
        number: Number,
        synced: bool,
    ) -> io::Result<Arc<Self>> {
        let map = Mapping::of(&file)?;
        map.read_at_random();
        let (folder, synced) = (Arc::clone(folder), AtomicBool::new(synced));
        Ok(Arc::new(Self { folder, number, file, map, synced }))
    }

    /// Waits until it is on disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        if !self.synced.load(Ordering::Relaxed) {
            self.file.sync_all()?;
            self.synced.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns a chunk of it; `None` where there is none. It is compared when it is first used.
    pub(super) fn chunk(self: &Arc<Self>, from: u64, bytes: usize, sum: u64) -> Option<Chunk> {
        let from = usize::try_from(from).ok()?;
        numbers_of::<f32>(self.map.bytes().get(from..from.checked_add(bytes)?)?)?;
        let file = Arc::clone(self);
        Some(Chunk::Filed(FiledChunk { file, from, bytes, sum, state: AtomicU8::new(UNSEEN) }))
    }
}

impl FiledChunk {
    fn values(&self) -> Option<&[f32]> {
        let bytes = &self.file.map.bytes()[self.from..self.from + self.bytes];
        match self.state.load(Ordering::Relaxed) {
            SOUND => {}
            BROKEN => return None,
            _ => self.compare(bytes)?,
        }
        numbers_of(bytes)
    }

    /// Comparing twice, when two searches are first at once, does no harm.
    fn compare(&self, bytes: &[u8]) -> Option<()> {
        let sound = xxh3_64(bytes) == self.sum;
        self.state.store(if sound { SOUND } else { BROKEN }, Ordering::Relaxed);
        if !sound {
            self.file.folder.damage("exact vectors do not match their checksum");
        }
        sound.then_some(())
    }
}

impl Chunk {
    /// Returns its rows; `None` when their bytes are not what was written.
    pub(super) fn values(&self) -> Option<&[f32]> {
        match self {
            Self::Loose(floats) => Some(floats.values()),
            Self::Filed(filed) => filed.values(),
        }
    }

    /// Tells whether it is one that may grow, with room below `full` numbers.
    pub(super) fn has_room(&self, full: usize) -> bool {
        matches!(self, Self::Loose(floats) if floats.values().len() < full)
    }
}

/// Moves every full chunk that is in memory to one new file.
///
/// # Errors
/// When the file cannot be written; the chunks are then as they were.
pub(super) fn move_to_file(
    chunks: &mut [Arc<Chunk>],
    dim: usize,
    folder: &Arc<Folder>,
) -> io::Result<()> {
    let full = CHUNK * dim;
    let waits =
        |chunk: &Chunk| matches!(chunk, Chunk::Loose(floats) if floats.values().len() == full);
    if !chunks.iter().any(|chunk| waits(chunk)) {
        return Ok(());
    }
    let (file, number) = folder.create(Holds::Exact)?;
    let mut out = BufWriter::new(&file);
    for chunk in chunks.iter().filter(|chunk| waits(chunk)) {
        out.write_all(bytes_of(chunk.values().unwrap_or_default()))?;
    }
    out.flush()?;
    drop(out);
    let file = ExactFile::over(folder, file, number, false)?;
    let bytes = full * size_of::<f32>();
    let places = (0..).step_by(bytes);
    for (chunk, from) in chunks.iter_mut().filter(|chunk| waits(chunk)).zip(places) {
        let sum = xxh3_64(bytes_of(chunk.values().unwrap_or_default()));
        let (file, state) = (Arc::clone(&file), AtomicU8::new(UNSEEN));
        *chunk = Arc::new(Chunk::Filed(FiledChunk { file, from, bytes, sum, state }));
    }
    Ok(())
}
