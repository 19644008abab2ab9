//! Reading requests: bodies, path ids and query parameters, each fault a problem that names it.

mod body;
mod id;
mod json;
mod key;
mod nothing;
mod params;

pub(crate) use body::read as read_body;
pub(crate) use id::{AgentPath, Id};
pub(crate) use json::{Json, parse as parse_json, require_json};
pub(crate) use key::IdempotencyKey;
pub(crate) use nothing::Nothing;
pub(crate) use params::{Cursor, PageOnly, Params, page};
