//! The index on disk: one file, written aside and renamed, refused whole if a byte of it is wrong.
//!
//! A dump spares a restart the building and is never the truth: whoever cannot open one builds the
//! index anew from the records. It names the embedder's model and dimension, so vectors of different
//! models never meet, and carries a mark: how far into the records its caller had read.
//!
//! Layout: the magic, then sections (see [`section`]): head, owners, and for each segment its
//! columns, its dead and its graph. Lists and id order are made again while opening.

mod links;
mod part;
mod section;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use appliance_core::UserId;

use self::section::{Fields, Reader, Writer};
use super::{
    bits::Bits,
    rows::Rows,
    segment::Merged,
    state::{Part, State},
    tag::Owners,
};

/// The dump's name in its directory.
const FILE: &str = "vectors.index";
/// What every dump of this layout begins with.
const MAGIC: &[u8; 16] = b"ai-infra vec 001";

/// Why an index could not be saved or opened.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file system said no.
    #[error("while {doing} the vector index {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It is whole, but for another embedder.
    #[error(
        "the vector index {} is for `{found}` in {found_dim} dimensions, wanted is `{wanted}` in \
         {wanted_dim}; it has to be built anew from the memories", path.display()
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// The model it was made with.
        found: String,
        /// The dimensions it has.
        found_dim: usize,
        /// The model that was asked for.
        wanted: String,
        /// The dimensions that were asked for.
        wanted_dim: usize,
    },
    /// Its bytes are not what was written.
    #[error(
        "the vector index {} is damaged ({what}); it has to be built anew from the memories",
        path.display()
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

/// What goes wrong inside; [`Fault::at`] says where.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    Corrupt(&'static str),
    Foreign { model: String, dim: usize },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Corrupt("it ends too soon"),
            _ => Self::Io(error),
        }
    }
}

impl Fault {
    fn at(self, doing: &'static str, path: PathBuf, kind: &Kind<'_>) -> DumpError {
        match self {
            Self::Io(source) => DumpError::Io { doing, path, source },
            Self::Corrupt(what) => DumpError::Corrupt { path, what },
            Self::Foreign { model, dim } => DumpError::Foreign {
                path,
                found: model,
                found_dim: dim,
                wanted: kind.model.to_owned(),
                wanted_dim: kind.dim,
            },
        }
    }
}

/// Which vectors an index holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    pub(super) model: &'a str,
    pub(super) dim: usize,
}

/// An index at one moment, shared with the one that lives on.
#[derive(Debug)]
pub(super) struct Snapshot {
    owners: Owners,
    parts: Vec<Part>,
    fresh: (Rows, Bits),
}

impl Snapshot {
    /// Takes one; copies the fresh segment's codes and no vectors.
    pub(super) fn of(state: &State) -> Self {
        Self {
            owners: state.owners.clone(),
            parts: state.parts.clone(),
            fresh: (state.fresh.rows.clone(), state.fresh_dead.clone()),
        }
    }

    /// Writes it to a file in `dir`, in the place of the one before.
    pub(super) fn save(&self, dir: &Path, kind: &Kind<'_>, mark: u64) -> Result<(), DumpError> {
        let path = dir.join(FILE);
        let aside = dir.join(format!("{FILE}.new"));
        let written = self.write(&aside, kind, mark).and_then(|()| {
            fs::rename(&aside, &path)?;
            Ok(File::open(dir)?.sync_all()?)
        });
        written.map_err(|fault| fault.at("saving", path, kind))
    }

    fn write(&self, path: &Path, kind: &Kind<'_>, mark: u64) -> Result<(), Fault> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(MAGIC)?;
        let mut out = Writer::new(file);
        let mut head = Vec::new();
        head.extend((kind.dim as u64).to_le_bytes());
        head.extend(mark.to_le_bytes());
        head.extend((self.parts.len() as u64 + 1).to_le_bytes());
        head.extend(kind.model.as_bytes());
        out.section([head.as_slice()])?;
        out.section(self.owners.ids().iter().map(UserId::bytes))?;
        for Part { segment, dead } in &self.parts {
            part::write(&mut out, &segment.rows, dead, segment.merged.as_ref())?;
        }
        part::write(&mut out, &self.fresh.0, &self.fresh.1, None::<&Merged>)?;
        out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(())
    }
}

/// Reads what [`Snapshot::save`] wrote; `None` if there is no file.
pub(super) fn open(
    dir: &Path,
    kind: &Kind<'_>,
    room: usize,
) -> Result<Option<(State, u64)>, DumpError> {
    let path = dir.join(FILE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened,
    };
    let read = file.map_err(Fault::from).and_then(|file| read(file, kind, room));
    read.map(Some).map_err(|fault| fault.at("opening", path, kind))
}

fn read(file: File, kind: &Kind<'_>, room: usize) -> Result<(State, u64), Fault> {
    let mut from = Reader::new(file, MAGIC)?;
    let mut head = Fields::new(from.section()?);
    let (dim, mark, parts) = (head.u64()?, head.u64()?, head.u64()?);
    let model = String::from_utf8(head.rest().to_vec());
    let model = model.map_err(|_| Fault::Corrupt("its model has no name"))?;
    if dim != kind.dim as u64 || model != kind.model {
        return Err(Fault::Foreign { model, dim: dim as usize });
    }
    let mut state = State::new(kind.dim, room);
    for bytes in from.section()?.as_chunks::<16>().0 {
        state.owners.number(UserId::from_bytes(*bytes));
    }
    for _ in 0..parts {
        let part = part::read(&mut from, kind.dim, state.owners.ids().len())?;
        if part.segment.rows.len() > 0 {
            state.parts.push(part);
        }
    }
    from.end()?;
    Ok((state, mark))
}
