//! Memory, always the caller's own: find, keep, look after, carry away.

mod actions;
mod care;
mod correct;
mod export;
mod filter;
mod forget;
mod forget_many;
mod get;
mod learnings;
mod list;
mod pin;
mod reindex;
mod remember;
mod said;
mod search;
mod signal;
mod signals;
mod stats;
mod undo;

pub(crate) use actions::get as actions;
pub(crate) use correct::post as correct;
pub(crate) use export::get as export;
pub(crate) use forget::post as forget;
pub(crate) use forget_many::{forgotten, named, post as forget_many};
pub(crate) use get::get;
pub(crate) use learnings::get as learnings;
pub(crate) use list::{get as list, passing};
pub(crate) use pin::post as pin;
pub(crate) use reindex::post as reindex;
pub(crate) use remember::{post as remember, remembered};
pub(crate) use search::{found, post as search};
pub(crate) use signal::post as signal;
pub(crate) use signals::get as signals;
pub(crate) use stats::get as stats;
pub(crate) use undo::post as undo;
