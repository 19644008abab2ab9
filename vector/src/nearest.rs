//! The order of near vectors: by the cosine, equal ones by id. Searches nothing.

use appliance_core::{Embedding, MemoryId};

/// Rounding may carry the product of unit vectors a little over one.
pub(crate) fn cosine(row: &[f32], query: &[f32]) -> f32 {
    Embedding::inner(row, query).clamp(-1.0, 1.0)
}

/// Orders by the cosine, equal ones by id, and keeps the first `k`.
pub(crate) fn nearest_first(mut found: Vec<(MemoryId, f32)>, k: usize) -> Vec<(MemoryId, f32)> {
    let order = |a: &(MemoryId, f32), b: &(MemoryId, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if k == 0 {
        return Vec::new();
    }
    if found.len() > k {
        found.select_nth_unstable_by(k - 1, order);
        found.truncate(k);
    }
    found.sort_unstable_by(order);
    found
}
