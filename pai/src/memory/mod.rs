//! Recall: one question in, the best few memories of one person out, each with the reason why.
//!
//! [`Search`] first lets the indexes catch up with the records, so that whatever was committed before
//! the question is found and a restart needs no index on disk. Then: embed, ask the vectors and the
//! texts, fuse both ([`Weights`]), join repeats, read the texts of the best. Does not write, promote
//! or forget.

mod follow;
mod fuse;
mod rank;
mod search;
mod shelf;
mod vocabulary;
mod weights;

pub use search::Search;
pub use weights::Weights;
