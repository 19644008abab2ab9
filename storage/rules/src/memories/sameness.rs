//! What tells that two memories say the same: the digest of their form and where it is from. Pure.

use appliance_core::{MemoryKind, Provenance};
use appliance_phrases::form::Form;
use ring::digest::{Context, SHA256};

use crate::codes::Code;

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
