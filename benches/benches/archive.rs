//! `cargo bench -p benches --bench archive`: the archive's segments beside gzip-6, in one process.
//!
//! 4,096 made-up records of about 600 bytes as JSON, both sides in blocks of 64; rounds alternate and
//! medians are printed. Both sides pack the same bytes, and the segment its records' ids, owners and
//! times besides. The last row is a segment from records to bytes: encoding, training its dictionary,
//! packing, checksums, with everything that lies in the file.

#![allow(clippy::disallowed_methods, reason = "a stopwatch needs the time")]

use std::{
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use appliance_core::{
    ConversationId, Memory, MemoryId, MemoryKind, MessageId, Provenance, Timestamp, UserId,
};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use storage_embedded::{ColdFile, Rehearsal};

const RECORDS: usize = 4_096;
const BLOCK: usize = 64;
const ROUNDS: usize = 5;
const FETCHES: usize = 2_000;
/// Bytes of text that bring a record's JSON to about 610.
const TEXT: usize = 300;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let memories = memories();
    let json: Vec<&[u8]> = memories.iter().map(|memory| memory.text.as_bytes()).collect();
    let raw: usize = json.iter().map(|text| text.len()).sum();
    let blocks: Vec<Vec<u8>> = json.chunks(BLOCK).map(<[_]>::concat).collect();
    let (mut gzip, mut packing, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gzipped, mut packed, mut built) = (0, 0, Ok(0));
    let mut rehearsal = Rehearsal::of(&memories)?;
    for _ in 0..ROUNDS {
        gzip.push(timed(|| gzipped = blocks.iter().map(|block| gzip_6(block)).sum()));
        packing.push(timed(|| packed = rehearsal.pack()));
        whole.push(timed(|| built = ColdFile::measure(&memories)));
    }
    println!("{RECORDS} records, {} bytes of JSON each, blocks of {BLOCK}", raw / RECORDS);
    println!("{:<34} {:>7} {:>9}", "", "ratio", "MB/s");
    row("gzip-6, blocks", raw, gzipped, median(&mut gzip));
    row("segment, its blocks", raw, packed, median(&mut packing));
    row("segment, whole, training included", raw, built?, median(&mut whole));
    fetches(&memories)
}

fn fetches(memories: &[Memory]) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::TempDir::new()?;
    let (file, bytes) = ColdFile::write(folder.path(), memories)?;
    let (mut dice, mut took) = (Dice(7), Vec::with_capacity(FETCHES));
    for _ in 0..FETCHES {
        let wanted = dice.below(RECORDS);
        let begun = Instant::now();
        let block = file.memories(u32::try_from(wanted / BLOCK)?)?;
        let text = block.get(wanted % BLOCK).map(|memory| memory.text.as_str());
        took.push(begun.elapsed());
        assert_eq!(text, Some(memories[wanted].text.as_str()));
    }
    took.sort_unstable();
    let (half, last) = (took[FETCHES / 2], took[FETCHES * 99 / 100]);
    println!(
        "one text out of {bytes} bytes, one block read, checked and decoded: p50 {half:.1?}, p99 {last:.1?}"
    );
    Ok(())
}

fn gzip_6(block: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::with_capacity(block.len()), Compression::new(6));
    encoder.write_all(block).and_then(|()| encoder.finish()).map_or(0, |bytes| bytes.len())
}

fn timed(mut run: impl FnMut()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed()
}

fn median(all: &mut [Duration]) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn row(name: &str, raw: usize, bytes: usize, took: Duration) {
    let (ratio, speed) = (raw as f64 / bytes as f64, raw as f64 / took.as_secs_f64() / 1e6);
    println!("{name:<34} {ratio:>6.2}x {speed:>9.1}");
}

/// Makes records whose text is JSON: random ids, and prose in pieces of three to eight words from
/// this house's own texts.
fn memories() -> Vec<Memory> {
    let prose = [
        include_str!("../../ARCHITECTURE.md"),
        include_str!("../../README.md"),
        include_str!("../../docs/retrieval.md"),
    ];
    let words: Vec<&str> = prose.iter().flat_map(|text| text.split_whitespace()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let owners: Vec<_> = (0..8).map(|_| dice.id()).collect();
    let threads: Vec<_> = (0..40).map(|_| ConversationId::from_bytes(dice.id())).collect();
    let mut made = |at: usize| {
        let (id, owner) = (MemoryId::from_bytes(dice.id()), UserId::from_bytes(owners[at % 8]));
        let said = 1_793_000_000_000_000 + at as i64 * 97_000_000 + dice.below(9_000_000) as i64;
        let said = Timestamp::from_unix_micros(said);
        let text = json!({
            "id": MemoryId::from_bytes(dice.id()), "owner": owner, "kind": "said",
            "conversation_id": threads[at / 100 % 40], "created_at": said,
            "message_id": MessageId::from_bytes(dice.id()), "agent": null, "author": null,
            "text": dice.prose(&words),
        });
        Memory::new(id, owner, MemoryKind::Said, text.to_string(), Provenance::default(), said)
    };
    (0..RECORDS).map(&mut made).collect()
}

/// Marsaglia's xorshift, so that every run has the same records.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit.max(1) as u64).unwrap_or_default()
    }

    fn prose(&mut self, words: &[&str]) -> String {
        let mut text = String::new();
        while text.len() < TEXT {
            let (from, count) = (self.below(words.len() - 8), 3 + self.below(6));
            text.push_str(&words[from..from + count].join(" "));
            text.push(' ');
        }
        text.truncate(text.floor_char_boundary(TEXT));
        text
    }

    fn id(&mut self) -> [u8; 16] {
        let (high, low) = (self.roll(), self.roll());
        let mut id = [0; 16];
        id[..8].copy_from_slice(&((0x0190_0000_0000 + (high >> 40)) << 16 | 0x7000).to_be_bytes());
        id[8..].copy_from_slice(&low.to_be_bytes());
        id
    }
}
