//! The archive's folder: which files are in it, a few of them open, a few blocks decoded.
//!
//! Reads texts, writes segments and deletes files when told to. Which files count is the manifest's
//! to say, see [`crate::tiers`]; this only makes sure that numbers are never used twice.

use std::{
    collections::BTreeMap,
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use appliance_core::MemoryId;
use lru::LruCache;

use super::{
    ColdFault, ColdRecord, Embedder, Written,
    name::{name, numbered, place},
    segment::{self, Segment},
    write,
};
use storage_rules::{
    Fault as RuleFault,
    damage::Register,
    memories::{Spot, Texts},
    tiers::manifest::Identity,
};

use crate::{OpenError, open_error::refuse_another, steps::reached};

/// The operation that reading a text names.
const OP: &str = "memories.get";

/// Segments kept open: a handle and a dictionary each.
const OPEN: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// Decoded blocks kept: about 40 KB each, 1 MB at most.
const DECODED: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// The texts of cold memories.
#[derive(Debug)]
pub(crate) struct Archive {
    folder: PathBuf,
    damage: Arc<Register>,
    last: AtomicU64,
    near: Mutex<Near>,
    embedder: RwLock<Option<Embedder>>,
    maintenance: Mutex<()>,
}

/// What was read lately.
#[derive(Debug)]
struct Near {
    segments: LruCache<u64, Arc<Segment>>,
    blocks: LruCache<(u64, u32), Arc<Vec<ColdRecord>>>,
}

/// What lies in the folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Finished segments by number.
    pub segments: BTreeMap<u64, PathBuf>,
    /// Files that were never finished.
    pub half_made: Vec<PathBuf>,
}

