//! Remembering: a new text, one that was said before, what held once, or an id that is put again.

use appliance_core::{
    Conflict, ErrorKind, Memory, MemoryId, MemoryTier, Standing, StoreError, Thing, Utility,
    memory::{MAX_AUTHOR_BYTES, MAX_LABEL_BYTES, MAX_MEMORY_BYTES},
};

use super::{
    Body, Entry, Head, MemoryRow, Stand, forms, ledger,
    past::{self, whole},
    stand::MOST_FEEDBACK,
};
use crate::{Draft, OP, Refusal, counters::next, fault::conflict, users};

/// Most bytes the label of distrust may have: room for a host's whole name.
const MAX_UNTRUSTED_BYTES: usize = 500;

/// Who holds the text now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// Its id, an older one's where the same was remembered already.
    pub id: MemoryId,
}

/// Remembers; see [`Write::PutMemory`](appliance_core::Write::PutMemory).
pub fn put(draft: &mut Draft<'_>, memory: &Memory) -> Result<Put, Refusal> {
    draft.counters.note(memory.id.bytes());
    check(memory)?;
    users::require(draft, memory.owner)?;
    if let Some(before) = ledger::look(draft, memory.id)? {
        return replace(draft, before, memory);
    }
    let head = Head::of(memory, 0);
    if memory.standing.valid_until.is_some() {
        return match past::known(draft, &head, &memory.standing)? {
            Some(Stand { seq, id, .. }) => Ok(Put { seq, id }),
            None => put_new(draft, memory),
        };
    }
    if let Some(holder) = forms::holder(draft, &head)? {
        if let Some(stand) = whole(draft.view(), holder)? {
            return repeat(draft, &stand);
        }
        forms::take_from_damaged(draft, &head)?;
    }
    put_new(draft, memory)
}

/// Remembers a text under a new id, whether or not the same is remembered already.
pub(crate) fn put_new(draft: &mut Draft<'_>, memory: &Memory) -> Result<Put, Refusal> {
    check(memory)?;
    let seq = next(&mut draft.counters.memory);
    let head = Head::of(memory, seq);
    let body = Body::of(draft.view(), &head, &memory.text)?;
    let row = MemoryRow { head, body };
    ledger::enter(draft, &row, &stand(memory, seq))?;
    Ok(Put { seq, id: memory.id })
}

/// Counts that the same was said again.
fn repeat(draft: &mut Draft<'_>, before: &Stand) -> Result<Put, Refusal> {
    let Stand { id, seq, .. } = *before;
    let mut after = before.clone();
    after.standing.repeats = after.standing.repeats.saturating_add(1);
    ledger::note(draft, before, after)?;
    Ok(Put { seq, id })
}

/// Puts another text in the place of an id's; its place in the order of arrival stays.
fn replace(draft: &mut Draft<'_>, before: Entry, memory: &Memory) -> Result<Put, Refusal> {
    let Entry { row: old, stand: stood } = before;
    if old.head.owner != memory.owner {
        return Err(conflict(Conflict::NotOwner(Thing::Memory(memory.id))));
    }
    let (seq, head) = (old.head.seq, Head::of(memory, old.head.seq));
    forms::release(draft, &old.head)?;
    let body = Body::of(draft.view(), &head, &memory.text)?;
    let row = MemoryRow { head, body };
    draft.replace(Some(&old), &row)?;
    ledger::restand_anew(draft, &row.head, &stood, stand(memory, seq))?;
    Ok(Put { seq, id: memory.id })
}

/// Returns how `memory` stands when it is put: as it says, within bounds, and never in the archive,
/// where its text is not.
fn stand(memory: &Memory, seq: u64) -> Stand {
    let given = memory.standing.clone();
    let tier = match memory.tier {
        MemoryTier::Cold => MemoryTier::Warm,
        tier => tier,
    };
    let standing = Standing {
        utility: Utility::from_ten_thousandths(given.utility.ten_thousandths()),
        feedback: given.feedback.clamp(-MOST_FEEDBACK, MOST_FEEDBACK),
        ..given
    };
    let (id, owner, agent) = (memory.id, memory.owner, memory.provenance.agent);
    Stand { id, owner, agent, tier, seq, position: seq, text_at: seq, standing }
}

fn check(memory: &Memory) -> Result<(), Refusal> {
    let (from, labels) = (&memory.provenance, &memory.labels);
    fits("memory", Some(&memory.text), MAX_MEMORY_BYTES)?;
    fits("author's name", from.author.as_ref(), MAX_AUTHOR_BYTES)?;
    fits("label of distrust", from.untrusted.as_ref(), MAX_UNTRUSTED_BYTES)?;
    fits("source", labels.source.as_ref(), MAX_LABEL_BYTES)?;
    fits("domain", labels.domain.as_ref(), MAX_LABEL_BYTES)
}

/// Refuses a text over its limit.
pub(crate) fn fits(what: &str, text: Option<&String>, limit: usize) -> Result<(), Refusal> {
    let bytes = text.map_or(0, String::len);
    if bytes <= limit {
        return Ok(());
    }
    let why = format!("{what} is {bytes} bytes, one may have {limit}");
    Err(Refusal::Batch(StoreError::new(ErrorKind::TooLarge, OP, why)))
}
