//! The index on disk: one small file that names the others, written aside and renamed.
//!
//! A dump spares a restart the building and is never the truth: whoever cannot open one builds the
//! index anew from the records. It names the embedder's model and dimension, so vectors of different
//! models never meet, and carries a position, how far into the records its caller had read, with the
//! id of the history that the position is of.
//!
//! `vectors.index` has, in sections with a checksum each (see [`section`]): the head, names, for each
//! merged segment its file, cards and dead, and the rows that no merge has taken yet. Merged segments
//! are files of their own (see [`segment`](self::segment)), written at the first save after the merge
//! and mapped when opened; exact vectors are in files that the merge wrote ([`chunk`](super::chunk)).
//!
//! What is compared when: opening compares every byte of `vectors.index` and of the segments (codes,
//! links, ids); a chunk of exact vectors is compared before its first use. So a wrong bit never
//! decides an answer: at opening the index is refused whole; later, the chunk's rows are scored by
//! their codes, the damage is logged as an error and the saved index taken away, so that the next
//! start builds it anew.
//!
//! Invariant: a name is written only after what it names is on disk, and files are deleted only after
//! a saved index that does not name them is.

mod cards;
mod error;
mod loose;
mod names;
mod section;
mod segment;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use appliance_core::{HistoryId, memory::Origin};

pub use self::error::DumpError;
use self::{
    error::Fault,
    loose::Loose,
    section::{Fields, Reader, Writer, column},
};
use super::{
    bits::Bits,
    card::Cards,
    chunk::Chunk,
    folder::{Folder, Holds, INDEX},
    names::Names,
    segment::{Kept, Merged, Segment},
    state::{Part, State},
};

/// What every index file of this layout begins with.
const MAGIC: &[u8; 16] = b"ai-infra vec 005";

/// Which vectors an index holds, of which records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    pub(super) model: &'a str,
    pub(super) dim: usize,
    /// `None` for records that have no history, as in benches.
    pub(super) origin: Option<Origin>,
}

impl Kind<'_> {
    fn history(&self) -> [u8; 16] {
        self.origin.map(|origin| origin.history.bytes()).unwrap_or_default()
    }
}

/// An index at one moment, shared with the one that lives on.
#[derive(Debug)]
pub(super) struct Snapshot {
    names: Names,
    merged: Vec<(Arc<Segment>, Cards, Bits)>,
    loose: Vec<Loose>,
}

impl Snapshot {
    /// Takes one; copies cards and no vectors.
    pub(super) fn of(state: &State) -> Self {
        let (mut merged, mut loose) = (Vec::new(), Vec::new());
        for Part { segment, cards, dead } in &state.parts {
            match segment.merged {
                Some(_) => merged.push((Arc::clone(segment), cards.clone(), dead.clone())),
                None => loose.push(Loose::of(&segment.rows, cards, dead)),
            }
        }
        let Part { segment, cards, dead } = &state.fresh;
        loose.push(Loose::of(&segment.rows, cards, dead));
        Self { names: state.living_names(), merged, loose }
    }

    /// Writes it to the folder, in the place of the one before.
    ///
    /// # Errors
    /// When the folder cannot be written; the one before is then still there. When the index is
    /// damaged; there is none then.
    pub(super) fn save(
        &self,
        folder: &Arc<Folder>,
        kind: &Kind<'_>,
        position: u64,
    ) -> Result<(), DumpError> {
        let Some(dir) = folder.dir() else { return Ok(()) };
        let path = dir.join(INDEX);
        let saved = self.files(folder).and_then(|files| self.write(dir, kind, position, &files));
        saved.map_err(|fault| fault.at("saving", path, kind.model, kind.dim))?;
        if let Err(error) = folder.sweep(&self.named()) {
            let folder = dir.display();
            tracing::warn!(%folder, %error, "files that the vector index no longer needs stay");
        }
        Ok(())
    }

    /// Writes the files that are to be named, where that is not done yet.
    fn files(&self, folder: &Arc<Folder>) -> Result<Vec<[u64; 2]>, Fault> {
        if folder.is_damaged() {
            return Err(Fault::Corrupt("exact vectors do not match their checksum"));
        }
        let mut files = Vec::with_capacity(self.merged.len());
        for (segment, ..) in &self.merged {
            let Some(merged) = &segment.merged else { continue };
            if merged.kept.get().is_none() {
                let written = segment::write(folder, segment, merged)?;
                // One save at a time: nobody else can have set it.
                let _ = merged.kept.set(written);
            }
            files.extend(merged.kept.get().map(|kept| [kept.number.value, kept.sum]));
        }
        Ok(files)
    }