impl Archive {
    /// Looks into `folder`, which need not be there before the first segment is written.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        refuse_another(folder, "a folder")?;
        let found = found(folder).map_err(|source| OpenError::Io {
            doing: "reading",
            path: folder.to_owned(),
            source,
        })?;
        let last = found.segments.last_key_value().map_or(0, |(last, _)| *last);
        let near = Near { segments: LruCache::new(OPEN), blocks: LruCache::new(DECODED) };
        Ok(Self {
            folder: folder.to_owned(),
            damage: Arc::default(),
            last: AtomicU64::new(last),
            near: Mutex::new(near),
            embedder: RwLock::new(None),
            maintenance: Mutex::new(()),
        })
    }

    /// Returns where it is kept what is damaged.
    pub const fn damage(&self) -> &Arc<Register> {
        &self.damage
    }

    /// Returns the record of `id`, which is at `spot`; one that could not be read before is named no
    /// longer.
    pub fn record(&self, id: MemoryId, spot: Spot) -> Result<ColdRecord, ColdFault> {
        let block = self.block(spot.segment, spot.block)?;
        let record = block.get(spot.slot as usize).filter(|record| record.id == id);
        let record = record.cloned().ok_or_else(|| {
            let what = format!("block {} does not hold memory {id}", spot.block);
            ColdFault::damaged(spot.segment, what)
        })?;
        if !self.damage.is_empty() {
            self.damage.reads_again(&place(spot.segment), None);
            self.damage.reads_again(&place_of(spot), Some(id));
        }
        Ok(record)
    }

    /// Writes `records` into a new segment, whole and durable when it returns.
    pub fn write(&self, identity: Identity, records: &[ColdRecord]) -> Result<Written, ColdFault> {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let built = write::build(number, identity, records)?;
        write::make_folder(&self.folder)?;
        let path = self.path(number);
        write::place(number, &built, records, &path.with_extension("seg.new"), &path)
    }

    /// Makes sure that no number up to `number` is given to a new segment.
    pub fn skip(&self, number: u64) {
        self.last.fetch_max(number, Ordering::Relaxed);
    }

    /// Deletes the files of `segments`; one that is not there is fine.
    pub fn delete(&self, segments: &[u64]) -> Result<(), ColdFault> {
        for number in segments {
            self.let_go(*number);
            self.remove(&self.path(*number))?;
            self.damage.left(&place(*number));
            reached("archive.deleted");
        }
        if segments.is_empty() { Ok(()) } else { write::sync_folder(&self.folder) }
    }

    /// Deletes files that were never finished.
    pub fn clear(&self, half_made: &[PathBuf]) -> Result<(), ColdFault> {
        half_made.iter().try_for_each(|path| self.remove(path))
    }

    /// Returns what lies in the folder.
    pub fn found(&self) -> Result<Found, ColdFault> {
        let io = |source| ColdFault::Io { doing: "reading", path: self.folder.clone(), source };
        found(&self.folder).map_err(io)
    }

    /// Returns which store wrote a segment.
    pub fn identity(&self, number: u64) -> Result<Identity, ColdFault> {
        segment::identity(&self.path(number), number)
    }

    /// Sees whether a segment is there, finished and `bytes` long.
    pub fn look(&self, number: u64, bytes: u64) -> Result<(), ColdFault> {
        segment::look(&self.path(number), number, bytes)
    }

    /// Keeps others out while one step of maintenance is at work.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.maintenance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes by which model memories are found from now on.
    pub fn embedded_by(&self, embedder: Embedder) {
        *self.embedder.write().unwrap_or_else(PoisonError::into_inner) = Some(embedder);
    }

    /// Returns by which model memories are found.
    pub fn embedder(&self) -> Option<Embedder> {
        self.embedder.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(name(number))
    }

    fn block(&self, number: u64, block: u32) -> Result<Arc<Vec<ColdRecord>>, ColdFault> {
        if let Some(near) = self.near().blocks.get(&(number, block)) {
            return Ok(Arc::clone(near));
        }
        let read = self.segment(number)?.block(block);
        if read.is_err() {
            self.near().segments.pop(&number); // another file may be there the next time
        }
        let decoded = Arc::new(read?);
        self.near().blocks.put((number, block), Arc::clone(&decoded));
        Ok(decoded)
    }

    fn segment(&self, number: u64) -> Result<Arc<Segment>, ColdFault> {
        if let Some(near) = self.near().segments.get(&number) {
            return Ok(Arc::clone(near));
        }
        let opened = Arc::new(Segment::open(&self.path(number), number)?);
        self.near().segments.put(number, Arc::clone(&opened));
        Ok(opened)
    }

    fn let_go(&self, number: u64) {
        let mut near = self.near();
        near.segments.pop(&number);
        let of_it: Vec<_> = near.blocks.iter().map(|(at, _)| *at).collect();
        for at in of_it.into_iter().filter(|(segment, _)| *segment == number) {
            near.blocks.pop(&at);
        }
    }

    fn near(&self) -> MutexGuard<'_, Near> {
        self.near.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, path: &Path) -> Result<(), ColdFault> {
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(ColdFault::Io { doing: "deleting", path: path.to_owned(), source })
            }
            _ => Ok(()),
        }
    }
}

/// The archive at the last try: what is not where it should be is not only moved.
#[derive(Debug)]
pub(crate) struct Settled<'a>(pub &'a Archive);

impl Texts for Settled<'_> {
    fn read(&self, id: MemoryId, spot: Spot) -> Result<String, RuleFault> {
        self.0.read(id, spot)
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl Texts for Archive {
    /// As the trait; decodes one block at most.
    fn read(&self, id: MemoryId, spot: Spot) -> Result<String, RuleFault> {
        let text = self.record(id, spot).map(|record| record.text);
        text.map_err(|fault| RuleFault::Archive { place: place_of(spot), error: fault.at(OP) })
    }

    /// A text may be moved to another file between the view and this.
    fn is_settled(&self) -> bool {
        false
    }
}

/// Returns how the block of a text is named among what is damaged.
fn place_of(spot: Spot) -> String {
    format!("{} block {}", place(spot.segment), spot.block)
}

fn found(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if let Some(number) = numbered(file, ".seg") {
            found.segments.insert(number, path);
        } else if numbered(file, ".seg.new").is_some() {
            found.half_made.push(path);
        }
    }
    Ok(found)
}
