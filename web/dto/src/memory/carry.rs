//! Memory carried away and back: `GET /api/memory/export` gives JSON lines that `memory import`
//! takes.
//!
//! The first line is a mark, then comes one [`NewMemory`](super::NewMemory) a line in the order of
//! arrival, then a mark with their count; a file whose last mark is missing or counts otherwise was
//! cut off. What use has shown of a memory (its utility and counts) stays behind, and so does what
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
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_told_from_a_memory() {
        let line = serde_json::to_string(&ExportMark { export: ExportPlace::End { memories: 3 } });
        assert_eq!(line.unwrap(), r#"{"export":{"end":{"memories":3}}}"#);
        assert!(serde_json::from_str::<ExportMark>(r#"{"text":"export"}"#).is_err());
    }
}
