//! The server's own last log lines, kept in memory for `GET /api/logs` and `ai-infra logs`.
//!
//! The appliance's tracing layer writes rendered lines in through [`LogTail::writer`]; readers get
//! the tail and may follow. Does not format and does not filter. Bounded: old lines fall out, and a
//! follower that is too slow loses lines and is told how many.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::broadcast;

/// Lines a slow follower may lag behind before it loses some.
const FOLLOW_BUFFER: usize = 1_024;

/// Most bytes one line keeps.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// A bounded ring of log lines with followers. Cheap to clone; clones share the ring.
#[derive(Debug, Clone)]
pub struct LogTail {
    ring: Arc<Mutex<VecDeque<Arc<str>>>>,
    feed: broadcast::Sender<Arc<str>>,
    capacity: usize,
}

impl LogTail {
    /// Starts an empty ring of `capacity` lines (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let (feed, _) = broadcast::channel(FOLLOW_BUFFER);
        Self { ring: Arc::default(), feed, capacity: capacity.max(1) }
    }

    /// Takes one rendered line in, without its newline.
    pub fn push(&self, line: &str) {
        let line: Arc<str> = line[..line.floor_char_boundary(MAX_LINE_BYTES)].into();
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() == self.capacity {
            ring.pop_front();
        }
        ring.push_back(Arc::clone(&line));
        // Under the lock, so that `follow` sees each line exactly once; nobody listening is fine.
        let _ = self.feed.send(line);
    }

    /// Returns a writer for one event of a tracing layer: `with_writer(move || tail.writer())`.
    #[must_use]
    pub fn writer(&self) -> LineWriter {
        LineWriter { tail: self.clone(), partial: Vec::new() }
    }

    /// Returns the last `lines`, oldest first, and everything that comes after them.
    pub(crate) fn follow(&self, lines: usize) -> (Vec<Arc<str>>, broadcast::Receiver<Arc<str>>) {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = ring.len().saturating_sub(lines);
        (ring.iter().skip(skip).cloned().collect(), self.feed.subscribe())
    }
}

/// Splits what is written into lines; what is left without a newline becomes a line on drop.
#[derive(Debug)]
pub struct LineWriter {
    tail: LogTail,
    partial: Vec<u8>,
}

impl LineWriter {
    fn emit(&mut self, up_to: usize) {
        let line: Vec<u8> = self.partial.drain(..up_to).collect();
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if !text.is_empty() {
            self.tail.push(text);
        }
    }
}

impl io::Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial.extend_from_slice(bytes);
        while let Some(at) = self.partial.iter().position(|byte| *byte == b'\n') {
            self.emit(at + 1);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.emit(self.partial.len());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn keeps_the_last_lines_and_follows_without_a_gap() {
        let tail = LogTail::new(2);
        write!(tail.writer(), "one\ntwo\nth").unwrap();
        tail.writer().write_all("ree\n".as_bytes()).unwrap();
        let (lines, mut feed) = tail.follow(10);
        assert_eq!(lines.iter().map(|l| &**l).collect::<Vec<_>>(), ["th", "ree"]);
        tail.push("four");
        assert_eq!(feed.try_recv().as_deref().ok(), Some("four"));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let tail = LogTail::new(1);
        tail.push(&"é".repeat(MAX_LINE_BYTES));
        assert_eq!(tail.follow(1).0[0].len(), MAX_LINE_BYTES);
    }
}
