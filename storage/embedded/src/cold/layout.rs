//! How the bytes of a segment lie. Compresses nothing and opens no file.
//!
//! ```text
//! head        64 bytes: magic, version, segment, store, lengths of the dictionary, checksum
//! dictionary  zstd, may be empty
//! blocks      zstd with the dictionary; each a sealed list of records
//! index       sealed: where each block lies, its length, checksum and number of records
//! tail        32 bytes: where the index lies, checksum of everything before, end mark
//! ```
//! All numbers are little endian. A file without its end mark was never finished.

use serde::{Deserialize, Serialize};
use storage_rules::tiers::manifest::Identity;
use xxhash_rust::xxh3::xxh3_64;

use super::ColdFault;

/// Bytes of the head.
pub(super) const HEAD: usize = 64;
/// Bytes of the tail.
pub(super) const TAIL: usize = 32;

const MAGIC: [u8; 8] = *b"ai-cold\n";
const END: [u8; 8] = *b"cold-end";
const VERSION: u32 = 1;

/// What a segment begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Its number, which is its file's name too.
    pub segment: u64,
    /// The store that wrote it.
    pub identity: Identity,
    /// Bytes of the dictionary in the file; 0 for none.
    pub packed: u32,
    /// Bytes of the dictionary itself.
    pub plain: u32,
    /// Checksum of the dictionary in the file.
    pub hash: u64,
}

/// What a segment ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// Where the index begins.
    pub index_at: u64,
    /// Its length.
    pub index_len: u64,
    /// Checksum of everything before the tail.
    pub hash: u64,
}

/// Where one block lies; the frozen form, version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlockV1 {
    /// Where it begins.
    pub at: u64,
    /// Its length in the file.
    pub packed: u32,
    /// Its length when it is decoded.
    pub plain: u32,
    /// How many records are in it.
    pub records: u32,
    /// Checksum of its bytes in the file.
    pub hash: u64,
}

/// The index; the frozen form, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IndexV1 {
    /// The blocks, in order.
    pub blocks: Vec<BlockV1>,
}

impl Head {
    /// Returns the bytes.
    pub fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.segment.to_le_bytes());
        bytes[20..36].copy_from_slice(&self.identity);
        bytes[36..40].copy_from_slice(&self.packed.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.plain.to_le_bytes());
        bytes[44..52].copy_from_slice(&self.hash.to_le_bytes());
        let sum = xxh3_64(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads the head of segment `segment`.
    pub fn decode(bytes: &[u8; HEAD], segment: u64) -> Result<Self, ColdFault> {
        let damaged = |what: String| ColdFault::damaged(segment, what);
        if bytes[..8] != MAGIC {
            return Err(damaged("it does not begin as a segment does".to_owned()));
        }
        if xxh3_64(&bytes[..56]) != u64_at(bytes, 56) {
            return Err(damaged("the checksum of its head does not match".to_owned()));
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(damaged(format!("it has version {version}, this program reads {VERSION}")));
        }
        let mut identity = Identity::default();
        identity.copy_from_slice(&bytes[20..36]);
        let head = Self {
            segment: u64_at(bytes, 12),
            identity,
            packed: u32_at(bytes, 36),
            plain: u32_at(bytes, 40),
            hash: u64_at(bytes, 44),
        };
        if head.segment != segment {
            return Err(damaged(format!("it says that it is segment {:016x}", head.segment)));
        }
        Ok(head)
    }
}

impl Tail {
    /// Returns the bytes.
    pub fn encode(&self) -> [u8; TAIL] {
        let mut bytes = [0; TAIL];
        bytes[..8].copy_from_slice(&self.index_at.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.index_len.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.hash.to_le_bytes());
        bytes[24..].copy_from_slice(&END);
        bytes
    }

    /// Reads the tail of segment `segment`, a file of `len` bytes.
    pub fn decode(bytes: &[u8; TAIL], segment: u64, len: u64) -> Result<Self, ColdFault> {
        if bytes[24..] != END {
            return Err(ColdFault::damaged(segment, "its end mark is missing"));
        }
        let tail = Self {
            index_at: u64_at(bytes, 0),
            index_len: u64_at(bytes, 8),
            hash: u64_at(bytes, 16),
        };
        let end = tail.index_at.checked_add(tail.index_len);
        if end != len.checked_sub(TAIL as u64) {
            return Err(ColdFault::damaged(segment, "its index is not where its end says"));
        }
        Ok(tail)
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{Head, Tail};

    #[test]
    fn every_flipped_bit_of_a_head_is_found() {
        let head = Head { segment: 7, identity: [9; 16], packed: 1, plain: 2, hash: 3 };
        let bytes = head.encode();
        assert_eq!(Head::decode(&bytes, 7).unwrap(), head);
        assert!(Head::decode(&bytes, 8).is_err(), "under another name");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Head::decode(&flipped, 7).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_tail_belongs_to_its_files_length() {
        let tail = Tail { index_at: 100, index_len: 50, hash: 3 };
        let bytes = tail.encode();
        assert_eq!(Tail::decode(&bytes, 7, 182).unwrap(), tail);
        assert!(Tail::decode(&bytes, 7, 183).is_err() && Tail::decode(&bytes, 7, 3).is_err());
    }
}