    fn write(
        &self,
        dir: &Path,
        kind: &Kind<'_>,
        position: u64,
        files: &[[u64; 2]],
    ) -> Result<(), Fault> {
        let aside = dir.join(format!("{INDEX}.new"));
        let mut file = BufWriter::new(appliance_files::file(&aside)?);
        file.write_all(MAGIC)?;
        let mut out = Writer::new(file);
        let head = [kind.dim as u64, position, files.len() as u64, self.loose.len() as u64];
        let head = head.map(u64::to_le_bytes);
        out.section([head.as_flattened(), &kind.history(), kind.model.as_bytes()])?;
        names::write(&mut out, &self.names)?;
        for ((segment, cards, dead), [number, sum]) in self.merged.iter().zip(files) {
            out.section([*number, *sum, segment.rows.len() as u64].map(u64::to_le_bytes))?;
            cards::write(&mut out, cards)?;
            out.section(dead.rows().map(u32::to_le_bytes).collect::<Vec<_>>())?;
        }
        for loose in &self.loose {
            loose.write(&mut out)?;
        }
        out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let folder = File::open(dir)?;
        folder.sync_all()?; // the files that are named, before their names
        fs::rename(&aside, dir.join(INDEX))?;
        Ok(folder.sync_all()?)
    }

    fn named(&self) -> BTreeSet<(Holds, u64)> {
        self.merged.iter().flat_map(|(segment, ..)| named(segment)).collect()
    }
}

/// Returns the files that a segment is in.
fn named(segment: &Segment) -> impl Iterator<Item = (Holds, u64)> {
    let kept = segment.merged.as_ref().and_then(|Merged { kept, .. }| kept.get());
    let own = kept.map(|Kept { number, .. }| (Holds::Segment, number.value));
    let exact = segment.rows.chunks.iter().filter_map(|chunk| match chunk.as_ref() {
        Chunk::Loose(_) => None,
        Chunk::Filed(filed) => Some((Holds::Exact, filed.file.number.value)),
    });
    own.into_iter().chain(exact)
}

/// Says that nothing was saved in `dir` yet.
pub(super) fn missing(dir: &Path) -> String {
    format!("there is no vector index in {} yet", dir.display())
}

/// Tells whether something was saved in `dir`.
pub(super) fn is_in(dir: &Path) -> bool {
    dir.join(INDEX).is_file()
}

/// Opens what [`Snapshot::save`] wrote, with its position; `None` if there is nothing.
pub(super) fn open(
    folder: &Arc<Folder>,
    kind: &Kind<'_>,
    room: usize,
) -> Result<Option<(State, u64)>, DumpError> {
    let Some(dir) = folder.dir() else { return Ok(None) };
    let path = dir.join(INDEX);
    let file = match appliance_files::opened(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened,
    };
    let read = file.map_err(Fault::from).and_then(|file| read(folder, file, kind, room));
    let (state, position) =
        read.map_err(|fault| fault.at("opening", path, kind.model, kind.dim))?;
    let saved = state.parts.iter().flat_map(|part| named(&part.segment)).collect();
    if let Err(error) = folder.sweep(&saved) {
        let folder = dir.display();
        tracing::warn!(%folder, %error, "files that the vector index does not name stay");
    }
    Ok(Some((state, position)))
}

fn read(
    folder: &Arc<Folder>,
    file: File,
    kind: &Kind<'_>,
    room: usize,
) -> Result<(State, u64), Fault> {
    let mut from = Reader::new(file, MAGIC)?;
    let mut head = Fields::new(from.section()?);
    let (dim, position, merged, loose) = (head.u64()?, head.u64()?, head.u64()?, head.u64()?);
    let history = HistoryId::from_bytes(head.array()?);
    let model = String::from_utf8(head.rest().to_vec());
    let model = model.map_err(|_| Fault::Corrupt("its model has no name"))?;
    if dim != kind.dim as u64 || model != kind.model {
        return Err(Fault::Foreign { model, dim: dim as usize });
    }
    if let Some(why) = kind.origin.and_then(|origin| origin.refuses(history, position)) {
        return Err(Fault::Stale(why));
    }
    let mut state = State::new(kind.dim, room);
    state.names = names::read(&mut from)?;
    for _ in 0..merged {
        let part = part(folder, &mut from, kind.dim, &state.names)?;
        state.parts.push(part);
    }
    for _ in 0..loose {
        loose::read(&mut from, kind.dim, &mut state)?;
    }
    from.end()?;
    Ok((state, position))
}

fn part(folder: &Arc<Folder>, from: &mut Reader, dim: usize, names: &Names) -> Result<Part, Fault> {
    let mut head = Fields::new(from.section()?);
    let (number, sum, count) = (head.u64()?, head.u64()?, head.u64()? as usize);
    let cards = cards::read(from, count, names)?;
    let bytes = from.section()?;
    let mut dead = Bits::default();
    for row in column(bytes, bytes.len() / 4, u32::from_le_bytes)? {
        if row as usize >= count {
            return Err(Fault::Corrupt("a row that is not there is dead"));
        }
        dead.add(row);
    }
    let segment = segment::open(folder, number, sum, dim)?;
    if segment.rows.len() != count {
        return Err(Fault::Corrupt("a segment has another number of rows than its index"));
    }
    Ok(Part { segment: Arc::new(segment), cards, dead })
}
