//! Deeds that can be undone: forget, correct, pin. Each is applied and noted in one batch, with
//! what it found, so that undoing puts back that and nothing else. Writes no audit line: callers
//! do.

use appliance_core::{
    ActionId, Conflict, Deed, Memory, MemoryAction, MemoryId, Thing, Timestamp, UserId,
};

use super::{
    Entry, MOST_AT_ONCE,
    actions::{ACTIONS, ActionRow, BY_ID, DoneV1},
    ledger, put,
};
use crate::{
    Draft, Fault, Refusal,
    counters::next,
    fault::{conflict, invalid},
    users,
    view::Read as _,
};

/// Does it, and notes it.
pub fn act(draft: &mut Draft<'_>, action: &MemoryAction) -> Result<(), Refusal> {
    draft.counters.note(action.id.bytes());
    users::require(draft, action.owner)?;
    if draft.view().find(&ACTIONS, &BY_ID, &action.id.bytes())?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::Action(action.id))));
    }
    let done = match &action.deed {
        Deed::Forget { ids } => forget(draft, action, ids)?,
        Deed::Correct { old, new } => correct(draft, action, *old, new)?,
        Deed::Pin { id, pinned } => pin(draft, action, *id, *pinned)?,
    };
    let number = next(&mut draft.counters.action);
    let MemoryAction { id, owner, at, task_id, .. } = *action;
    Ok(draft.replace(None, &ActionRow { number, id, owner, done, at, undone_at: None, task_id })?)
}

fn forget(
    draft: &mut Draft<'_>,
    action: &MemoryAction,
    ids: &[MemoryId],
) -> Result<DoneV1, Refusal> {
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        let why = format!("{} memories to forget, 1 to {MOST_AT_ONCE} at once", ids.len());
        return Err(invalid(why));
    }
    let mut newly = Vec::new();
    for id in ids {
        let entry = own(draft, action.owner, *id)?;
        if !entry.stand.is_forgotten() {
            hide(draft, &entry, action.at)?;
            newly.push(id.bytes());
        }
    }
    Ok(DoneV1::Forget { ids: ids.iter().map(MemoryId::bytes).collect(), newly })
}

fn correct(
    draft: &mut Draft<'_>,
    action: &MemoryAction,
    old: MemoryId,
    new: &Memory,
) -> Result<DoneV1, Refusal> {
    let entry = visible(draft, action.owner, old)?;
    if entry.stand.standing.valid_until.is_some() {
        return Err(conflict(Conflict::HoldsNoLonger(old)));
    }
    if new.owner != action.owner {
        return Err(conflict(Conflict::NotOwner(Thing::Memory(new.id))));
    }
    draft.counters.note(new.id.bytes());
    if ledger::look_at_stand(draft, new.id)?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::Memory(new.id))));
    }
    let mut ended = entry.stand.clone();
    ended.standing.valid_until = Some(new.standing.valid_from);
    ended.standing.superseded_by = Some(new.id);
    ledger::restand(draft, &entry.row.head, &entry.stand, ended)?;
    put::put_new(draft, new)?;
    Ok(DoneV1::Correct { old: old.bytes(), new: new.id.bytes() })
}

fn pin(
    draft: &mut Draft<'_>,
    action: &MemoryAction,
    id: MemoryId,
    pinned: bool,
) -> Result<DoneV1, Refusal> {
    let entry = visible(draft, action.owner, id)?;
    let was = entry.stand.standing.pinned;
    set_pinned(draft, &entry, pinned)?;
    Ok(DoneV1::Pin { id: id.bytes(), pinned, was })
}

/// Undoes a deed of `owner`.
pub fn undo(
    draft: &mut Draft<'_>,
    id: ActionId,
    owner: UserId,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(row) = draft.view().by::<ActionRow>(&BY_ID, &id.bytes())? else {
        return Err(invalid(format!("there is no action {id}")));
    };
    if row.owner != owner {
        return Err(conflict(Conflict::NotOwner(Thing::Action(id))));
    }
    if row.undone_at.is_some() {
        return Err(conflict(Conflict::AlreadyUndone(id)));
    }
    match &row.done {
        DoneV1::Forget { newly, .. } => bring_back(draft, id, newly)?,
        DoneV1::Correct { old, new } => {
            let new = MemoryId::from_bytes(*new);
            uncorrect(draft, MemoryId::from_bytes(*old), new, at)?;
            bring_copies_back(draft, &row, new, at)?;
        }
        DoneV1::Pin { id, was, .. } => unpin(draft, MemoryId::from_bytes(*id), *was)?,
    }
    Ok(draft.replace(Some(&row), &ActionRow { undone_at: Some(at), ..row.clone() })?)
}

fn bring_back(draft: &mut Draft<'_>, deed: ActionId, newly: &[[u8; 16]]) -> Result<(), Refusal> {
    let mut there = 0;
    for id in newly {
        let Some(entry) = ledger::look(draft, MemoryId::from_bytes(*id))? else { continue };
        there += 1;
        show(draft, &entry)?;
    }
    if there == 0 && !newly.is_empty() {
        return Err(conflict(Conflict::Gone(Thing::Action(deed))));
    }
    Ok(())
}

