//! Memory carried away and back: `GET /api/memory/export` gives JSON lines that `memory import`
//! takes.
//!
//! The first line is a mark, then comes one [`NewMemory`](super::NewMemory) a line in the order of
//! arrival, then a mark with their count and with how many could not be read; a file whose last mark is
//! missing or counts otherwise was cut off. What use has shown of a memory (its utility and counts) stays behind, and so does what
//! is forgotten.

use serde::{Deserialize, Serialize};

/// The number of the form that is written.
pub const EXPORT_FORMAT: u32 = 1;

/// A line that is no memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportMark {
    /// Which.
    pub export: ExportPlace,
}

/// The beginning or the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExportPlace {
    /// The first line.
    Begin {
        /// [`EXPORT_FORMAT`].
        format: u32,
    },
    /// The last line.
    End {
        /// Memories between the two.
        memories: u64,
        /// Memories of the person that could not be read and are left out.
        #[serde(default, skip_serializing_if = "is_none")]
        left_out: u64,
        /// Other damaged places of the records, which may have held something of anybody's.
        #[serde(default, skip_serializing_if = "is_none")]
        damaged: u64,
    },
}

// In the portal's 32 bits a reference is not the larger one.
#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes what it asks about by reference"
    )
)]
pub(crate) const fn is_none(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_told_from_a_memory() {
        let end = |left_out| ExportPlace::End { memories: 3, left_out, damaged: 0 };
        let line = |left_out| serde_json::to_string(&ExportMark { export: end(left_out) }).unwrap();
        assert_eq!(line(0), r#"{"export":{"end":{"memories":3}}}"#);
        assert_eq!(line(2), r#"{"export":{"end":{"memories":3,"left_out":2}}}"#);
        assert_eq!(serde_json::from_str::<ExportMark>(&line(0)).unwrap().export, end(0));
        assert!(serde_json::from_str::<ExportMark>(r#"{"text":"export"}"#).is_err());
    }
}
