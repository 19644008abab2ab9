//! What the index's tests share: ids, and a way to wait for a future.

#![allow(dead_code, reason = "each test file uses its own part of it")]

pub mod sentence;

use appliance_core::{MemoryId, UserId};

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

/// Waits for a future.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
