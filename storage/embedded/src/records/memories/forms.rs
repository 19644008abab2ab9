//! Repeats: which current memory holds a text in its same form. Compares no meanings.
//!
//! The table says who holds a form *now*: a memory that is forgotten, or that no longer holds,
//! gives it up, so that the same can be said again and is then a new memory.

use appliance_core::{MemoryId, MemoryKind, Provenance};
use appliance_phrases::form::Form;
use ring::digest::{Context, SHA256};

use super::Head;
use crate::{
    draft::Draft,
    fault::Fault,
    records::codes::Code,
    rows::{Rows, key},
};

/// Key: owner, 16 bytes; digest of the form, 32 bytes. Value: memory id.
pub(crate) const BY_FORM: Rows<[u8; 16]> = Rows::new("memories_by_form.v1");

/// Returns the digest that two memories of one owner share when they say the same: kind, author,
/// agent, conversation, label of distrust, and the text in its same form.
///
/// SHA-256, because a collision that somebody built would lose a memory.
pub(super) fn digest(kind: MemoryKind, from: &Provenance, text: &str) -> [u8; 32] {
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

/// Returns who holds the form of `head`.
pub(super) fn holder(draft: &mut Draft<'_, '_>, head: &Head) -> Result<Option<MemoryId>, Fault> {
    Ok(draft.get(&BY_FORM, &place(head))?.map(MemoryId::from_bytes))
}

/// Gives `head` its form, unless another holds it.
pub(super) fn claim(draft: &mut Draft<'_, '_>, head: &Head) -> Result<(), Fault> {
    if draft.has(&BY_FORM, &place(head))? {
        return Ok(());
    }
    draft.put(&BY_FORM, &place(head), &head.id.bytes())
}

/// Takes the form from `head`, if it holds it.
pub(super) fn release(draft: &mut Draft<'_, '_>, head: &Head) -> Result<(), Fault> {
    if holder(draft, head)? == Some(head.id) {
        draft.delete(&BY_FORM, &place(head));
    }
    Ok(())
}

fn place(head: &Head) -> Vec<u8> {
    key(&[&head.owner.bytes(), &head.form])
}
