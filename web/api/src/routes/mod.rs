//! The endpoints: one folder an area, one file a verb. Each reads its request, asks the ports and
//! answers; what several share stands beside this folder.

pub(crate) mod agents;
pub(crate) mod auth;
pub(crate) mod clock;
pub(crate) mod conversations;
pub(crate) mod desk;
pub(crate) mod health;
pub(crate) mod info;
pub(crate) mod llm;
pub(crate) mod logs;
pub(crate) mod mcp;
pub(crate) mod memory;
pub(crate) mod messages;
pub(crate) mod metrics;
pub(crate) mod settings;
pub(crate) mod tasks;
pub(crate) mod tokens;
