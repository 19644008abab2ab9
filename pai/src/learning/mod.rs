//! What the Algorithm learns: one sentence a phase from each finished piece of work, by plain rules.
//!
//! [`at_end`] and [`after_rating`] draw learnings as memories, which are stored like all others;
//! [`Tree`] keeps them as files too, with the signals, in `<data>/pai/MEMORY`. Asks no model.
//!
//! Invariant: the record is the truth and the file is derived from it, under one id; a file that is
//! missing is written again, one whose record is gone is removed.

mod draw;
mod files;
mod lines;
mod tree;

pub use draw::{Rated, after_rating, at_end, quoted};
pub use tree::{Tree, TreeError};

/// Words of a question about how work went, lower case.
const ABOUT_WORK: [&str; 14] = [
    "learned",
    "learnt",
    "learning",
    "lesson",
    "rated",
    "rating",
    "went wrong",
    "go wrong",
    "went well",
    "go well",
    "failed",
    "mistake",
    "how well",
    "last time you",
];

/// Tells whether `question` is about how work went, so that learnings answer it.
#[must_use]
pub fn is_about_work(question: &str) -> bool {
    let lower = question.to_lowercase();
    ABOUT_WORK.iter().any(|words| lower.contains(words))
}
