//! Tasks, always the caller's own.

mod get;
mod list;

pub(crate) use get::get;
pub(crate) use list::get as list;
