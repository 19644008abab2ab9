//! The sections, one a file; their doc comments are the reference.

mod agents;
mod clock;
mod data;
mod logging;
mod memory;
mod model;
mod server;
mod top;

pub use agents::{AgentRun, Agents};
pub use clock::Clock;
pub use data::Data;
pub use logging::{LogFormat, Logging};
pub use memory::{
    Memory, MemoryEmbedder, MemoryOpenAi, MemoryQdrant, MemoryRanking, MemoryVectors,
};
pub use model::{Model, Provider};
pub use server::{JwtAlgorithm, Server};
pub use top::{Mode, Top};
