//! How far a purge reaches: from memories to the messages that say or cite them, from those to what was
//! drawn from them, and on until nothing more is met. Picks no memory to begin with: its callers do.

use std::{collections::BTreeSet, mem};

use appliance_core::{MemoryId, MemoryKind, MessageId, Signal, SignalType, UserId};

use super::{
    quotes::Quotes,
    said::{self, Emptied},
    traces, unread,
};
use crate::{
    Draft, Fault, Read as _, Refusal, Unread, View, bus, check,
    memories::{self as rules, Body, MemoryRow, Stand, signals},
    tasks,
    tiers::manifest,
};

/// What a purge has reached.
#[derive(Debug)]
pub(super) struct Reach {
    owner: UserId,
    memories: BTreeSet<MemoryId>,
    /// What holds in the place of one that goes: it stays, wherever it was said.
    kept: BTreeSet<MemoryId>,
    /// What is found wherever it is said.
    quotes: Quotes,
    /// What holds nothing of it any more.
    pub emptied: Emptied,
}

impl Reach {
    /// Empties what tells of `memories` of `owner` or says one of `quotes`, and of what was drawn from
    /// that, to the end; `emptied` goes already.
    pub fn of(
        draft: &mut Draft<'_>,
        owner: UserId,
        memories: Vec<MemoryId>,
        (emptied, quotes): (Emptied, Quotes),
    ) -> Result<Self, Refusal> {
        let (memories, mut fresh) = (BTreeSet::new(), BTreeSet::from_iter(memories));
        let mut said = traces::saying(draft.view(), owner, &quotes)?;
        let mut reach = Self { owner, memories, kept: BTreeSet::new(), quotes, emptied };
        while !fresh.is_empty() {
            reach.keep(draft, &fresh)?;
            reach.empty(draft, &fresh, mem::take(&mut said))?;
            reach.memories.append(&mut fresh);
            fresh = reach.drawn(draft)?;
        }
        Ok(reach)
    }

    /// Takes all of it out, and the words that were said with signals on it; returns the memories.
    pub fn take_out(self, draft: &mut Draft<'_>) -> Result<Vec<MemoryId>, Refusal> {
        said::silence(draft, &self.emptied.tasks)?;
        if !self.memories.is_empty() || !self.emptied.messages.is_empty() {
            let in_hand = bus::tables::in_hand(draft.view())?;
            tasks::begin_anew(draft, self.owner, &in_hand)?;
        }
        signals::silence(draft, self.owner, |signal| self.tells(signal))?;
        take_out(draft, self.owner, &self.memories)?;
        Ok(self.memories.into_iter().collect())
    }

    /// Tells whether the words with a signal speak of what goes.
    fn tells(&self, signal: &Signal) -> bool {
        let words = signal.comment.as_deref().unwrap_or_default();
        signal.message_id.is_some_and(|id| self.emptied.messages.contains(&id))
            || signal.memories.iter().any(|id| self.memories.contains(id))
            || self.quotes.are_in(words)
            || signal.kind == SignalType::UserCorrection && self.quotes.say(words)
    }

    /// Notes what holds in the place of `fresh`; its text gets a place of its own, for the message that
    /// says it may say as well what was wrong.
    fn keep(&mut self, draft: &mut Draft<'_>, fresh: &BTreeSet<MemoryId>) -> Result<(), Refusal> {
        for id in fresh {
            let Some(new) = corrected_to(draft.view(), self.owner, *id)? else { continue };
            if fresh.contains(&new) || self.memories.contains(&new) {
                continue;
            }
            let Some(row) = unread::row_of(draft.view(), new)? else { continue };
            // A text that cannot be read stays as it is, as everywhere.
            let text = row.text(draft.view()).ok().flatten();
            if let (Body::Said(_), Some(text)) = (&row.body, text) {
                let own = MemoryRow { body: Body::Here(text), ..row.clone() };
                draft.replace(Some(&row), &own)?;
            }
            self.kept.insert(new);
        }
        Ok(())
    }

    /// Empties the messages that say one of `fresh`, the answers that cite one with the commands that
    /// were answered so, and what was `said`.
    fn empty(
        &mut self,
        draft: &mut Draft<'_>,
        fresh: &BTreeSet<MemoryId>,
        said: BTreeSet<MessageId>,
    ) -> Result<(), Refusal> {
        let mut told = traces::citing(draft.view(), fresh)?;
        told.extend(said);
        told.extend(traces::asked_for(draft.view(), &told, &self.quotes)?);
        for id in fresh {
            told.extend(unread::row_of(draft.view(), *id)?.and_then(|row| said_in(&row)));
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
                && !self.kept.contains(&row.head.id)
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

/// Returns what holds in the place of a memory, by its deed where it cannot be read itself.
fn corrected_to(view: &dyn View, owner: UserId, old: MemoryId) -> Result<Option<MemoryId>, Fault> {
    match view.row::<Stand>(&old.bytes()) {
        Ok(stand) => Ok(stand.and_then(|stand| stand.standing.superseded_by)),
        Err(fault) if fault.is_of_one_row() => rules::actions::corrected_to(view, owner, old),
        Err(fault) => Err(fault),
    }
}

/// Takes memories out, and notes the segments of the archive that hold a copy of their texts.
fn take_out(
    draft: &mut Draft<'_>,
    owner: UserId,
    memories: &BTreeSet<MemoryId>,
) -> Result<(), Refusal> {
    let mut holding = manifest::with_strays_of(draft.view(), memories)?;
    let mut counted = true;
    for id in memories {
        match rules::look(draft, *id) {
            Ok(None) => {}
            Ok(Some(entry)) => {
                if let Body::Archived(spot) = entry.row.body {
                    holding.insert(spot.segment);
                }
                rules::purge(draft, &entry)?;
            }
            Err(fault) if fault.is_of_one_row() => {
                holding.extend(unread::memory(draft, owner, *id)?);
                counted = false;
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    if !counted {
        let mended = check::recount(draft)?;
        draft.unread.extend(mended.into_iter().map(|place| Unread { place, memory: None }));
    }
    Ok(holding.into_iter().try_for_each(|number| manifest::due(draft, number))?)
}
