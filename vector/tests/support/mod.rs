//! What the index's tests share: ids, and a way to wait for a future.

#![allow(dead_code, reason = "each test file uses its own part of it")]

pub mod sentence;

use appliance_core::{
    AgentName, Collection, Embedding, Facets, Labels, MemoryId, MemoryTier, Timestamp, UserId,
    Utility,
};

/// The `n`th memory's id.
pub fn id(n: u32) -> MemoryId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    MemoryId::from_bytes(bytes)
}

/// The `n`th owner's id.
pub fn owner(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

/// Facets of a memory that holds, in the warm tier.
pub fn facets(owner: UserId, agent: Option<AgentName>) -> Facets {
    let at = Timestamp::from_unix_micros(1_793_000_000_000_000);
    Facets {
        owner,
        collection: Collection::Memories,
        tier: MemoryTier::Warm,
        agent,
        conversation_id: None,
        message_id: None,
        created_at: at,
        utility: Utility::START,
        valid_from: at,
        valid_until: None,
        labels: Labels::default(),
    }
}

/// The vector that a seed stands for.
pub fn vector(seed: u32, dim: usize) -> Embedding {
    let mut state = u64::from(seed) << 32 | 0x9e37_79b9;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    Embedding::normalised((0..dim).map(|_| next()).collect()).unwrap()
}

/// Waits for a future.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
