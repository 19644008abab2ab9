//! The words and the ports: what every other part of the appliance speaks in.
//!
//! Holds the domain's types and one trait a role in [`ports`]. Does *not* do I/O, knows no driver,
//! no async runtime and no HTTP: adapters live in their own crates, and only `appliance/compose.rs`
//! names a port and an adapter together.
//!
//! To add a port: one trait in one file under `ports/`, at most eight methods, its contract in MUST
//! and MAY, and a suite in `storage-contract` (or the adapter's own tests) that checks it.

pub mod agent;
mod api_token;
pub mod audit;
pub mod batch;
pub mod bus;
pub mod conflict;
pub mod conversation;
pub mod desk;
pub mod envelope;
pub mod error;
pub mod event;
pub mod ids;
pub mod intake;
pub mod memory;
pub mod page;
pub mod ports;
pub mod routing;
pub mod task;
pub mod time;
pub mod user;
mod wait;

pub use agent::{AgentName, AgentState, AgentStatus, Control};
pub use api_token::{ApiToken, MAX_TOKENS, TokenScope};
pub use audit::{Actor, AuditEvent, EventType, Outcome as AuditOutcome, RiskLevel};
pub use batch::{Applied, Batch, BatchKey, Condition, Write};
pub use bus::{Delivery, Incarnation, StreamName};
pub use conflict::{Conflict, Thing};
pub use conversation::{Citation, Conversation, ConversationStatus, CutOff, Message, Role};
pub use envelope::{Envelope, EnvelopeKind, Pai, Payload, Phase, Priority};
pub use error::{ErrorKind, StoreError};
pub use event::{EventBody, InFlight, LiveEvent, Topic};
pub use ids::{
    ActionId, AuditId, ConversationId, EnvelopeId, HistoryId, IdMint, IncarnationId, MemoryId,
    MessageId, SessionId, SignalId, TaskId, TokenId, UserId,
};
pub use memory::{
    Collection, Deed, Embedding, Facets, Labels, Memory, MemoryAction, MemoryHit, MemoryKind,
    MemoryTier, Outcome, Provenance, SearchFilter, Signal, SignalType, Standing, Utility,
};
pub use page::{Page, PageRequest};
pub use task::{Task, TaskKind, TaskOutcome, TaskStatus};
pub use time::{Clock, Monotonic, Timestamp};
pub use user::{Session, SetupLink, TokenHash, User, UserRole};
pub use wait::{LONGEST_WAIT, Wait, WaitReason};
