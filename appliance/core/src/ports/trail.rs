//! The role that reads the audit trail. Appending is a write of a batch.

use std::fmt;

use async_trait::async_trait;

use crate::{AgentName, AuditEvent, Page, PageRequest, StoreError};

/// Reads the audit trail and what the operator decided about agents.
/// Contract: `storage_contract::trail`.
#[async_trait]
pub trait AuditTrail: fmt::Debug + Send + Sync {
    /// Returns events, newest first; the cursor is the trail's sequence.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn events(&self, page: PageRequest) -> Result<Page<AuditEvent>, StoreError>;

    /// Returns whether the operator wants `agent` to run; `true` when nobody has said.
    async fn agent_wanted(&self, agent: AgentName) -> Result<bool, StoreError>;
}
