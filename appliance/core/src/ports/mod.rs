//! The ports: one trait a role, one file a trait. Adapters implement them; `compose.rs` joins them.

mod conversations;
mod deeds;
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
mod purging;
mod records;
mod store_damage;
mod store_signs;
mod streams;
mod tasks;
mod text_index;
mod trail;
mod upkeep;
mod users;
mod vector_home;
mod vector_index;

pub use conversations::Conversations;
pub use deeds::Deeds;
pub use desk::{Desk, DeskError};
pub use embedder::{EmbedError, Embedder};
pub use fleet::{Fleet, FleetError, PeerProcess};
pub use hot_tier::HotTier;
pub use live::{Lagged, Live, Subscription};
pub use memories::{Change, Changed, Memories};
pub use memory_care::{
    By, CareError, Cause, CollectionStats, Correction, Job, MemoryCare, MemoryStats, Told,
};
pub use memory_search::{MemorySearch, SearchError};
pub use memory_tiers::{MemoryTiers, Moved, Resident, TierCounts};
pub use model::{ByteStream, LlmError, LlmErrorKind, Model, ModelCall, ModelReply, Proof};
pub use purging::{Purged, Purging};
pub use records::Records;
pub use store_damage::{Compared, DamageReport, Damaged, StoreDamage};
pub use store_signs::{StoreHealth, StoreSigns, StoreState};
pub use streams::{Attach, Streams, Take};
pub use tasks::{TaskFilter, Tasks};
pub use text_index::{TakenOut, TextChanges, TextEntry, TextFault, TextIndex};
pub use trail::AuditTrail;
pub use upkeep::{Fill, Rewritten, Sweep, Swept, Upkeep};
pub use users::Users;
pub use vector_home::{Serving, VectorHome};
pub use vector_index::{IndexEntry, VectorIndex};
