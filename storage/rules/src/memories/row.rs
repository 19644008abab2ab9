//! A memory's row: what never changes about it, and its text or the place of its text. Stands
//! nowhere by itself: see [`Stand`].

use appliance_core::{Facets, Labels, Memory, MemoryId, MemoryKind, Provenance, Timestamp, UserId};

use super::{Stand, sameness};
use crate::Fault;

/// A place in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The file.
    pub segment: u64,
    /// The block in it.
    pub block: u32,
    /// The text in that.
    pub slot: u32,
}

/// A text, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// In the row.
    Here(String),
    /// In the archive.
    Archived(Spot),
}

/// Everything that never changes about a memory but its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which.
    pub id: MemoryId,
    /// Whose.
    pub owner: UserId,
    /// Its place in the order of arrival.
    pub seq: u64,
    /// How it came to be.
    pub kind: MemoryKind,
    /// Where it came from.
    pub provenance: Provenance,
    /// What its collection sorts it by.
    pub labels: Labels,
    /// When it was said.
    pub created_at: Timestamp,
    /// What tells that the same is said again, see `sameness`; kept because the text may be away.
    pub form: [u8; 32],
}

/// A stored memory, without how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRow {
    /// What never changes.
    pub head: Head,
    /// The text.
    pub body: Body,
}

/// A memory and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub row: MemoryRow,
    /// How it stands.
    pub stand: Stand,
}

impl Head {
    /// Takes what never changes from `memory`; its place in the order is `seq`.
    pub fn of(memory: &Memory, seq: u64) -> Self {
        Self {
            id: memory.id,
            owner: memory.owner,
            seq,
            kind: memory.kind,
            provenance: memory.provenance.clone(),
            labels: memory.labels.clone(),
            created_at: memory.created_at,
            form: sameness::digest(memory.kind, &memory.provenance, &memory.text),
        }
    }
}

impl Entry {
    /// Returns what a search may be narrowed by.
    pub fn facets(&self) -> Facets {
        let (head, standing) = (&self.row.head, &self.stand.standing);
        Facets {
            owner: head.owner,
            collection: head.kind.collection(),
            tier: self.stand.tier,
            agent: head.provenance.agent,
            conversation_id: head.provenance.conversation_id,
            message_id: head.provenance.message_id,
            created_at: head.created_at,
            utility: standing.utility,
            valid_from: standing.valid_from,
            valid_until: standing.valid_until,
            labels: head.labels.clone(),
        }
    }

    /// Joins the parts with the text, which `read` brings when it is in the archive.
    pub fn join(
        self,
        read: impl FnOnce(MemoryId, Spot) -> Result<String, Fault>,
    ) -> Result<Memory, Fault> {
        let text = match self.row.body {
            Body::Here(text) => text,
            Body::Archived(spot) => read(self.row.head.id, spot)?,
        };
        let (head, stand) = (self.row.head, self.stand);
        Ok(Memory {
            id: head.id,
            owner: head.owner,
            seq: head.seq,
            text,
            kind: head.kind,
            tier: stand.tier,
            provenance: head.provenance,
            labels: head.labels,
            created_at: head.created_at,
            standing: stand.standing,
        })
    }
}
