//! The role that changes records. Reads are the narrow query ports beside this one.

use std::fmt;

use async_trait::async_trait;

use crate::{Applied, Batch, BatchKey, StoreError};

/// The only way to change records.
///
/// A batch MUST be atomic and durable before its answer is given. Batches MAY share a commit; one
/// that fails its conditions MUST NOT stop the others. A key that is repeated within its
/// [`Lifetime`](crate::batch::Lifetime) MUST return the first result and change nothing. After a
/// commit whose outcome cannot be known the implementation MUST refuse everything from then on; after
/// any other fault it MUST go on by itself once it passes.
/// Contract: `storage_contract::records`.
#[async_trait]
pub trait Records: fmt::Debug + Send + Sync {
    /// Applies `batch` whole or not at all and returns once it is on disk.
    ///
    /// # Errors
    /// `Conflict` naming the condition, `Invalid` for a write that refers to nothing, `Full` when
    /// the disk is, `Unavailable` when the engine has stopped.
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError>;

    /// Returns what was applied under the key first, or `None` when nothing was or its lifetime is
    /// over. Changes nothing.
    ///
    /// # Errors
    /// [`Conflict::KeyReused`](crate::Conflict::KeyReused) when the key stands for another request.
    async fn first_result(&self, key: &BatchKey) -> Result<Option<Applied>, StoreError>;
}
