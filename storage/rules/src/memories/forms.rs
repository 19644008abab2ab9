//! Repeats: which current memory holds a text in its same form. Compares no meanings.
//!
//! The table says who holds a form *now*: a memory that is forgotten, or that no longer holds,
//! gives it up, so that the same can be said again and is then a new memory.

use appliance_core::{MemoryId, MemoryKind, Provenance};
use appliance_phrases::form::Form;
use ring::digest::{Context, SHA256};

use super::Head;
use crate::{
    Draft, Entity, Fault,
    codes::{Code, UnknownCode},
    entity::{IdShape, Kind, key},
    view::Read as _,
};

/// Id: owner, 16 bytes; digest of the form, 32 bytes.
pub static FORMS: Kind = Kind { name: "memories_by_form.v1", id: IdShape::Bytes, keys: &[] };

/// A form that is held.
#[derive(Debug)]
pub struct Held {
    place: Vec<u8>,
    /// The memory that holds it.
    pub holder: MemoryId,
}

impl Entity for Held {
    type Frozen = [u8; 16];
    const KIND: &'static Kind = &FORMS;

    fn freeze(&self) -> [u8; 16] {
        self.holder.bytes()
    }

    fn thaw(id: &[u8], holder: [u8; 16]) -> Result<Self, UnknownCode> {
        Ok(Self { place: id.to_vec(), holder: MemoryId::from_bytes(holder) })
    }

    fn id(&self) -> Vec<u8> {
        self.place.clone()
    }
}

/// Returns the digest that two memories of one owner share when they say the same: kind, author,
/// agent, conversation, label of distrust, and the text in its same form.
///
/// SHA-256, because a collision that somebody built would lose a memory.
pub(crate) fn digest(kind: MemoryKind, from: &Provenance, text: &str) -> [u8; 32] {
    let form = Form::V1.of(text);
    // Of marks alone nothing is left, so they count as they are.
    let form = if form.is_empty() { text } else { &form };
    let thread = from.conversation_id.map(|id| id.bytes());
    let parts: [&[u8]; 6] = [
        &[kind.code()],
        &[from.agent.map_or(0, |agent| agent.code() + 1)],
        thread.as_ref().map_or(&[], |id| id.as_slice()),
        from.author.as_deref().unwrap_or_default().as_bytes(),
        from.untrusted.as_deref().unwrap_or_default().as_bytes(),
        form.as_bytes(),
    ];
    let mut hash = Context::new(&SHA256);
    for part in parts {
        // Lengths first, so that no byte can move from one part into the next unseen.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

/// Returns who holds the form of `head`; what cannot be read holds nothing.
pub(crate) fn holder(draft: &mut Draft<'_>, head: &Head) -> Result<Option<MemoryId>, Fault> {
    let held = draft.view().readable(draft.get::<Held>(&place(head)), None)?.flatten();
    Ok(held.map(|held| held.holder))
}

/// Gives `head` its form, unless another holds it.
pub(crate) fn claim(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    if holder(draft, head)?.is_some() {
        return Ok(());
    }
    draft.replace(None, &Held { place: place(head), holder: head.id })
}

/// Takes the form from whoever holds it and cannot be read.
pub(super) fn take_from_damaged(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    draft.drop_row::<Held>(&place(head), &[])
}

/// Takes the form from `head`, if it holds it.
pub(crate) fn release(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    if holder(draft, head)? == Some(head.id) {
        draft.drop_row::<Held>(&place(head), &[])?;
    }
    Ok(())
}

fn place(head: &Head) -> Vec<u8> {
    key(&[&head.owner.bytes(), &head.form])
}
