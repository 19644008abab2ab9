//! Rows as bytes, each behind a checksum: the file's own are not looked at when it is read.
//!
//! Vector: checksum, then `[dim] f32`. Use: checksum, milliseconds, whether it is kept. All little
//! endian. The key goes into the checksum, so that a row under another's key is damage too.

use appliance_core::Embedding;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::key::Key;

/// When a vector was last used, in milliseconds since 1970, and whether it is kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    pub at: u64,
    pub kept: bool,
}

/// Returns a vector's row.
pub(super) fn seal_vector(key: &Key, vector: &Embedding) -> Vec<u8> {
    seal(key, vector.values().iter().flat_map(|value| value.to_le_bytes()))
}

/// Reads a vector's row; `None` for damage and for another dimension.
pub(super) fn open_vector(key: &Key, row: &[u8], dim: usize) -> Option<Embedding> {
    let body = open(key, row)?;
    if body.len() != dim * size_of::<f32>() {
        return None;
    }
    let (numbers, _) = body.as_chunks::<4>();
    Embedding::normalised(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// Returns a use's row.
pub(super) fn seal_use(key: &Key, used: Use) -> Vec<u8> {
    seal(key, used.at.to_le_bytes().into_iter().chain([u8::from(used.kept)]))
}

/// Reads a use's row; `None` for damage.
pub(super) fn open_use(key: &Key, row: &[u8]) -> Option<Use> {
    let (at, kept) = open(key, row)?.split_first_chunk::<8>()?;
    Some(Use { at: u64::from_le_bytes(*at), kept: kept == [1] })
}

fn seal(key: &Key, body: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut row = vec![0; 8];
    row.extend(body);
    let sum = checksum(key, &row[8..]);
    row[..8].copy_from_slice(&sum.to_le_bytes());
    row
}

fn open<'a>(key: &Key, row: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, body) = row.split_first_chunk::<8>()?;
    (u64::from_le_bytes(*sum) == checksum(key, body)).then_some(body)
}

fn checksum(key: &Key, body: &[u8]) -> u64 {
    let seed = key.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    xxh3_64_with_seed(body, seed)
}

#[cfg(test)]
mod tests {
    use appliance_core::Embedding;

    use super::*;

    #[test]
    fn a_row_with_one_wrong_bit_or_under_another_key_is_nothing() {
        let key = [7; 32];
        let vector = Embedding::normalised(vec![1.0, 2.0, -3.0]).unwrap();
        let row = seal_vector(&key, &vector);
        assert_eq!(open_vector(&key, &row, 3), Embedding::normalised(vector.values().to_vec()));
        assert_eq!(open_vector(&key, &row, 4), None);
        assert_eq!(open_vector(&[8; 32], &row, 3), None);
        for bit in 0..row.len() * 8 {
            let mut wrong = row.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open_vector(&key, &wrong, 3), None, "bit {bit}");
        }
        let used = Use { at: 99, kept: true };
        assert_eq!(open_use(&key, &seal_use(&key, used)), Some(used));
        assert_eq!(open_use(&key, &row[..4]), None);
    }
}
