//! What every request passes before and after its route, whichever it is.
//!
//! [`around`] gives it an id, a span, a count, the safety headers, bodies without known secrets and, when it failed, a problem
//! document; [`admit`] checks host, origin and the local socket's key; [`seated`] stands before the
//! agents' routes. None knows routes or users.

mod admit;
mod around;
mod caller;
mod client;
mod forwarded;
mod headers;
mod hop;
mod host;
mod redact;
mod request_id;
mod seated;

pub(crate) use admit::admit;
pub(crate) use around::{around, panicked};
pub(crate) use caller::Caller;
pub(crate) use request_id::RequestId;
pub(crate) use seated::seated;
