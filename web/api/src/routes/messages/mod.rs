//! Messages of one conversation: read and send.

mod list;
mod post;

pub(crate) use list::{get as list, newest};
pub(crate) use post::post;
