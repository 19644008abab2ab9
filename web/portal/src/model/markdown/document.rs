//! A Markdown text that grows: only its last blocks are read again, those before them stay.
//!
//! That is what keeps a long answer cheap and still while it streams. A link whose definition comes
//! later turns into one when the whole text is read again, at the end.

use super::{Block, build::read_with_starts};

/// Blocks at the end that more text can still change: the last, and the one before it, because a
/// line that is begun may look like a paragraph of its own and turn out to be a table's next row.
const UNSETTLED: usize = 2;

/// A text and the blocks it reads as.
#[derive(Debug, Clone, Default)]
pub struct Document {
    source: String,
    blocks: Vec<Block>,
    starts: Vec<usize>,
}

impl Document {
    /// The blocks, in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Takes the text as it stands now; returns how many blocks at the front have not changed.
    pub fn update(&mut self, text: &str) -> usize {
        if text == self.source {
            return self.blocks.len();
        }
        let grew = text.starts_with(&self.source);
        let kept = if grew { self.starts.len().saturating_sub(UNSETTLED) } else { 0 };
        let from = if kept == 0 { 0 } else { self.starts[kept] };
        self.blocks.truncate(kept);
        self.starts.truncate(kept);
        for (start, block) in read_with_starts(&text[from..]) {
            self.starts.push(from + start);
            self.blocks.push(block);
        }
        text.clone_into(&mut self.source);
        kept
    }

    /// Reads the whole text again, now that it is complete; returns whether anything changed.
    pub fn settle(&mut self) -> bool {
        let (starts, blocks): (Vec<_>, Vec<_>) = read_with_starts(&self.source).into_iter().unzip();
        let changed = blocks != self.blocks;
        (self.starts, self.blocks) = (starts, blocks);
        changed
    }
}
