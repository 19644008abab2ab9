//! Making a segment: built in memory, written beside its place, synced, read back, moved there.
//!
//! Nothing may count on a segment before [`place`] has returned. Deletes nothing but its own
//! half-made file.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use ring::digest::{SHA256, digest};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    ColdFault, ColdRecord,
    layout::{BlockV1, HEAD, Head, IndexV1, Tail},
    pack::{self, Packer},
    segment::Segment,
};
use storage_rules::{memories::Spot, tiers::manifest::Identity};

use crate::steps::reached;

/// A segment that is on disk, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its number.
    pub segment: u64,
    /// How many records it has.
    pub records: u64,
    /// The length of its file.
    pub bytes: u64,
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    /// Where each record lies, in the order they were given.
    pub spots: Vec<Spot>,
}

/// The bytes of a segment, and where each record lies in it.
pub(super) struct Built {
    pub bytes: Vec<u8>,
    pub spots: Vec<Spot>,
}

/// Builds segment `number` of the store `identity`.
pub(super) fn build(
    number: u64,
    identity: Identity,
    records: &[ColdRecord],
) -> Result<Built, ColdFault> {
    let unpacked = |source| ColdFault::Io {
        doing: "compressing",
        path: super::name::name(number).into(),
        source,
    };
    let blocks = pack::encode(number, records)?;
    let dictionary = pack::train(&blocks);
    let packed = pack::pack_dictionary(&dictionary).map_err(unpacked)?;
    let head = Head {
        segment: number,
        identity,
        packed: length(packed.len()),
        plain: length(dictionary.len()),
        hash: xxh3_64(&packed),
    };
    let mut bytes = Vec::with_capacity(HEAD + packed.len());
    bytes.extend_from_slice(&head.encode());
    bytes.extend_from_slice(&packed);
    let mut index = IndexV1 { blocks: Vec::with_capacity(blocks.len()) };
    let mut packer = Packer::new(&dictionary).map_err(unpacked)?;
    for block in &blocks {
        let packed = packer.pack(&block.bytes).map_err(unpacked)?;
        index.blocks.push(BlockV1 {
            at: bytes.len() as u64,
            packed: length(packed.len()),
            plain: length(block.bytes.len()),
            records: length(block.records),
            hash: xxh3_64(&packed),
        });
        bytes.extend_from_slice(&packed);
    }
    finish(number, &mut bytes, &index)?;
    Ok(Built { bytes, spots: spots(number, &index) })
}

fn finish(number: u64, bytes: &mut Vec<u8>, index: &IndexV1) -> Result<(), ColdFault> {
    let index_at = bytes.len() as u64;
    let sealed = pack::seal_index(number, index).map_err(ColdFault::Unencodable)?;
    bytes.extend_from_slice(&sealed);
    let tail = Tail { index_at, index_len: sealed.len() as u64, hash: xxh3_64(bytes) };
    bytes.extend_from_slice(&tail.encode());
    Ok(())
}

fn spots(segment: u64, index: &IndexV1) -> Vec<Spot> {
    let numbered = (0..).zip(&index.blocks);
    numbered
        .flat_map(|(block, it)| (0..it.records).map(move |slot| Spot { segment, block, slot }))
        .collect()
}

fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX) // parts are limited far below
}

/// Writes `built` to `path` by way of `new` beside it, and proves that it reads back.
pub(super) fn place(
    number: u64,
    built: &Built,
    records: &[ColdRecord],
    new: &Path,
    path: &Path,
) -> Result<Written, ColdFault> {
    let placed = write(&built.bytes, new)
        .and_then(|()| prove(number, built, records, new))
        .and_then(|()| settle(new, path));
    if let Err(fault) = placed {
        let _ = fs::remove_file(new); // a half-made file is swept at the next start too
        return Err(fault);
    }
    reached("segment.placed");
    Ok(Written {
        segment: number,
        records: records.len() as u64,
        bytes: built.bytes.len() as u64,
        sha256: sha256(&built.bytes),
        spots: built.spots.clone(),
    })
}

/// Makes the archive's folder for its owner alone, if it is not there.
pub(super) fn make_folder(folder: &Path) -> Result<(), ColdFault> {
    let io = |doing| move |source| ColdFault::Io { doing, path: folder.to_owned(), source };
    if folder.is_dir() {
        return Ok(());
    }
    appliance_files::folder(folder).map_err(io("making"))?;
    sync_folder(folder.parent().unwrap_or(folder))
}

/// Makes the folder's names durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), ColdFault> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| ColdFault::Io {
        doing: "syncing",
        path: folder.to_owned(),
        source,
    })
}

fn write(bytes: &[u8], new: &Path) -> Result<(), ColdFault> {
    let io = |doing| move |source: io::Error| ColdFault::Io { doing, path: new.to_owned(), source };
    let mut file = appliance_files::file(new).map_err(io("making"))?;
    reached("segment.made");
    let (half, rest) = bytes.split_at(bytes.len() / 2);
    file.write_all(half).map_err(io("writing"))?;
    reached("segment.half");
    file.write_all(rest).map_err(io("writing"))?;
    reached("segment.written");
    file.sync_all().map_err(io("syncing"))?;
    reached("segment.synced");
    Ok(())
}

/// Reads the file back as a reader would and compares every record.
fn prove(number: u64, built: &Built, records: &[ColdRecord], new: &Path) -> Result<(), ColdFault> {
    let unproven = |what: String| ColdFault::Unproven { segment: number, what };
    let bytes = fs::read(new).map_err(|source| ColdFault::Io {
        doing: "reading back",
        path: new.to_owned(),
        source,
    })?;
    if bytes != built.bytes {
        return Err(unproven("its bytes are not those that were written".to_owned()));
    }
    let unread = |fault: ColdFault| unproven(fault.to_string());
    let segment = Segment::open(new, number).map_err(unread)?;
    segment.prove().map_err(unread)?;
    let mut rest = records;
    for block in 0..segment.blocks() {
        let read = segment.block(block).map_err(unread)?;
        match rest.strip_prefix(read.as_slice()) {
            Some(after) => rest = after,
            None => return Err(unproven(format!("the records of block {block} are others"))),
        }
    }
    if !rest.is_empty() {
        return Err(unproven(format!("{} records are missing", rest.len())));
    }
    reached("segment.proven");
    Ok(())
}

fn settle(new: &Path, path: &Path) -> Result<(), ColdFault> {
    fs::rename(new, path).map_err(|source| ColdFault::Io {
        doing: "moving into place",
        path: new.to_owned(),
        source,
    })?;
    reached("segment.renamed");
    sync_folder(path.parent().unwrap_or(path))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}
