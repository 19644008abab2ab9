//! How far a purge reaches: from memories to the answers that cite them, from those to what was drawn
//! from them, and on until nothing more is met. Picks no memory to begin with: its callers do.

use std::{collections::BTreeSet, mem};

use appliance_core::{MemoryId, MemoryKind, MessageId, UserId};

use super::{
    said::{self, Emptied},
    traces,
};
use crate::{
    Draft, Fault, Refusal, bus,
    memories::{self as rules, Body, MemoryRow, signals},
    tasks,
    tiers::manifest,
};

/// What a purge has reached.
#[derive(Debug)]
pub(super) struct Reach {
    owner: UserId,
    memories: BTreeSet<MemoryId>,
    /// What holds nothing of it any more.
    pub emptied: Emptied,
}

impl Reach {
    /// Empties what tells of `memories` of `owner`, and of what was drawn from that, to the end;
    /// `emptied` goes already.
    pub fn of(
        draft: &mut Draft<'_>,
        owner: UserId,
        memories: Vec<MemoryId>,
        emptied: Emptied,
    ) -> Result<Self, Refusal> {
        let mut reach = Self { owner, memories: BTreeSet::new(), emptied };
        let mut fresh = BTreeSet::from_iter(memories);
        while !fresh.is_empty() {
            reach.empty(draft, &fresh)?;
            reach.memories.append(&mut fresh);
            fresh = reach.drawn(draft)?;
        }
        Ok(reach)
    }

    /// Takes all of it out, and the words that were said with signals on it; returns the memories.
    pub fn take_out(self, draft: &mut Draft<'_>) -> Result<Vec<MemoryId>, Refusal> {
        let Self { owner, memories, emptied } = self;
        said::silence(draft, &emptied.tasks)?;
        if !memories.is_empty() || !emptied.messages.is_empty() {
            let in_hand = bus::tables::in_hand(draft.view())?;
            tasks::begin_anew(draft, owner, &in_hand)?;
        }
        signals::silence(draft, owner, &memories, &emptied.messages)?;
        take_out(draft, &memories)?;
        Ok(memories.into_iter().collect())
    }

    /// Empties the messages that say one of `fresh`, and the answers that cite one.
    fn empty(&mut self, draft: &mut Draft<'_>, fresh: &BTreeSet<MemoryId>) -> Result<(), Refusal> {
        let mut told = traces::citing(draft.view(), fresh)?;
        for id in fresh {
            told.extend(rules::look(draft, *id)?.and_then(|entry| said_in(&entry.row)));
        }
        told.into_iter().try_for_each(|message| said::empty(draft, message, &mut self.emptied))?;
        self.empty_ratings(draft)
    }

    /// Empties the messages by which answers that were emptied had been rated, where words came with
    /// that: they speak of what stood there.
    fn empty_ratings(&mut self, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let words = signals::words_about(draft.view(), self.owner, &self.emptied.messages)?;
        for (answer, comment) in words {
            for rating in traces::saying_after(draft.view(), answer, &comment)? {
                said::empty(draft, rating, &mut self.emptied)?;
            }
        }
        Ok(())
    }

    /// Returns what was drawn from messages that were emptied since the last call.
    fn drawn(&mut self, draft: &Draft<'_>) -> Result<BTreeSet<MemoryId>, Fault> {
        let threads = mem::take(&mut self.emptied.threads);
        let wanted = |row: &MemoryRow| {
            let from = row.head.provenance.message_id;
            from.is_some_and(|id| self.emptied.messages.contains(&id))
                && !self.memories.contains(&row.head.id)
        };
        let mut found = BTreeSet::new();
        for thread in threads {
            found.extend(traces::of_thread(draft.view(), self.owner, thread, wanted)?);
        }
        Ok(found)
    }
}

/// Returns the message that says what `row` says; a learning was only drawn from the one it names.
fn said_in(row: &MemoryRow) -> Option<MessageId> {
    row.head.provenance.message_id.filter(|_| row.head.kind != MemoryKind::Learning)
}

/// Takes memories out, and notes the segments of the archive that hold a copy of their texts.
fn take_out(draft: &mut Draft<'_>, memories: &BTreeSet<MemoryId>) -> Result<(), Refusal> {
    let mut holding = manifest::with_strays_of(draft.view(), memories)?;
    for id in memories {
        let Some(entry) = rules::look(draft, *id)? else { continue };
        if let Body::Archived(spot) = entry.row.body {
            holding.insert(spot.segment);
        }
        rules::purge(draft, &entry)?;
    }
    Ok(holding.into_iter().try_for_each(|number| manifest::due(draft, number))?)
}
