//! Memory: what to recall and why ([`Search`]), what people may do to it ([`Care`]), and what moves
//! between the tiers when ([`Keeper`]).
//!
//! [`Search`] first lets the indexes catch up with the records, so that whatever was committed before
//! the question is found. Then: embed, ask the vectors and the texts, fuse both ([`Weights`]), join
//! repeats, read the texts of the best. Policy only: stores nothing itself.

mod alike;
mod build;
mod care;
mod feed;
mod find;
mod follow;
mod fuse;
mod keeper;
mod level;
mod mark;
mod outage;
mod rank;
mod row;
mod search;
mod shelf;
mod space;
mod spaces;
mod spread;
mod vocabulary;
mod weights;

pub use care::{Care, CareParts, Indexes, Limits, faded, utility};
pub use keeper::{Keeper, KeeperParts, Metrics, Reader, Report, Step, VectorCache};
pub use mark::Serving;
pub use search::Search;
pub use space::{Space, SpaceMaker};
pub use spread::Spread;
pub use weights::Weights;
