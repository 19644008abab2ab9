//! A file or standard input as lines, whatever it was saved by: with a byte order mark, with CRLF ends.
//! Asks no server.

use std::{
    fs,
    io::{self, Read as _},
};

use anyhow::Context as _;
use appliance_core::memory::MAX_MEMORY_BYTES;
use web_dto::NewMemory;

use super::{
    Bad, Lines, parcels,
    tell::{self, Source},
};
use crate::cli::memory::lines::Line;

/// What UTF-8 may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Each memory with its line, from 1, and its bytes as they are sent.
    pub(super) items: Vec<(usize, NewMemory, usize)>,
    /// Lines that are none.
    pub(super) bad: Vec<Bad>,
    /// Lines that are one, or should be.
    pub(super) lines: u64,
    /// What the export that was read lacks, by its own last line.
    pub(super) lacks: Option<String>,
}

/// Reads all of it before anything is sent.
///
/// # Errors
/// When it cannot be read, is not UTF-8 at all, or is an export that was cut off.
pub(super) fn whole(source: &Source<'_>) -> anyhow::Result<Read> {
    let bytes = bytes(source)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(tell::wide(source).into());
    }
    apart(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes))
        .with_context(|| format!("while reading {source}"))
}

fn bytes(source: &Source<'_>) -> anyhow::Result<Vec<u8>> {
    let read = match source {
        Source::File(file) => fs::read(file),
        Source::Input => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    read.with_context(|| format!("while reading {source}"))
}

fn apart(bytes: &[u8]) -> anyhow::Result<Read> {
    let mut read = Read::default();
    let mut lines = Lines::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match lines.read(line)? {
            Line::Apart => {}
            Line::Bad(bad) => read.bad.push(bad),
            Line::Memory(item) => {
                let size = serde_json::to_vec(&item)?.len();
                read.take(lines.number(), *item, size);
            }
        }
    }
    read.lines = lines.end()?;
    read.lacks = lines.lacks().map(str::to_owned);
    Ok(read)
}

impl Read {
    /// Takes a memory, unless no request could carry it to be checked by the server.
    fn take(&mut self, line: usize, item: NewMemory, size: usize) {
        match overlong(&item, size) {
            Some(why) => self.bad.push(Bad { line, why }),
            None => self.items.push((line, item, size)),
        }
    }
}

/// Says which field keeps an item out of every request, or makes it no memory whatever the server says.
fn overlong(item: &NewMemory, size: usize) -> Option<String> {
    let got = item.text.len();
    if got > MAX_MEMORY_BYTES {
        return Some(format!(
            "`text`: {got} bytes, a memory has at most {MAX_MEMORY_BYTES}; split it"
        ));
    }
    if size < parcels::MOST_BYTES {
        return None;
    }
    let fields = serde_json::to_value(item).ok()?;
    let said = fields.as_object()?.iter().filter(|(field, _)| *field != "text");
    let lengths = said.map(|(field, said)| (said.as_str().map_or(0, str::len), field));
    let (got, field) = lengths.max()?;
    Some(format!("`{field}`: {got} bytes, more than a whole request may have; shorten it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(read: &Read) -> Vec<(usize, &str)> {
        read.items.iter().map(|(line, item, _)| (*line, item.text.as_str())).collect()
    }

    #[test]
    fn a_file_is_taken_whatever_it_was_saved_by() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saved.jsonl");
        let saved = "\u{feff}{\"text\":\"a\"}\r\n\r\n{\"text\":\"b\\r\\n\"}";
        fs::write(&file, saved).unwrap();
        let read = whole(&Source::File(&file)).unwrap();
        assert_eq!(texts(&read), [(1, "a"), (3, "b\r\n")]);
        assert_eq!(read.lines, 2);

        let wide: Vec<u8> = saved.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(&file, wide).unwrap();
        let refused = whole(&Source::File(&file)).unwrap_err();
        let refused = refused.downcast_ref::<crate::exit::Failure>().unwrap();
        assert!(refused.hint.contains("iconv -f UTF-16 -t UTF-8"), "{refused:?}");
    }

    #[test]
    fn every_bad_line_is_named_and_the_others_are_read() {
        let long = format!("{{\"text\":\"{}\"}}\n", "x".repeat(MAX_MEMORY_BYTES + 1));
        let mut file = b"{\"text\":\"a\"}\nno\n{\"text\":\"caf\xe9\"}\n".to_vec();
        file.extend_from_slice(long.as_bytes());
        let read = apart(&file).unwrap();
        assert_eq!(texts(&read), [(1, "a")]);
        let named: Vec<usize> = read.bad.iter().map(|bad| bad.line).collect();
        assert_eq!((named, read.lines), (vec![2, 3, 4], 4));
    }
}