/// Takes back with a correction what the same wish forgot: memories that said the same wrong thing. Its
/// own words stay forgotten: without it they would hold what was just taken back.
fn bring_copies_back(
    draft: &mut Draft<'_>,
    correction: &ActionRow,
    new: MemoryId,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(copies) = copies_of(draft, correction)? else { return Ok(()) };
    let DoneV1::Forget { newly, .. } = &copies.done else { return Ok(()) };
    let said_in = |entry: &Entry| entry.row.head.provenance.message_id;
    let own = ledger::look(draft, new)?.as_ref().and_then(said_in);
    for id in newly {
        let Some(entry) = ledger::look(draft, MemoryId::from_bytes(*id))? else { continue };
        if own.is_none() || said_in(&entry) != own {
            show(draft, &entry)?;
        }
    }
    Ok(draft.replace(Some(&copies), &ActionRow { undone_at: Some(at), ..copies.clone() })?)
}

/// Returns the deed that forgot the copies of what was corrected, if there is one and it stands.
fn copies_of(draft: &Draft<'_>, correction: &ActionRow) -> Result<Option<ActionRow>, Fault> {
    let id = correction.id.of_its_copies();
    let copies = draft.view().by::<ActionRow>(&BY_ID, &id.bytes())?;
    Ok(copies.filter(|row| row.owner == correction.owner && row.undone_at.is_none()))
}

fn show(draft: &mut Draft<'_>, entry: &Entry) -> Result<(), Fault> {
    if !entry.stand.is_forgotten() {
        return Ok(());
    }
    let mut shown = entry.stand.clone();
    shown.standing.forgotten_at = None;
    ledger::restand(draft, &entry.row.head, &entry.stand, shown)
}

fn uncorrect(
    draft: &mut Draft<'_>,
    old: MemoryId,
    new: MemoryId,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(before) = ledger::look(draft, old)? else {
        return Err(conflict(Conflict::Gone(Thing::Memory(old))));
    };
    if let Some(successor) = ledger::look(draft, new)? {
        if let Some(later) = successor.stand.standing.superseded_by {
            return Err(conflict(Conflict::CorrectedInTurn { id: new, by: later }));
        }
        if !successor.stand.is_forgotten() {
            hide(draft, &successor, at)?;
        }
    }
    if before.stand.standing.superseded_by != Some(new) {
        return Ok(()); // it was put again since
    }
    let mut holds = before.stand.clone();
    holds.standing.valid_until = None;
    holds.standing.superseded_by = None;
    Ok(ledger::restand(draft, &before.row.head, &before.stand, holds)?)
}

fn unpin(draft: &mut Draft<'_>, id: MemoryId, was: bool) -> Result<(), Refusal> {
    let Some(entry) = ledger::look(draft, id)? else {
        return Err(conflict(Conflict::Gone(Thing::Memory(id))));
    };
    set_pinned(draft, &entry, was)
}

fn set_pinned(draft: &mut Draft<'_>, entry: &Entry, pinned: bool) -> Result<(), Refusal> {
    let mut after = entry.stand.clone();
    after.standing.pinned = pinned;
    Ok(ledger::restand(draft, &entry.row.head, &entry.stand, after)?)
}

fn hide(draft: &mut Draft<'_>, entry: &Entry, at: Timestamp) -> Result<(), Refusal> {
    let mut hidden = entry.stand.clone();
    hidden.standing.forgotten_at = Some(at);
    Ok(ledger::restand(draft, &entry.row.head, &entry.stand, hidden)?)
}

/// Refuses unless the memory is shown, and pinned or not where that is said.
pub fn check_shown(
    draft: &mut Draft<'_>,
    id: MemoryId,
    pinned: Option<bool>,
) -> Result<(), Refusal> {
    let Some(stand) = ledger::look_at_stand(draft, id)? else {
        return Err(conflict(Conflict::Gone(Thing::Memory(id))));
    };
    if stand.is_forgotten() {
        return Err(conflict(Conflict::Forgotten(id)));
    }
    if pinned.is_some_and(|pinned| pinned != stand.standing.pinned) {
        return Err(conflict(Conflict::PinMoved(id)));
    }
    Ok(())
}

fn visible(draft: &mut Draft<'_>, owner: UserId, id: MemoryId) -> Result<Entry, Refusal> {
    let entry = own(draft, owner, id)?;
    if entry.stand.is_forgotten() {
        return Err(conflict(Conflict::Forgotten(id)));
    }
    Ok(entry)
}

fn own(draft: &mut Draft<'_>, owner: UserId, id: MemoryId) -> Result<Entry, Refusal> {
    let Some(entry) = ledger::look(draft, id)? else {
        return Err(invalid(format!("there is no memory {id}")));
    };
    if entry.row.head.owner != owner {
        return Err(conflict(Conflict::NotOwner(Thing::Memory(id))));
    }
    Ok(entry)
}
