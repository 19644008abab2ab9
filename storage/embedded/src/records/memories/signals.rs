//! Signals and uses: what moves a memory's utility, and how often it was found. Weighs nothing: the
//! caller says by how much, this holds it within bounds.

use std::collections::BTreeSet;

use appliance_core::{
    Conflict, MemoryId, MessageId, Page, PageRequest, Signal, SignalId, SignalType, TaskId, Thing,
    Timestamp, UserId, Utility,
};
use serde::{Deserialize, Serialize};

use super::{MOST_AT_ONCE, Stand, ledger, put::fits, stand::MOST_FEEDBACK};
use crate::{
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode},
        conflict,
        counters::next,
        invalid, users,
    },
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: owner, 16 bytes; number of the signal, 8 bytes big endian. Value: [`SignalV1`].
pub(crate) const SIGNALS: Rows<Signal> = Rows::new("memory_signals.v1");

/// Key: signal id, 16 bytes. Value: number of the signal.
pub(crate) const SIGNALS_BY_ID: Rows<u64> = Rows::new("memory_signals_by_id.v1");

/// Key: owner, 16 bytes; moment, 8 bytes big endian microseconds; number of the signal, 8 bytes big
/// endian. Value: by how much it moved, without its sign; signals that moved nothing have no row.
pub(crate) const MOVES: Rows<u64> = Rows::new("memory_signal_moves.v1");

/// Most bytes a person's words with a signal may have.
const MAX_COMMENT_BYTES: usize = 500;

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignalV1 {
    id: [u8; 16],
    owner: [u8; 16],
    kind: u8,
    strength: i32,
    rating: Option<(u8, u8)>,
    comment: Option<String>,
    task_id: Option<[u8; 16]>,
    message_id: Option<[u8; 16]>,
    memories: Vec<[u8; 16]>,
    moved: i32,
    at: i64,
}

impl Record for Signal {
    type Frozen = SignalV1;

    fn freeze(&self) -> SignalV1 {
        SignalV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            kind: self.kind.code(),
            strength: self.strength,
            rating: self.rating,
            comment: self.comment.clone(),
            task_id: self.task_id.map(|id| id.bytes()),
            message_id: self.message_id.map(|id| id.bytes()),
            memories: self.memories.iter().map(MemoryId::bytes).collect(),
            moved: self.moved,
            at: self.at.unix_micros(),
        }
    }

    fn thaw(frozen: SignalV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: SignalId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            kind: SignalType::from_code(frozen.kind)?,
            strength: frozen.strength,
            rating: frozen.rating,
            comment: frozen.comment,
            task_id: frozen.task_id.map(TaskId::from_bytes),
            message_id: frozen.message_id.map(MessageId::from_bytes),
            memories: frozen.memories.into_iter().map(MemoryId::from_bytes).collect(),
            moved: frozen.moved,
            at: Timestamp::from_unix_micros(frozen.at),
        })
    }
}

/// Keeps a signal and moves its memories.
pub(crate) fn put(draft: &mut Draft<'_, '_>, signal: &Signal) -> Result<(), Refusal> {
    draft.counters.note(signal.id.bytes());
    check(signal)?;
    users::require(draft, signal.owner)?;
    if draft.has(&SIGNALS_BY_ID, &signal.id.bytes())? {
        return Err(conflict(Conflict::Exists(Thing::Signal(signal.id))));
    }
    for id in signal.memories.iter().collect::<BTreeSet<_>>() {
        let Some(before) = shown(draft, signal.owner, *id)? else { continue };
        let mut after = before.clone();
        let standing = &mut after.standing;
        standing.utility = standing.utility.plus(signal.moved);
        let sum = standing.feedback.saturating_add(signal.moved);
        standing.feedback = sum.clamp(-MOST_FEEDBACK, MOST_FEEDBACK);
        ledger::note(draft, *id, &before, after)?;
    }
    let number = next(&mut draft.counters.signal);
    draft.put(&SIGNALS_BY_ID, &signal.id.bytes(), &number)?;
    draft.put(&SIGNALS, &place(signal.owner, number), signal)?;
    if signal.moved != 0 {
        let at = key(&[&signal.owner.bytes(), &micros(signal.at), &number.to_be_bytes()]);
        draft.put(&MOVES, &at, &u64::from(signal.moved.unsigned_abs()))?;
    }
    Ok(())
}

