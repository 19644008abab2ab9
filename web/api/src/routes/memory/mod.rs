//! Memory, always the caller's own.

mod search;

pub(crate) use search::post as search;
