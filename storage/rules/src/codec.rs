//! How a value lies in the file: version byte, checksum, bincode body. The only user of bincode.
//!
//! redb does not verify its own checksums on ordinary reads, so every value carries one of its own,
//! over its table, its key, its version and its body: a flipped bit, and a value that landed under
//! another key, are found when they are read. Knows no record.
//!
//! bincode encodes serde's `flatten`, `untagged` and `skip_serializing_if` and cannot read them
//! back, so stored types have none of these: they are structs frozen per version under `records/`.

use bincode::config::{Configuration, Limit, standard};
use serde::{Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::Xxh3;

/// Most bytes one stored value may have: far over any record, far under what hurts.
pub const MAX_VALUE_BYTES: usize = 8 * 1024 * 1024;

/// One version byte and eight checksum bytes.
const HEADER: usize = 9;

/// Where a value lies; part of its checksum.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table's name.
    pub table: &'static str,
    /// The row's key.
    pub key: &'a [u8],
}

/// Stored bytes that are no value, or a value that cannot be stored: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table} row {key}: {why}")]
pub struct SealBroken {
    /// The table.
    pub table: &'static str,
    /// The row's key in hex.
    pub key: String,
    /// What is wrong.
    pub why: Broken,
}

/// What is wrong with stored bytes, or with a value to be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// So many bytes are no value.
    #[error("{0} bytes are too few for a stored value")]
    Short(usize),
    /// The bytes are not those that were written, or not here.
    #[error("the checksum does not match what is stored; restore a backup")]
    Checksum,
    /// A later program wrote it.
    #[error("written as version {found}, this program reads {known}; upgrade")]
    Version {
        /// The version it has.
        found: u8,
        /// The latest version that is known here.
        known: u8,
    },
    /// The bytes are whole and make no value.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// It should be there and is not.
    #[error("is not there, and something that belongs to it is; restore a backup")]
    Missing,
    /// It points to a row that is not there.
    #[error("points to a row that is not there; restore a backup")]
    Dangling,
    /// The value has no form in bytes.
    #[error("the value cannot be encoded: {0}")]
    Unencodable(String),
    /// So many bytes are too many.
    #[error("the value is {0} bytes, one may have {MAX_VALUE_BYTES}")]
    TooLarge(usize),
}

impl SealBroken {
    /// Says what is wrong at `place`.
    #[must_use]
    pub fn at(place: Place<'_>, why: Broken) -> Self {
        Self { table: place.table, key: hex(place.key), why }
    }
}

/// Encodes `body` as it is stored at `place`.
///
/// # Errors
/// A value that is too large, or that has no form in bytes.
pub fn seal<T: Serialize>(place: Place<'_>, version: u8, body: &T) -> Result<Vec<u8>, SealBroken> {
    let body = bincode::serde::encode_to_vec(body, config())
        .map_err(|error| SealBroken::at(place, Broken::Unencodable(error.to_string())))?;
    if body.len() > MAX_VALUE_BYTES {
        return Err(SealBroken::at(place, Broken::TooLarge(body.len())));
    }
    let mut sealed = Vec::with_capacity(HEADER + body.len());
    sealed.push(version);
    sealed.extend_from_slice(&checksum(place, version, &body));
    sealed.extend_from_slice(&body);
    Ok(sealed)
}

/// Tells whether a row was written to this place, whatever it holds.
#[must_use]
pub fn is_whole(place: Place<'_>, sealed: &[u8]) -> bool {
    sealed
        .split_at_checked(HEADER)
        .is_some_and(|(header, body)| header[1..] == checksum(place, header[0], body))
}

/// Decodes what is stored at `place`, after checking it.
///
/// # Errors
/// Bytes that are not what was written there, or of another version.
pub fn open<T: DeserializeOwned>(
    place: Place<'_>,
    version: u8,
    sealed: &[u8],
) -> Result<T, SealBroken> {
    let broken = |why| Err(SealBroken::at(place, why));
    let Some((header, body)) = sealed.split_at_checked(HEADER) else {
        return broken(Broken::Short(sealed.len()));
    };
    if header[1..] != checksum(place, header[0], body) {
        return broken(Broken::Checksum);
    }
    if header[0] != version {
        return broken(Broken::Version { found: header[0], known: version });
    }
    match bincode::serde::decode_from_slice(body, config()) {
        Ok((value, read)) if read == body.len() => Ok(value),
        Ok((_, read)) => broken(Broken::Body(format!("{} bytes are left over", body.len() - read))),
        Err(error) => broken(Broken::Body(error.to_string())),
    }
}

/// Returns the key as hex for messages, cut at 24 bytes.
#[must_use]
pub fn hex(key: &[u8]) -> String {
    key.iter().take(24).map(|byte| format!("{byte:02x}")).collect()
}

const fn config()
-> Configuration<bincode::config::LittleEndian, bincode::config::Varint, Limit<MAX_VALUE_BYTES>> {
    standard().with_limit::<MAX_VALUE_BYTES>()
}

fn checksum(place: Place<'_>, version: u8, body: &[u8]) -> [u8; 8] {
    let mut hash = Xxh3::new();
    // Lengths first, so that no byte can move from one part into the next unseen.
    hash.update(&(place.table.len() as u64).to_le_bytes());
    hash.update(place.table.as_bytes());
    hash.update(&(place.key.len() as u64).to_le_bytes());
    hash.update(place.key);
    hash.update(&[version]);
    hash.update(body);
    hash.digest().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "words.v1", key: b"k" };

    #[test]
    fn a_value_reads_back_what_was_sealed() {
        let sealed = seal(PLACE, 1, &("hello".to_owned(), 7_u64)).unwrap();
        assert_eq!(open::<(String, u64)>(PLACE, 1, &sealed).unwrap(), ("hello".to_owned(), 7));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let sealed = seal(PLACE, 1, &("hello".to_owned(), 7_u64)).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let opened = open::<(String, u64)>(PLACE, 1, &flipped);
            assert!(
                opened.as_ref().is_err_and(|broken| broken.why == Broken::Checksum),
                "bit {bit}: {opened:?}"
            );
        }
    }

    #[test]
    fn a_value_under_another_key_or_table_is_found() {
        let sealed = seal(PLACE, 1, &7_u64).unwrap();
        let elsewhere = Place { table: "words.v1", key: b"l" };
        assert!(open::<u64>(elsewhere, 1, &sealed).is_err());
        assert!(open::<u64>(Place { table: "word.v1", key: b"k" }, 1, &sealed).is_err());
    }

    #[test]
    fn a_newer_version_and_short_bytes_say_what_they_are() {
        let sealed = seal(PLACE, 2, &7_u64).unwrap();
        let newer = open::<u64>(PLACE, 1, &sealed).unwrap_err();
        assert!(newer.to_string().contains("written as version 2, this program reads 1"));
        assert_eq!(open::<u64>(PLACE, 1, &sealed[..5]).unwrap_err().why, Broken::Short(5));
    }

    #[test]
    fn a_value_over_the_limit_is_refused() {
        let big = "x".repeat(MAX_VALUE_BYTES + 1);
        assert_eq!(seal(PLACE, 1, &big).unwrap_err().why, Broken::TooLarge(big.len() + 5));
    }
}
