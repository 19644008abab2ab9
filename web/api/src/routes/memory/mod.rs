//! Memory, always the caller's own.

mod get;
mod list;
mod remember;
mod search;

pub(crate) use get::get;
pub(crate) use list::get as list;
pub(crate) use remember::post as remember;
pub(crate) use search::post as search;
