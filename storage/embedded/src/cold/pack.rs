//! Records to compressed blocks and back: the dictionary, the level, the size of a block.
//!
//! Knows no file. A block is one sealed value, so its records are checked as every stored value is,
//! and one fetch decodes exactly one block.

use appliance_core::memory::MAX_MEMORY_BYTES;
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::DecoderDictionary,
};

use super::{
    ColdFault, ColdRecord,
    layout::{BlockV1, IndexV1},
    record::RecordV1,
};
use storage_rules::codec::{self, Place, SealBroken};

/// Most records of a block: enough context to compress well, few enough to decode in a blink.
pub(super) const BLOCK_RECORDS: usize = 64;

/// Most bytes of text in a block, so that long texts do not make a fetch slow.
const BLOCK_BYTES: usize = 16 * MAX_MEMORY_BYTES;

/// zstd's level: with the dictionary its blocks are 1.27 times as tight as gzip-6's at over 3 times
/// the speed; 9 packs 8% tighter and is no faster than gzip (benches/benches/archive.rs).
const LEVEL: i32 = 3;

/// The level for the dictionary itself, which is packed once.
const DICTIONARY_LEVEL: i32 = 12;

/// Most bytes of a dictionary: zstd's own advice.
const MOST_DICTIONARY: usize = 110 * 1024;

/// A dictionary is at most this part of what it is trained on: it lies in the file and must earn
/// its place.
const DICTIONARY_SHARE: usize = 32;

/// Less to train on than this is no training.
const LEAST_SAMPLE: usize = 64 * 1024;

/// Most bytes that a dictionary is trained on, spread over the segment: four times as many pack 2%
/// tighter and take twice as long.
const MOST_SAMPLE: usize = 256 * 1024;

/// Bytes of one piece of the sample: about one record.
const SAMPLE_PIECE: usize = 512;

/// Most bytes a block may decode to, whatever its index says.
const MOST_PLAIN: usize = codec::MAX_VALUE_BYTES + 64;

/// The version byte of a block and of the index.
const VERSION: u8 = 1;

/// Cuts records into blocks and encodes each.
pub(super) fn encode(segment: u64, records: &[ColdRecord]) -> Result<Vec<Plain>, ColdFault> {
    let mut blocks = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let (block, after) = rest.split_at(block_len(rest));
        let number = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        let frozen: Vec<RecordV1> = block.iter().map(ColdRecord::freeze).collect();
        let key = block_key(segment, number);
        let place = Place { table: "cold.blocks", key: &key };
        let bytes = codec::seal(place, VERSION, &frozen).map_err(ColdFault::Unencodable)?;
        blocks.push(Plain { bytes, records: block.len() });
        rest = after;
    }
    Ok(blocks)
}

/// An encoded block.
pub(super) struct Plain {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many records are in it.
    pub records: usize,
}

fn block_len(records: &[ColdRecord]) -> usize {
    let mut bytes = 0;
    let fits = |record: &&ColdRecord| {
        bytes += record.text.len();
        bytes <= BLOCK_BYTES
    };
    records.iter().take(BLOCK_RECORDS).take_while(fits).count().max(1)
}

/// Trains a dictionary on a sample of the blocks; empty where there is too little to learn.
pub(super) fn train(blocks: &[Plain]) -> Vec<u8> {
    let total: usize = blocks.iter().map(|block| block.bytes.len()).sum();
    if total < LEAST_SAMPLE {
        return Vec::new();
    }
    let every = total.div_ceil(MOST_SAMPLE);
    let pieces = blocks.iter().flat_map(|block| block.bytes.chunks_exact(SAMPLE_PIECE));
    let sample: Vec<&[u8]> = pieces.step_by(every).collect();
    let most = (total / DICTIONARY_SHARE).min(MOST_DICTIONARY);
    zstd::dict::from_continuous(&sample.concat(), &vec![SAMPLE_PIECE; sample.len()], most)
        .unwrap_or_default() // nothing repeats: no dictionary
}

/// Compresses blocks with one dictionary.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    /// Prepares `dictionary`, which may be empty.
    pub fn new(dictionary: &[u8]) -> std::io::Result<Self> {
        Compressor::with_dictionary(LEVEL, dictionary).map(Self)
    }

    /// Compresses one block.
    pub fn pack(&mut self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        self.0.compress(plain)
    }
}

/// Compresses a dictionary for its place in the file.
pub(super) fn pack_dictionary(dictionary: &[u8]) -> std::io::Result<Vec<u8>> {
    if dictionary.is_empty() {
        Ok(Vec::new())
    } else {
        zstd::bulk::compress(dictionary, DICTIONARY_LEVEL)
    }
}

/// Brings a dictionary of `plain` bytes back.
pub(super) fn unpack_dictionary(packed: &[u8], plain: u32) -> std::io::Result<Vec<u8>> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    zstd::bulk::decompress(packed, (plain as usize).min(MOST_DICTIONARY))
}

/// Decodes blocks with one dictionary.
pub(super) struct Unpacker {
    dictionary: DecoderDictionary<'static>,
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

impl Unpacker {
    /// Prepares `dictionary`, which may be empty.
    pub fn new(dictionary: &[u8]) -> Self {
        Self { dictionary: DecoderDictionary::copy(dictionary) }
    }

    /// Decodes the block that lies in `packed`.
    pub fn unpack(
        &self,
        segment: u64,
        number: u32,
        block: &BlockV1,
        packed: &[u8],
    ) -> Result<Vec<ColdRecord>, ColdFault> {
        let damaged = |what: &dyn std::fmt::Display| {
            ColdFault::damaged(segment, format!("block {number} {what}"))
        };
        let room = (block.plain as usize).min(MOST_PLAIN);
        let plain = Decompressor::with_prepared_dictionary(&self.dictionary)
            .and_then(|mut decompressor| decompressor.decompress(packed, room))
            .map_err(|error| damaged(&format_args!("does not decode: {error}")))?;
        let key = block_key(segment, number);
        let place = Place { table: "cold.blocks", key: &key };
        let frozen: Vec<RecordV1> = codec::open(place, VERSION, &plain)
            .map_err(|broken| ColdFault::broken(segment, &broken))?;
        if frozen.len() != block.records as usize {
            return Err(damaged(&"does not have as many records as the index says"));
        }
        let thawed: Result<_, _> = frozen.into_iter().map(ColdRecord::thaw).collect();
        thawed.map_err(|code| ColdFault::unknown(segment, &code))
    }
}

/// Encodes the index.
pub(super) fn seal_index(segment: u64, index: &IndexV1) -> Result<Vec<u8>, SealBroken> {
    codec::seal(Place { table: "cold.index", key: &segment.to_be_bytes() }, VERSION, index)
}

/// Decodes the index.
pub(super) fn open_index(segment: u64, sealed: &[u8]) -> Result<IndexV1, ColdFault> {
    let place = Place { table: "cold.index", key: &segment.to_be_bytes() };
    codec::open(place, VERSION, sealed).map_err(|broken| ColdFault::broken(segment, &broken))
}

fn block_key(segment: u64, number: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&segment.to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}
