//! One merged segment as a file that is mapped rather than read: codes, signs, links, ids and lists.
//!
//! Written once and never changed; what its rows are filtered by and who is dead is in the index file.
//! Layout: the magic, the head (numbers, then length and checksum of each section), the head's
//! checksum, then the sections, each on a cache line of its own. Exact vectors are in files of their
//! own; the section `CHUNKS` says where, with a checksum a chunk.
//!
//! Opening compares every checksum but those of the chunks, which are compared when they are first
//! used: a wrong bit is found before it is looked at.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Write},
    sync::{Arc, OnceLock},
    thread,
};

use xxhash_rust::xxh3::xxh3_64;

use super::Fault;
use crate::index::{
    card::AGENTS,
    chunk::{CHUNK, Chunk, ExactFile},
    code,
    folder::{Folder, Holds},
    graph::{EMPTY, Graph, build::level_of},
    lists::Lists,
    mapped::{Column, Mapping, Plain, bytes_of, numbers_of},
    pages::Floats,
    rows::Rows,
    segment::{Ids, Kept, Merged, Segment},
    signs,
    simd::LINE,
};

const MAGIC: &[u8; 16] = b"ai-infra seg 002";

/// Sections, by their place in the file.
const IDS: usize = 0;
const SCALES: usize = 1;
const CODES: usize = 2;
const ORDER: usize = 3;
const LISTED: usize = 4;
const CUTS: usize = 5;
const GROUND: usize = 6;
const UPPER: usize = 7;
const REST: usize = 8;
const CHUNKS: usize = 9;
const SIGNS: usize = 10;
const SECTIONS: usize = 11;

/// Numbers at the front of the head: rows, dimensions, whether linked, entry, its level.
const NUMBERS: usize = 5;
/// Numbers in the head.
const HEAD: usize = NUMBERS + 2 * SECTIONS;
/// Bytes before the first section, a whole number of lines.
const BODY: usize = (16 + (HEAD + 1) * 8).next_multiple_of(LINE);

/// Bytes that are summed up at a time, so that two threads can share a section.
const BLOCK: usize = 4 * 1024 * 1024;

/// The file of a chunk that is in the section `REST`.
const IN_REST: u64 = 0;

/// Writes a segment to a new file of the folder and waits until it is on disk.
pub(super) fn write(
    folder: &Arc<Folder>,
    segment: &Segment,
    merged: &Merged,
) -> Result<Kept, Fault> {
    let Ids::Ordered(order) = &segment.ids else { return Err(Fault::Corrupt("ids have no order")) };
    let (rows, graph) = (&segment.rows, merged.graph.as_ref());
    let cuts: Vec<u32> =
        merged.lists.cuts.iter().flat_map(|(o, cuts)| [*o].into_iter().chain(*cuts)).collect();
    let (rest, chunks) = exact(rows)?;
    let mut sections = [&[][..]; SECTIONS];
    sections[IDS] = bytes_of(&rows.ids);
    sections[SCALES] = bytes_of(&rows.scales);
    sections[CODES] = bytes_of(&rows.codes);
    sections[ORDER] = bytes_of(order);
    sections[LISTED] = bytes_of(&merged.lists.order);
    sections[CUTS] = bytes_of(&cuts);
    sections[GROUND] = graph.map_or(&[], |graph| bytes_of(&graph.ground));
    sections[UPPER] = graph.map_or(&[], |graph| bytes_of(&graph.upper));
    sections[REST] = bytes_of(&rest);
    sections[CHUNKS] = bytes_of(&chunks);
    sections[SIGNS] = bytes_of(&rows.signs);
    let entry = graph.map_or([0, 0, 0], |it| [1, u64::from(it.entry), u64::from(it.top)]);
    let mut head = vec![rows.len() as u64, rows.dim as u64];
    head.extend(entry);
    head.extend(sections.iter().flat_map(|section| [section.len() as u64, sum_of(section)]));
    let sum = xxh3_64(bytes_of(&head));
    head.push(sum);
    let (file, number) = folder.create(Holds::Segment)?;
    put(&file, &head, &sections)?;
    Ok(Kept { number, sum })
}

