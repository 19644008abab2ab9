//! A memory's row: what never changes about it, and its text or the place of its text: in the message
//! that says it, or in the archive. Stands nowhere by itself: see [`Stand`].

use appliance_core::{
    Facets, Labels, Memory, MemoryId, MemoryKind, Message, Provenance, Timestamp, UserId,
};

use super::{MEMORIES, Stand, sameness};
use crate::{
    Fault, Read as _, View,
    conversations::ConversationRow,
    entity::key,
    stretch::{self, Stretch},
    view::dangling,
};

/// Bytes of a form that its place has: what shares them is read and compared whole.
const FORM_BYTES: usize = 8;

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
    /// In the message that it is from.
    Said(Stretch),
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

    /// Returns the [`form`](Self::form) that the memory would have if it said `text`.
    pub(crate) fn form_of(&self, text: &str) -> [u8; 32] {
        sameness::digest(self.kind, &self.provenance, text)
    }

    /// Returns the place that memories of its owner and form share.
    pub(super) fn form_place(&self) -> Vec<u8> {
        key(&[&self.owner.bytes(), &self.form[..FORM_BYTES]])
    }

    /// Returns what the message that it is from says there; `last` is kept as in
    /// [`Stretch::text_beside`].
    fn said(
        &self,
        view: &dyn View,
        stretch: Stretch,
        last: &mut Option<Message>,
    ) -> Result<String, Fault> {
        let thread = self.provenance.conversation_id;
        let thread = thread.ok_or_else(|| dangling(MEMORIES.name, &self.seq.to_be_bytes()))?;
        stretch.text_beside(view, thread, last)
    }
}

impl Body {
    /// Returns where `text` of `head` is kept: in its message, if that says it word for word and is
    /// purged with it, else in the row.
    pub(super) fn of(view: &dyn View, head: &Head, text: &str) -> Result<Self, Fault> {
        let from = &head.provenance;
        let here = || Ok(Self::Here(text.to_owned()));
        let (Some(message), Some(thread)) = (from.message_id, from.conversation_id) else {
            return here();
        };
        let row = view.readable(view.row::<ConversationRow>(&thread.bytes()), None)?.flatten();
        if row.is_none_or(|row| row.conversation.owner != head.owner) {
            return here();
        }
        let message = stretch::source(view, message, thread)?;
        let said = message.and_then(|message| Stretch::of(text, &message));
        said.map_or_else(here, |stretch| Ok(Self::Said(stretch)))
    }
}

impl MemoryRow {
    /// Returns the text, unless it is in the archive.
    ///
    /// # Errors
    /// A damaged message that has it, or the adapter's failure.
    pub fn text(&self, view: &dyn View) -> Result<Option<String>, Fault> {
        self.text_beside(view, &mut None)
    }

    /// As [`text`](Self::text); the message that says it becomes `last`, and is not read again if it
    /// is that already.
    ///
    /// # Errors
    /// As there.
    pub fn text_beside(
        &self,
        view: &dyn View,
        last: &mut Option<Message>,
    ) -> Result<Option<String>, Fault> {
        match &self.body {
            Body::Here(text) => Ok(Some(text.clone())),
            Body::Said(stretch) => self.head.said(view, *stretch, last).map(Some),
            Body::Archived(_) => Ok(None),
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
        view: &dyn View,
        read: impl FnOnce(MemoryId, Spot) -> Result<String, Fault>,
    ) -> Result<Memory, Fault> {
        let text = match self.row.body {
            Body::Here(text) => text,
            Body::Said(stretch) => self.row.head.said(view, stretch, &mut None)?,
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
