//! Tasks, always the caller's own.

mod cancel;
mod get;
mod list;

pub(crate) use cancel::post as cancel;
pub(crate) use get::get;
pub(crate) use list::get as list;
