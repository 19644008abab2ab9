//! A segment outside of any store: to measure the format, and to bring memories back from a file
//! when `state.redb` is lost.

use std::path::Path;

use appliance_core::{Memory, StoreError};

use super::{
    ColdRecord, Written,
    pack::{self, Packer, Plain},
    segment::Segment,
    write,
};

/// The operation that errors name.
const OP: &str = "cold.file";

/// A segment's blocks, encoded and with their dictionary trained, to measure the packing alone.
pub struct Rehearsal {
    blocks: Vec<Plain>,
    packer: Packer,
}

impl std::fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rehearsal").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

impl Rehearsal {
    /// Encodes `memories` and trains the dictionary that their segment would have.
    ///
    /// # Errors
    /// `TooLarge` when one cannot be encoded.
    pub fn of(memories: &[Memory]) -> Result<Self, StoreError> {
        let records: Vec<_> = memories.iter().map(ColdRecord::of_memory).collect();
        let blocks = pack::encode(1, &records).map_err(|fault| fault.at(OP))?;
        let packer = Packer::new(&pack::train(&blocks));
        let packer = packer.map_err(|error| StoreError::unavailable(OP, error.to_string()))?;
        Ok(Self { blocks, packer })
    }

    /// Packs every block; returns how many bytes they take together, without the dictionary.
    pub fn pack(&mut self) -> usize {
        let packed = self.blocks.iter().map(|block| self.packer.pack(&block.bytes));
        packed.map(|packed| packed.map_or(0, |packed| packed.len())).sum()
    }
}

/// One segment of an archive.
#[derive(Debug)]
pub struct ColdFile {
    segment: Segment,
}

impl ColdFile {
    /// Writes `memories` as segment 1 into `folder`, and opens it; returns its bytes too.
    ///
    /// # Errors
    /// `Unavailable`, `Full` or `TooLarge` when it cannot be written.
    pub fn write(folder: &Path, memories: &[Memory]) -> Result<(Self, u64), StoreError> {
        let records: Vec<_> = memories.iter().map(ColdRecord::of_memory).collect();
        let (number, path) = (1, folder.join(super::name::name(1)));
        let put = || -> Result<_, super::ColdFault> {
            let built = write::build(number, [0; 16], &records)?;
            let new = path.with_extension("seg.new");
            let Written { bytes, .. } = write::place(number, &built, &records, &new, &path)?;
            Ok((Segment::open(&path, number)?, bytes))
        };
        let (segment, bytes) = put().map_err(|fault| fault.at(OP))?;
        Ok((Self { segment }, bytes))
    }

    /// Returns the length of the segment that `memories` make; touches no disk.
    ///
    /// # Errors
    /// `TooLarge` when one cannot be encoded.
    pub fn measure(memories: &[Memory]) -> Result<usize, StoreError> {
        let records: Vec<_> = memories.iter().map(ColdRecord::of_memory).collect();
        let built = write::build(1, [0; 16], &records).map_err(|fault| fault.at(OP))?;
        Ok(built.bytes.len())
    }

    /// Opens the segment at `path`, whose name must be its own.
    ///
    /// # Errors
    /// `Corrupt` for a file that is not a whole segment of that name.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let number = super::name::number(path)
            .ok_or_else(|| StoreError::invalid(OP, "a segment's name is 16 hex digits and .seg"))?;
        let segment = Segment::open(path, number).map_err(|fault| fault.at(OP))?;
        Ok(Self { segment })
    }

    /// Returns how many blocks it has.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.segment.blocks()
    }

    /// Reads one block: its memories, new as they begin, since how they stood is not in the file.
    ///
    /// # Errors
    /// `Corrupt` for a damaged block or one that is not there.
    pub fn memories(&self, block: u32) -> Result<Vec<Memory>, StoreError> {
        let records = self.segment.block(block).map_err(|fault| fault.at(OP))?;
        Ok(records.into_iter().map(ColdRecord::into_memory).collect())
    }
}
