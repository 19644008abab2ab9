//! Markdown as data: text in, a tree of blocks out, which components turn into views.
//!
//! [`read`] parses a whole text; [`Document`] follows a text that grows. There is no HTML anywhere:
//! raw HTML in the text stays text, images become links, and only web and mail addresses are links.
//!
//! Invariant: the tree is at most [`MAX_DEPTH`] deep, whatever the text, so that walking it by
//! recursion is safe.

mod build;
mod document;
mod inline;

pub use build::read;
pub use document::Document;
pub use inline::safe_href;

/// Deepest nesting of blocks and of inline parts; deeper text is shown at this depth.
pub const MAX_DEPTH: usize = 12;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Plain words.
    Text(String),
    /// `code`.
    Code(String),
    /// Strong words.
    Strong(Vec<Inline>),
    /// Emphasised words.
    Emphasis(Vec<Inline>),
    /// Struck words.
    Struck(Vec<Inline>),
    /// A link to a web or mail address.
    Link {
        /// Where to; safe by construction.
        href: String,
        /// What it shows.
        inside: Vec<Inline>,
    },
    /// The mark of a memory, `[1]`.
    Mark(u32),
    /// A new line inside a paragraph.
    Break,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A heading of level 1..=6.
    Heading(u8, Vec<Inline>),
    /// A block of code.
    Code {
        /// What the fence says it is; may be empty.
        language: String,
        /// The code.
        text: String,
    },
    /// A quotation.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// The first number; `None` for bullets.
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A table.
    Table {
        /// The cells of the heading row.
        head: Vec<Vec<Inline>>,
        /// The other rows.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A line across.
    Rule,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Whether its box is ticked, if it has one.
    pub done: Option<bool>,
    /// What it says.
    pub blocks: Vec<Block>,
}

#[cfg(test)]
mod tests;
