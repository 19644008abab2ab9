//! One question in, the best few memories out, whichever tier they live in.
//!
//! [`Search`] has the indexes catch up, so that whatever was committed before the question is found;
//! `find` asks the vectors and the texts, `fuse` makes one order of both ([`Weights`]), `rank` joins
//! repeats, and the texts of the best are read. Keeps nothing.

mod alike;
mod find;
mod fuse;
mod indexes;
mod rank;
mod search;
mod weights;

pub use search::Search;
pub use weights::Weights;
