//! The server's own last log lines, kept in memory for `GET /api/logs` and `ai-infra logs`.
//!
//! The appliance's tracing layer writes events in through [`LogTail::writer`], each an object in a line
//! of JSON; readers get the tail and may follow, and [`text`] shows one to a person. Does not filter. Bounded: old lines fall out, and a
//! follower that is too slow loses lines and is told how many.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value, json};
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

    /// Takes one line in, without its newline. One that is too long is cut, and an object that says so
    /// then.
    pub fn push(&self, line: &str) {
        let line: Arc<str> =
            if line.len() > MAX_LINE_BYTES { cut(line).into() } else { line.into() };
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

/// Returns what is kept of a line that is too long: when, how grave, and the beginning of all it says.
fn cut(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap_or_default();
    let message = event["message"].as_str().unwrap_or(line);
    let message = &message[..message.floor_char_boundary(MAX_LINE_BYTES)];
    let (when, level) = (&event["timestamp"], &event["level"]);
    json!({"timestamp": when, "level": level, "message": message, "cut": true}).to_string()
}

/// Returns a kept line as a person reads it: when, how grave, what is said, and its fields; as it is where
/// it is no object.
pub(crate) fn text(line: &str) -> String {
    let Ok(Value::Object(mut event)) = serde_json::from_str(line) else { return line.to_owned() };
    let mut take = |name: &str| match event.remove(name) {
        Some(Value::String(text)) => text,
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let (when, level, message) = (take("timestamp"), take("level"), take("message"));
    let when =
        when.get(..19).map_or_else(String::new, |when| format!("{}Z ", when.replace('T', " ")));
    let mut shown = format!("{when}{level:>5} {message}");
    event.remove("span"); // the innermost of `spans`
    shown += &fields(&event);
    in_one_line(&shown)
}

/// Spells control characters out: a line that says another must not look like it.
fn in_one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

fn fields(event: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::String(text)
            if text.chars().all(|c| c.is_alphanumeric() || ":/.-_%+".contains(c)) =>
        {
            format!(" {name}={text}")
        }
        Value::Object(inner) => fields(inner),
        Value::Array(all) if all.iter().all(Value::is_object) => {
            all.iter().filter_map(Value::as_object).map(fields).collect()
        }
        value => format!(" {name}={value}"),
    };
    event.iter().map(one).collect()
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
    fn a_long_line_is_cut_between_characters_and_says_so() {
        let tail = LogTail::new(1);
        tail.push(&"é".repeat(MAX_LINE_BYTES));
        let kept: Value = serde_json::from_str(&tail.follow(1).0[0]).unwrap();
        assert_eq!(kept["message"].as_str().map(str::len), Some(MAX_LINE_BYTES));
        assert_eq!(kept["cut"], true);
    }

    #[test]
    fn a_line_is_shown_as_people_read_it() {
        let event = r#"{"timestamp":"2026-11-30T16:46:35.123456Z","level":"WARN","message":"full",
            "event":"degraded","why":"a disk \u001b[3m","target":"bus","span":{"agent":"qa","name":"work"},
            "spans":[{"agent":"qa","name":"work"}]}"#;
        let shown = text(event);
        assert!(shown.starts_with("2026-11-30 16:46:35Z  WARN full "), "{shown}");
        for field in ["event=degraded", "agent=qa", "target=bus", r#"why="a disk \u001b[3m""#] {
            assert!(shown.contains(field), "{field} in {shown}");
        }
        assert!(!shown.contains('\u{1b}') && shown.matches("agent=qa").count() == 1, "{shown}");
        assert_eq!(text("no object"), "no object");
        let two = text(r#"{"level":"INFO","message":"one\n2026-11-30 ERROR two","why":""}"#);
        assert!(
            two.lines().count() == 1 && two.contains(r"one\n2026") && !two.contains("why=\"\""),
            "{two}"
        );
    }
}
