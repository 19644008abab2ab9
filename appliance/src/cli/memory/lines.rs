//! The lines of an export or an import, read one by one: memories, and the marks around them.
//!
//! Invariant: a file that begins with a mark and does not end with the right one is refused, before
//! anything of it is kept.

use anyhow::{bail, ensure};
use serde::Serialize;
use web_dto::{EXPORT_FORMAT, ExportMark, ExportPlace, NewMemory};

/// What a line is.
#[derive(Debug)]
pub(super) enum Line {
    /// A mark, or blank.
    Apart,
    /// A memory.
    Memory(Box<NewMemory>),
    /// None of these.
    Bad(Bad),
}

/// A line that cannot be kept, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Bad {
    /// Which, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) why: String,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    number: usize,
    begun: bool,
    memories: u64,
    ended: bool,
    lacks: Option<String>,
}

impl Lines {
    /// Reads one line, without its end.
    ///
    /// # Errors
    /// When it stands in the wrong place.
    pub(super) fn read(&mut self, line: &[u8]) -> anyhow::Result<Line> {
        self.number += 1;
        if line.trim_ascii().is_empty() {
            return Ok(Line::Apart);
        }
        ensure!(!self.ended, "line {} stands behind the export's last line", self.number);
        if let Ok(mark) = serde_json::from_slice::<ExportMark>(line) {
            return self.mark(&mark.export).map(|()| Line::Apart);
        }
        self.memories += 1;
        Ok(match memory(line) {
            Ok(memory) => Line::Memory(Box::new(memory)),
            Err(why) => Line::Bad(Bad { line: self.number, why }),
        })
    }

    /// Returns the number of the line that was read last, from 1.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    fn mark(&mut self, place: &ExportPlace) -> anyhow::Result<()> {
        match place {
            ExportPlace::Begin { format } => {
                ensure!(
                    *format == EXPORT_FORMAT,
                    "the export has form {format}, this version reads {EXPORT_FORMAT}; use the version that wrote it, or a newer one"
                );
                ensure!(
                    !self.begun && self.memories == 0,
                    "line {} begins a second export; import one after the other",
                    self.number
                );
                self.begun = true;
            }
            ExportPlace::End { memories, left_out, damaged } => {
                let got = self.memories;
                ensure!(
                    got == *memories,
                    "the export has {memories} memories, {got} are there; write it again"
                );
                self.ended = true;
                self.lacks = lacks(*left_out, *damaged);
            }
        }
        Ok(())
    }

    /// Says what the export that was read lacks, by its own last line.
    pub(super) fn lacks(&self) -> Option<&str> {
        self.lacks.as_deref()
    }

    /// Says how many memories there were.
    ///
    /// # Errors
    /// When it began as an export and its last line is missing.
    pub(super) fn end(&self) -> anyhow::Result<u64> {
        if self.begun && !self.ended {
            bail!(
                "the export was cut off after {} memories: its last line is missing; write it again",
                self.memories
            );
        }
        Ok(self.memories)
    }
}

/// Reads a memory, or says where the line is none.
fn memory(line: &[u8]) -> Result<NewMemory, String> {
    let text = std::str::from_utf8(line)
        .map_err(|no| format!("byte {} of the line is not UTF-8", no.valid_up_to() + 1))?;
    serde_json::from_str(text).map_err(|no| {
        let said = no.to_string();
        // serde counts the lines of what it was given, which is one.
        let place = format!(" at line {} column {}", no.line(), no.column());
        format!("column {}: {}", no.column(), said.strip_suffix(&place).unwrap_or(&said))
    })
}

fn lacks(left_out: u64, damaged: u64) -> Option<String> {
    let known =
        (left_out > 0).then(|| format!("{left_out} memories could not be read and are left out"));
    let places = (damaged > 0).then(|| {
        format!("{damaged} damaged places of the records may have held more, nobody knows whose")
    });
    let both: Vec<String> = known.into_iter().chain(places).collect();
    (!both.is_empty()).then(|| both.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = r#"{"export":{"begin":{"format":1}}}"#;
    const END: &str = r#"{"export":{"end":{"memories":1}}}"#;
    const ONE: &str = r#"{"text":"a"}"#;

    fn read(lines: &[&str]) -> anyhow::Result<u64> {
        let mut reading = Lines::default();
        for line in lines {
            if let Line::Bad(bad) = reading.read(line.as_bytes())? {
                bail!("line {}, {}", bad.line, bad.why);
            }
        }
        reading.end()
    }

    #[test]
    fn an_export_is_whole_or_refused_and_plain_lines_need_no_marks() {
        assert_eq!(read(&[BEGIN, ONE, END, ""]).unwrap(), 1);
        assert_eq!(read(&[ONE, "", ONE]).unwrap(), 2);
        assert_eq!(read(&[]).unwrap(), 0);
        let mut partly = Lines::default();
        partly.read(br#"{"export":{"end":{"memories":0,"left_out":2}}}"#).unwrap();
        assert_eq!(partly.lacks(), Some("2 memories could not be read and are left out"));
        let refused = |lines: &[&str]| format!("{:#}", read(lines).unwrap_err());
        assert!(refused(&[BEGIN, ONE]).contains("cut off after 1"));
        assert!(refused(&[BEGIN, END]).contains("has 1 memories, 0 are there"));
        assert!(refused(&[BEGIN, ONE, END, ONE]).contains("line 4"));
        assert!(refused(&[BEGIN, ONE, BEGIN]).contains("second export"));
        assert!(refused(&[&BEGIN.replace('1', "9")]).contains("form 9"));
        let odd = refused(&[ONE, r#"{"txt":"b"}"#]);
        assert!(odd.starts_with("line 2, column 6: unknown field `txt`"), "{odd}");
        assert!(!odd.contains("line 1"), "{odd}");
        let latin = memory(b"{\"text\":\"caf\xe9\"}").unwrap_err();
        assert_eq!(latin, "byte 13 of the line is not UTF-8");
    }
}