/// Notes that memories were found, at which place, and how useful they have proven.
pub(crate) fn touch(
    draft: &mut Draft<'_, '_>,
    owner: UserId,
    touched: &[(MemoryId, u32, Utility)],
    at: Timestamp,
) -> Result<(), Refusal> {
    most("memories to touch", touched.len())?;
    let mut seen = BTreeSet::new();
    for (id, rank, utility) in touched {
        if !seen.insert(*id) {
            continue; // found twice at once is found once, at its first place
        }
        let Some(before) = shown(draft, owner, *id)? else { continue };
        let mut after = before.clone();
        let standing = &mut after.standing;
        standing.accesses = standing.accesses.saturating_add(1);
        standing.last_access = standing.last_access.max(Some(at));
        standing.last_rank = if *rank > 0 { *rank } else { standing.last_rank };
        standing.utility = Utility::from_ten_thousandths(utility.ten_thousandths());
        ledger::note(draft, *id, &before, after)?;
    }
    Ok(())
}

fn check(signal: &Signal) -> Result<(), Refusal> {
    let least = if signal.kind == SignalType::UserRating { -1_000 } else { 0 };
    if !(least..=1_000).contains(&signal.strength) {
        let (kind, strength) = (signal.kind.as_str(), signal.strength);
        return Err(invalid(format!("strength of {kind} is {strength}, it is in {least}..=1000")));
    }
    if signal.rating.is_some_and(|(given, of)| given > of || of == 0) {
        return Err(invalid("a rating is a number of points out of at least as many"));
    }
    if signal.moved.unsigned_abs() > MOST_FEEDBACK.unsigned_abs() {
        let moved = signal.moved;
        return Err(invalid(format!(
            "a signal moves by {moved}, at most {MOST_FEEDBACK} either way"
        )));
    }
    most("memories of a signal", signal.memories.len())?;
    fits("comment", signal.comment.as_ref(), MAX_COMMENT_BYTES)
}

fn most(what: &str, count: usize) -> Result<(), Refusal> {
    if count <= MOST_AT_ONCE {
        return Ok(());
    }
    Err(invalid(format!("{count} {what}, at most {MOST_AT_ONCE} at once")))
}

/// Returns how a memory of `owner` stands; `None` for one that is forgotten or purged.
fn shown(draft: &mut Draft<'_, '_>, owner: UserId, id: MemoryId) -> Result<Option<Stand>, Refusal> {
    let Some(stand) = ledger::look_at_stand(draft, id)? else { return Ok(None) };
    if stand.owner != owner {
        return Err(conflict(Conflict::NotOwner(Thing::Memory(id))));
    }
    Ok((!stand.is_forgotten()).then_some(stand))
}

/// Returns signals of `owner`, newest first.
pub(super) fn list(
    file: &Snapshot,
    owner: UserId,
    page: PageRequest,
) -> Result<Page<Signal>, Fault> {
    file.newest_first(&SIGNALS, &owner.bytes(), page, |signal| Ok(Some(signal)))
}

/// Returns by how much signals of `owner` moved since `from`, all told.
pub(super) fn moved_since(file: &Snapshot, owner: UserId, from: Timestamp) -> Result<u64, Fault> {
    let mut sum = 0_u64;
    file.each_from(&MOVES, &owner.bytes(), &micros(from), |_, moved| {
        sum = sum.saturating_add(moved);
        Ok(())
    })?;
    Ok(sum)
}

fn place(owner: UserId, number: u64) -> Vec<u8> {
    key(&[&owner.bytes(), &number.to_be_bytes()])
}

fn micros(moment: Timestamp) -> [u8; 8] {
    u64::try_from(moment.unix_micros()).unwrap_or(0).to_be_bytes()
}
