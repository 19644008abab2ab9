//! Recall: one question in, the best few memories of one person out, each with the reason why.
//!
//! [`Search`] first lets the index catch up with the records, so that whatever was committed before
//! the question is found and a restart needs no index on disk. Then: embed, scan wide, read the
//! texts, rank, cut. Does not write, promote or forget.

mod follow;
mod rank;
mod search;

pub use search::Search;
