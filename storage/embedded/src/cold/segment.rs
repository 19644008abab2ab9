//! Reading one segment: its head, dictionary and index once, then a block at a time.
//!
//! Opening reads a few kilobytes, whatever the file's size; every block is checked when it is read.
//! Keeps nothing that was decoded: see [`super::Archive`].

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use storage_rules::tiers::manifest::Identity;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    ColdFault, ColdRecord,
    layout::{BlockV1, HEAD, Head, IndexV1, TAIL, Tail},
    pack::{self, Unpacker},
};

/// Most bytes of a dictionary or an index that are believed.
const MOST_PART: u64 = 16 * 1024 * 1024;

/// A segment that was opened; its file stays open.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    path: PathBuf,
    file: File,
    len: u64,
    tail: Tail,
    index: IndexV1,
    unpacker: Unpacker,
}

impl Segment {
    /// Opens segment `number` at `path`.
    pub fn open(path: &Path, number: u64) -> Result<Self, ColdFault> {
        let (file, len, head) = open_head(path, number)?;
        let read = Reader { file: &file, path, number };
        let packed = read.part(HEAD as u64, u64::from(head.packed))?;
        if xxh3_64(&packed) != head.hash {
            return Err(ColdFault::damaged(
                number,
                "the checksum of its dictionary does not match",
            ));
        }
        let tail = read.tail(len)?;
        let index = pack::open_index(number, &read.part(tail.index_at, tail.index_len)?)?;
        let dictionary = pack::unpack_dictionary(&packed, head.plain)
            .map_err(|error| ColdFault::damaged(number, format!("its dictionary: {error}")))?;
        let unpacker = Unpacker::new(&dictionary);
        Ok(Self { number, path: path.to_owned(), file, len, tail, index, unpacker })
    }

    /// Returns how many blocks it has.
    pub fn blocks(&self) -> u32 {
        u32::try_from(self.index.blocks.len()).unwrap_or(u32::MAX)
    }

    /// Reads and decodes one block.
    pub fn block(&self, block: u32) -> Result<Vec<ColdRecord>, ColdFault> {
        let place: &BlockV1 = self.index.blocks.get(block as usize).ok_or_else(|| {
            ColdFault::damaged(self.number, format!("it has no block {block}, records are in it"))
        })?;
        let packed = self.read().part(place.at, u64::from(place.packed))?;
        if xxh3_64(&packed) != place.hash {
            let what = format!("the checksum of block {block} does not match");
            return Err(ColdFault::damaged(self.number, what));
        }
        self.unpacker.unpack(self.number, block, place, &packed)
    }

    /// Reads the whole file again and checks it against the checksum at its end.
    pub fn prove(&self) -> Result<(), ColdFault> {
        let body = self.len.saturating_sub(TAIL as u64);
        let whole = self.read().bytes(0, body)?;
        if xxh3_64(&whole) == self.tail.hash {
            return Ok(());
        }
        Err(ColdFault::damaged(self.number, "the checksum of the file does not match"))
    }

    fn read(&self) -> Reader<'_> {
        Reader { file: &self.file, path: self.path.as_path(), number: self.number }
    }
}

/// Returns which store wrote the segment at `path`.
pub(super) fn identity(path: &Path, number: u64) -> Result<Identity, ColdFault> {
    open_head(path, number).map(|(_, _, head)| head.identity)
}

/// Opens a segment as far as it takes to see that it is there, finished and `len` bytes long.
pub(super) fn look(path: &Path, number: u64, bytes: u64) -> Result<(), ColdFault> {
    let (file, len, _) = open_head(path, number)?;
    if len != bytes {
        let what = format!("it has {len} bytes and was written with {bytes}");
        return Err(ColdFault::damaged(number, what));
    }
    Reader { file: &file, path, number }.tail(len).map(drop)
}

fn open_head(path: &Path, number: u64) -> Result<(File, u64, Head), ColdFault> {
    let unread = |doing| {
        let path = path.to_owned();
        move |source| ColdFault::Unread { segment: number, doing, path, source }
    };
    let file = appliance_files::opened(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ColdFault::Missing { segment: number, path: path.to_owned() },
        _ => unread("opening")(source),
    })?;
    let len = file.metadata().map_err(unread("looking at"))?;
    let read = Reader { file: &file, path, number };
    let bytes = read.part(0, HEAD as u64)?;
    let Some(bytes) = bytes.first_chunk::<HEAD>() else {
        return Err(ColdFault::damaged(number, "it is too short"));
    };
    let head = Head::decode(bytes, number)?;
    Ok((file, len.len(), head))
}

/// Reads parts of a file, and says what is wrong where they are not there.
struct Reader<'a> {
    file: &'a File,
    path: &'a Path,
    number: u64,
}

impl Reader<'_> {
    fn part(&self, at: u64, len: u64) -> Result<Vec<u8>, ColdFault> {
        if len > MOST_PART {
            let what = format!("a part of it claims {len} bytes, one may have {MOST_PART}");
            return Err(ColdFault::damaged(self.number, what));
        }
        self.bytes(at, len)
    }

    fn bytes(&self, at: u64, len: u64) -> Result<Vec<u8>, ColdFault> {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        match self.file.read_exact_at(&mut bytes, at) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(ColdFault::damaged(self.number, "it ends too early"))
            }
            Err(source) => {
                let (segment, path) = (self.number, self.path.to_owned());
                Err(ColdFault::Unread { segment, doing: "reading", path, source })
            }
        }
    }

    fn tail(&self, len: u64) -> Result<Tail, ColdFault> {
        let at = len.saturating_sub(TAIL as u64);
        let bytes = self.part(at, TAIL as u64)?;
        let Some(bytes) = bytes.first_chunk::<TAIL>() else {
            return Err(ColdFault::damaged(self.number, "it is too short"));
        };
        Tail::decode(bytes, self.number, len)
    }
}
