//! Memory: what to recall and why ([`Search`]), what people may do to it ([`Care`]), and what moves
//! between the tiers when ([`Keeper`]).
//!
//! Four rooms: `index` keeps words, shelves and vectors level with the records; `recall` asks them
//! for one question, fuses what they say ([`Weights`]) and reads the best; `care` does what people
//! do to a memory; `keeper` moves memories between the tiers. Policy only: stores nothing itself.

mod care;
mod index;
mod keeper;
mod recall;

pub use care::{Care, CareParts, Indexes, Limits, faded, utility};
pub use index::{Space, SpaceMaker};
pub use keeper::{Clean, Keeper, KeeperParts, Metrics, Reader, Report, Step, VectorCache};
pub use recall::{Search, Weights};
