//! The lines of an export or an import, read one by one: memories, and the marks around them.
//!
//! Invariant: a file that begins with a mark and does not end with the right one is refused, before
//! anything of it is kept.

use anyhow::{Context as _, bail, ensure};
use web_dto::{EXPORT_FORMAT, ExportMark, ExportPlace, NewMemory};

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
    /// Reads one line; `None` for a mark or a blank line.
    ///
    /// # Errors
    /// When it is neither a memory nor a mark, or stands in the wrong place.
    pub(super) fn read(&mut self, line: &str) -> anyhow::Result<Option<NewMemory>> {
        self.number += 1;
        if line.trim().is_empty() {
            return Ok(None);
        }
        ensure!(!self.ended, "line {} stands behind the export's last line", self.number);
        if let Ok(mark) = serde_json::from_str::<ExportMark>(line) {
            return self.mark(&mark.export).map(|()| None);
        }
        let item = serde_json::from_str(line)
            .with_context(|| format!("while reading line {} of the import", self.number))?;
        self.memories += 1;
        Ok(Some(item))
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
            reading.read(line)?;
        }
        reading.end()
    }

    #[test]
    fn an_export_is_whole_or_refused_and_plain_lines_need_no_marks() {
        assert_eq!(read(&[BEGIN, ONE, END, ""]).unwrap(), 1);
        assert_eq!(read(&[ONE, "", ONE]).unwrap(), 2);
        assert_eq!(read(&[]).unwrap(), 0);
        let mut partly = Lines::default();
        partly.read(r#"{"export":{"end":{"memories":0,"left_out":2}}}"#).unwrap();
        assert_eq!(partly.lacks(), Some("2 memories could not be read and are left out"));
        let refused = |lines: &[&str]| format!("{:#}", read(lines).unwrap_err());
        assert!(refused(&[BEGIN, ONE]).contains("cut off after 1"));
        assert!(refused(&[BEGIN, END]).contains("has 1 memories, 0 are there"));
        assert!(refused(&[BEGIN, ONE, END, ONE]).contains("line 4"));
        assert!(refused(&[BEGIN, ONE, BEGIN]).contains("second export"));
        assert!(refused(&[&BEGIN.replace('1', "9")]).contains("form 9"));
        assert!(refused(&[ONE, r#"{"txt":"b"}"#]).contains("line 2"));
    }
}