fn put(file: &File, head: &[u64], sections: &[&[u8]]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    out.write_all(MAGIC)?;
    out.write_all(bytes_of(head))?;
    out.write_all(&[0; LINE][..BODY - 16 - size_of_val(head)])?;
    for section in sections {
        out.write_all(section)?;
        out.write_all(&[0; LINE][..section.len().next_multiple_of(LINE) - section.len()])?;
    }
    out.flush()?;
    file.sync_all()
}

/// Returns the vectors that are in no file, and where each chunk is; waits until files are on disk.
fn exact(rows: &Rows) -> Result<(Vec<f32>, Vec<u64>), Fault> {
    let (mut rest, mut places) = (Vec::new(), Vec::new());
    for chunk in &rows.chunks {
        match chunk.as_ref() {
            Chunk::Loose(floats) => {
                let values = floats.values();
                places.extend([IN_REST, rest.len() as u64, values.len() as u64]);
                rest.extend_from_slice(values);
            }
            Chunk::Filed(filed) => {
                filed.file.sync()?;
                places.extend([filed.file.number.value, filed.from as u64, filed.sum]);
            }
        }
    }
    Ok((rest, places))
}

/// Sums up bytes, on two threads where there are many.
fn sum_of(bytes: &[u8]) -> u64 {
    let blocks: Vec<&[u8]> = bytes.chunks(BLOCK).collect();
    let sums = |some: &[&[u8]]| some.iter().map(|block| xxh3_64(block)).collect::<Vec<u64>>();
    let (first, second) = blocks.split_at(blocks.len() / 2);
    let all = thread::scope(|scope| {
        if first.is_empty() {
            return sums(second);
        }
        let beside = thread::Builder::new().spawn_scoped(scope, || sums(second));
        let mut all = sums(first);
        let joined = beside.ok().and_then(|thread| thread.join().ok());
        all.extend(joined.unwrap_or_else(|| sums(second)));
        all
    });
    xxh3_64(bytes_of(&all))
}

/// A segment's file, mapped, with its head read.
struct Opened {
    map: Arc<Mapping>,
    head: Vec<u64>,
    /// Where each section is.
    places: [(usize, usize); SECTIONS],
}

/// Opens the segment that the index names by its file and the checksum of its head.
pub(super) fn open(
    folder: &Arc<Folder>,
    number: u64,
    sum: u64,
    dim: usize,
) -> Result<Segment, Fault> {
    let (file, number) = folder.open(Holds::Segment, number).map_err(absent)?;
    let opened = Opened::new(&file, sum)?;
    let count = opened.head[0] as usize;
    if opened.head[1] != dim as u64 {
        return Err(Fault::Corrupt("a segment has other dimensions than its index"));
    }
    let mut rows = Rows::new(dim);
    rows.ids = opened.column(IDS, count)?;
    rows.scales = opened.column(SCALES, count)?;
    rows.codes = opened.column(CODES, count * code::stride(dim))?;
    rows.signs = opened.column(SIGNS, count * signs::words(dim))?;
    rows.chunks = opened.chunks(folder, count, dim)?;
    let lists = Lists { order: opened.column(LISTED, count)?, cuts: opened.cuts(count)? };
    let graph = if opened.head[2] == 1 { Some(opened.graph(count)?) } else { None };
    let kept = OnceLock::from(Kept { number, sum });
    let ids = Ids::Ordered(opened.column(ORDER, count)?);
    Ok(Segment { rows, ids, merged: Some(Merged { lists, graph, kept }) })
}

fn absent(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound => Fault::Corrupt("a file that it names is missing"),
        _ => Fault::Io(error),
    }
}

