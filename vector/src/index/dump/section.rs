//! Sections of a dump: a length, that many bytes, and their checksum.
//!
//! The checksum is XXH3-64 seeded with the section's number, so a section that is in another's place
//! is as wrong as a flipped bit. A reader hands out bytes only after their checksum was right.

use std::{
    fs::File,
    io::{BufReader, Read, Write},
};

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use super::Fault;

/// Writes sections.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    number: u64,
}

impl<W: Write> Writer<W> {
    /// Starts with section 0.
    pub(super) fn new(out: W) -> Self {
        Self { out, number: 0 }
    }

    /// Writes one section that consists of `pieces`, one after the other.
    pub(super) fn section<P: AsRef<[u8]>>(
        &mut self,
        pieces: impl IntoIterator<Item = P, IntoIter: Clone>,
    ) -> Result<(), Fault> {
        let pieces = pieces.into_iter();
        let length: u64 = pieces.clone().map(|piece| piece.as_ref().len() as u64).sum();
        self.out.write_all(&length.to_le_bytes())?;
        let mut sum = Xxh3::with_seed(self.number);
        for piece in pieces {
            sum.update(piece.as_ref());
            self.out.write_all(piece.as_ref())?;
        }
        self.out.write_all(&sum.digest().to_le_bytes())?;
        self.number += 1;
        Ok(())
    }

    /// Flushes and returns what it wrote to.
    pub(super) fn finish(mut self) -> Result<W, Fault> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Reads sections.
#[derive(Debug)]
pub(super) struct Reader {
    file: BufReader<File>,
    left: u64,
    number: u64,
    bytes: Vec<u8>,
}

impl Reader {
    /// Starts a file that begins with `magic`.
    pub(super) fn new(file: File, magic: &[u8; 16]) -> Result<Self, Fault> {
        let left = file.metadata()?.len();
        let mut reader = Self { file: BufReader::new(file), left, number: 0, bytes: Vec::new() };
        let begins = reader.array::<16>()?;
        if begins[..13] == magic[..13]
            && begins[13..].iter().all(u8::is_ascii_digit)
            && begins != *magic
        {
            return Err(Fault::Stale("it was written by another version".to_owned()));
        }
        if begins != *magic {
            return Err(Fault::Corrupt("it does not begin like an index of this version"));
        }
        Ok(reader)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.left = self.left.saturating_sub(N as u64);
        Ok(bytes)
    }

    /// Returns the next section's bytes.
    pub(super) fn section(&mut self) -> Result<&[u8], Fault> {
        let length = u64::from_le_bytes(self.array()?);
        if length > self.left {
            return Err(Fault::Corrupt("a section is longer than the file"));
        }
        self.bytes.resize(length as usize, 0);
        self.file.read_exact(&mut self.bytes)?;
        self.left -= length;
        let sum = u64::from_le_bytes(self.array()?);
        if sum != xxh3_64_with_seed(&self.bytes, self.number) {
            return Err(Fault::Corrupt("a checksum does not match"));
        }
        self.number += 1;
        Ok(&self.bytes)
    }

    /// Checks that nothing follows.
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.left == 0 { Ok(()) } else { Err(Fault::Corrupt("something follows its end")) }
    }
}

const TOO_SHORT: Fault = Fault::Corrupt("a section is too short");

/// Takes numbers off the front of a section.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Starts at the section's first byte.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Takes the next number.
    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// Takes the next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// Takes the next `length` bytes.
    pub(super) fn bytes(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(length).map_err(|_| TOO_SHORT)?;
        let (first, rest) = self.bytes.split_at_checked(length).ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(first)
    }

    /// Tells whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns what is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.bytes
    }
}

/// Reads a column: one value for every `N` bytes, `count` of them.
pub(super) fn column<const N: usize, T>(
    bytes: &[u8],
    count: usize,
    value: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, Fault> {
    let (values, rest) = bytes.as_chunks::<N>();
    if values.len() != count || !rest.is_empty() {
        return Err(Fault::Corrupt("a column has another length than its segment"));
    }
    Ok(values.iter().map(|bytes| value(*bytes)).collect())
}
