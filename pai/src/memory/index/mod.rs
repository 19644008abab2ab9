//! What memory is found by, and how it is kept level with the records: words and shelves by
//! [`Follower`], the vectors of each [`Space`] by [`Feeder`], all of them by [`Level`].
//!
//! Everything here is derived and may be lost: it is made again of the records. Answers no question;
//! that is [`recall`](super::recall).

mod build;
mod feed;
mod follow;
mod level;
mod outage;
mod row;
mod sample;
mod shelf;
mod space;
mod spaces;
mod vocabulary;

pub(crate) use feed::Feeder;
pub(crate) use follow::Follower;
pub(crate) use level::{Glance, Level, NO_HURRY};
pub(crate) use row::{Row, names};
pub(crate) use shelf::Shelf;
pub use space::{Space, SpaceMaker};
pub(crate) use spaces::REINDEX;
pub(crate) use vocabulary::{Vocabulary, all_telling, telling};
