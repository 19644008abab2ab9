//! One question in, the best few memories out, whichever tier they live in.
//!
//! [`Search`] has the indexes catch up, so that whatever was committed before the question is found;
//! `asked` takes it apart, with what words may be that stand nowhere (`spelling`);
//! `find` asks the vectors and the texts, `fuse` makes one order of both ([`Weights`]), `rank` joins
//! repeats, and the texts of the best are read. Keeps nothing.

mod alike;
mod asked;
mod find;
mod fuse;
mod indexes;
mod rank;
mod search;
mod spelling;
mod weights;

pub use search::Search;
pub use weights::Weights;
