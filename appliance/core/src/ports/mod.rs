//! The ports: one trait a role, one file a trait. Adapters implement them; `compose.rs` joins them.

mod conversations;
mod desk;
mod embedder;
mod fleet;
mod hot_tier;
mod live;
mod memories;
mod memory_care;
mod memory_search;
mod memory_tiers;
mod model;
mod records;
mod streams;
mod tasks;
mod text_index;
mod trail;
mod users;
mod vector_index;

pub use conversations::Conversations;
pub use desk::{Desk, DeskError};
pub use embedder::{EmbedError, Embedder};
pub use fleet::{Fleet, FleetError};
pub use hot_tier::HotTier;
pub use live::{Lagged, Live, Subscription};
pub use memories::{Change, Changed, Memories};
pub use memory_care::{By, CareError, CollectionStats, Job, MemoryCare, MemoryStats, Told};
pub use memory_search::{MemorySearch, SearchError};
pub use memory_tiers::{MemoryTiers, Moved, Resident, TierCounts};
pub use model::{ByteStream, LlmError, LlmErrorKind, Model, ModelCall, ModelReply};
pub use records::Records;
pub use streams::{Attach, Streams, Take};
pub use tasks::{TaskFilter, Tasks};
pub use text_index::{TextEntry, TextIndex};
pub use trail::AuditTrail;
pub use users::Users;
pub use vector_index::{IndexEntry, VectorIndex};
