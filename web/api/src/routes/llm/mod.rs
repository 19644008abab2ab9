//! The gateway: the Messages API for agents, which hold no key.

mod messages;

pub(crate) use messages::post as messages;
