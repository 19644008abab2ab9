//! Lines of bytes, one after the other, in bounded memory. Reads no text and knows no JSON.
//!
//! Invariant: a `next` that is dropped loses nothing; the one after it goes on in the same line.

use std::{io, mem};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Most bytes of one line.
pub(crate) const MAX_LINE: usize = 16 * 1024 * 1024;

/// Reads lines from a stream of bytes.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: BufReader<R>,
    /// What has come of the line so far.
    line: Vec<u8>,
    is_too_long: bool,
}

/// One line that has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its bytes, without the line's end.
    Whole(Vec<u8>),
    /// It had over [`MAX_LINE`] bytes, which are gone.
    TooLong,
}

impl<R: AsyncRead> Reader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: BufReader::new(input), line: Vec::new(), is_too_long: false }
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Returns the next line; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.input.fill_buf().await?;
            if bytes.is_empty() {
                let is_begun = self.is_too_long || !self.line.is_empty();
                return Ok(is_begun.then(|| self.ended()));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.is_too_long || self.line.len() + part.len() > MAX_LINE {
                (self.is_too_long, self.line) = (true, Vec::new());
            } else {
                self.line.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(self.ended()));
            }
        }
    }

    fn ended(&mut self) -> Line {
        let line = mem::take(&mut self.line);
        if mem::take(&mut self.is_too_long) { Line::TooLong } else { Line::Whole(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(said: &[u8]) -> Vec<Line> {
        let mut reader = Reader::new(said);
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn every_line_is_read_the_last_without_an_end_too() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(lines(b"one\n\nthree\r\nfour").await, ["one", "", "three\r", "four"].map(whole));
        assert!(lines(b"").await.is_empty());
    }

    #[tokio::test]
    async fn a_line_of_the_most_bytes_is_whole_and_nothing_of_a_longer_one_is_kept() {
        let mut said = vec![b'x'; MAX_LINE];
        said.push(b'\n');
        said.resize(said.len() + MAX_LINE + 1, b'y');
        said.extend_from_slice(b"\nz\n");
        let read = lines(&said).await;
        assert!(matches!(&read[0], Line::Whole(line) if line.len() == MAX_LINE));
        assert_eq!(read[1..], [Line::TooLong, Line::Whole(b"z".to_vec())]);
        let mut reader = Reader::new(&said[MAX_LINE + 1..]);
        assert_eq!(reader.next().await.unwrap(), Some(Line::TooLong));
        assert_eq!(reader.line.capacity(), 0);
    }
}