impl Opened {
    fn new(file: &File, sum: u64) -> Result<Self, Fault> {
        const SHORT: Fault = Fault::Corrupt("a segment's file ends too soon");
        let map = Arc::new(Mapping::of(file)?);
        let bytes = map.bytes();
        let front = bytes.get(..BODY).ok_or(SHORT)?;
        let (head, last) = front[16..].split_at(HEAD * 8);
        if front[..16] != *MAGIC || xxh3_64(head) != sum || last[..8] != sum.to_le_bytes() {
            return Err(Fault::Corrupt("a segment does not begin as it was written"));
        }
        let head: Vec<u64> = head.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it)).collect();
        let (mut places, mut at) = ([(0, 0); SECTIONS], BODY);
        for (place, section) in places.iter_mut().zip(head[NUMBERS..].as_chunks::<2>().0) {
            let length = section[0] as usize;
            let part = at.checked_add(length).and_then(|end| bytes.get(at..end)).ok_or(SHORT)?;
            if sum_of(part) != section[1] {
                return Err(Fault::Corrupt("a segment's checksum does not match"));
            }
            *place = (at, length);
            at += length.next_multiple_of(LINE);
        }
        if bytes.len() != at {
            return Err(Fault::Corrupt("a segment's file has another length than was written"));
        }
        Ok(Self { map, head, places })
    }

    fn column<T: Plain>(&self, section: usize, count: usize) -> Result<Column<T>, Fault> {
        let (from, bytes) = self.places[section];
        let column = Column::filed(&self.map, from, bytes).filter(|column| column.len() == count);
        column.ok_or(Fault::Corrupt("a column has another length than its segment"))
    }

    fn numbers<T: Plain>(&self, section: usize) -> Result<&[T], Fault> {
        let (from, bytes) = self.places[section];
        let numbers = numbers_of(&self.map.bytes()[from..from + bytes]);
        numbers.ok_or(Fault::Corrupt("a column has an odd length"))
    }

    fn cuts(&self, count: usize) -> Result<HashMap<u32, [u32; AGENTS + 1]>, Fault> {
        let cuts = self.numbers::<u32>(CUTS)?.as_chunks::<{ AGENTS + 2 }>().0;
        let mut by_owner = HashMap::with_capacity(cuts.len());
        for [owner, ends @ ..] in cuts {
            if !ends.is_sorted() || ends[AGENTS] as usize > count {
                return Err(Fault::Corrupt("a list ends after the last row"));
            }
            by_owner.insert(*owner, *ends);
        }
        Ok(by_owner)
    }

    /// Levels are not stored: they follow from the rows' numbers.
    fn graph(&self, count: usize) -> Result<Graph, Fault> {
        let mut towers = Column::default();
        towers.reserve(count);
        let mut floors = 0_u32;
        for row in 0..count as u32 {
            let level = level_of(row);
            towers.extend(&[if level == 0 { EMPTY } else { floors }]);
            floors += u32::from(level);
        }
        let entry = u32::try_from(self.head[3]).ok().filter(|entry| (*entry as usize) < count);
        let entry = entry.filter(|entry| u64::from(level_of(*entry)) == self.head[4]);
        let entry = entry.ok_or(Fault::Corrupt("the graph has no entry"))?;
        let (ground, upper) = (self.column(GROUND, count)?, self.column(UPPER, floors as usize)?);
        Ok(Graph { ground, towers, upper, entry, top: self.head[4] as u8 })
    }

    fn chunks(
        &self,
        folder: &Arc<Folder>,
        count: usize,
        dim: usize,
    ) -> Result<Vec<Arc<Chunk>>, Fault> {
        const OUTSIDE: Fault = Fault::Corrupt("exact vectors lie outside their file");
        let (rest, places) = (self.numbers::<f32>(REST)?, self.numbers::<u64>(CHUNKS)?);
        let mut files: HashMap<u64, Arc<ExactFile>> = HashMap::new();
        let mut chunks = Vec::with_capacity(count.div_ceil(CHUNK));
        for (n, [number, from, sum]) in places.as_chunks::<3>().0.iter().enumerate() {
            let values = CHUNK.min(count.saturating_sub(n * CHUNK)) * dim;
            if *number == IN_REST {
                let from = *from as usize;
                let part = from.checked_add(values).and_then(|end| rest.get(from..end));
                let mut floats = Floats::with_room(CHUNK * dim);
                floats.extend(part.ok_or(OUTSIDE)?);
                chunks.push(Arc::new(Chunk::Loose(floats)));
                continue;
            }
            if !files.contains_key(number) {
                files.insert(*number, ExactFile::open(folder, *number).map_err(absent)?);
            }
            let chunk =
                files.get(number).and_then(|it| it.chunk(*from, values * size_of::<f32>(), *sum));
            chunks.push(Arc::new(chunk.ok_or(OUTSIDE)?));
        }
        let whole = chunks.len() == count.div_ceil(CHUNK);
        whole.then_some(chunks).ok_or(Fault::Corrupt("exact vectors are missing"))
    }
}
