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
    Draft, Entity, Fault, Refusal,
    codes::{Code, UnknownCode},
    counters::next,
    entity::{IdShape, Key, Keyed, Kind, Rule, key, micros, trailing_seq},
    fault::{conflict, invalid},
    users,
    view::{Read as _, Span, View},
    walk,
};

/// Id: owner, 16 bytes; number of the signal, 8 bytes big endian.
pub static SIGNALS: Kind = Kind {
    name: "memory_signals.v1",
    id: IdShape::Numbered,
    keys: &[&BY_ID, &BY_MOMENT, &BY_WORDS],
};

/// Place: signal id, 16 bytes.
pub static BY_ID: Key = Key::new("memory_signals_by_id.v2", Rule::Unique);

/// Place: owner, 16 bytes; moment, 8 bytes big endian microseconds; number of the signal, 8 bytes big
/// endian. Signals that moved nothing have none.
pub static BY_MOMENT: Key = Key::new("memory_signals_by_moment.v1", Rule::Ordered);

/// Place: owner, 16 bytes; number of the signal, 8 bytes big endian; only of those with a person's
/// words.
pub static BY_WORDS: Key = Key::new("memory_signals_by_words.v1", Rule::Ordered);

/// Most bytes a person's words with a signal may have.
const MAX_COMMENT_BYTES: usize = 500;

/// A signal and its place among its owner's.
#[derive(Debug)]
pub struct SignalRow {
    /// The place.
    pub number: u64,
    /// The signal.
    pub signal: Signal,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct SignalV1 {
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

impl Entity for SignalRow {
    type Frozen = SignalV1;
    const KIND: &'static Kind = &SIGNALS;

    fn freeze(&self) -> SignalV1 {
        let signal = &self.signal;
        SignalV1 {
            id: signal.id.bytes(),
            owner: signal.owner.bytes(),
            kind: signal.kind.code(),
            strength: signal.strength,
            rating: signal.rating,
            comment: signal.comment.clone(),
            task_id: signal.task_id.map(|id| id.bytes()),
            message_id: signal.message_id.map(|id| id.bytes()),
            memories: signal.memories.iter().map(MemoryId::bytes).collect(),
            moved: signal.moved,
            at: signal.at.unix_micros(),
        }
    }

    fn thaw(id: &[u8], frozen: SignalV1) -> Result<Self, UnknownCode> {
        let signal = Signal {
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
        };
        Ok(Self { number: trailing_seq(id), signal })
    }

    fn id(&self) -> Vec<u8> {
        key(&[&self.signal.owner.bytes(), &self.number.to_be_bytes()])
    }

    fn keys(&self) -> Vec<Keyed> {
        let Signal { id, owner, moved, at, comment, .. } = &self.signal;
        let (mut keys, number) = (vec![BY_ID.at(&[&id.bytes()])], self.number.to_be_bytes());
        if comment.is_some() {
            keys.push(BY_WORDS.at(&[&owner.bytes(), &number]));
        }
        if *moved != 0 {
            keys.push(BY_MOMENT.at(&[&owner.bytes(), &micros(*at), &number]));
        }
        keys
    }
}

/// Keeps a signal and moves its memories.
pub fn put(draft: &mut Draft<'_>, signal: &Signal) -> Result<(), Refusal> {
    draft.counters.note(signal.id.bytes());
    check(signal)?;
    users::require(draft, signal.owner)?;
    if draft.view().find(&SIGNALS, &BY_ID, &signal.id.bytes())?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::Signal(signal.id))));
    }
    for id in signal.memories.iter().collect::<BTreeSet<_>>() {
        let Some(before) = shown(draft, signal.owner, *id)? else { continue };
        let mut after = before.clone();
        let standing = &mut after.standing;
        standing.utility = standing.utility.plus(signal.moved);
        let sum = standing.feedback.saturating_add(signal.moved);
        standing.feedback = sum.clamp(-MOST_FEEDBACK, MOST_FEEDBACK);
        ledger::note(draft, &before, after)?;
    }
    let number = next(&mut draft.counters.signal);
    Ok(draft.replace(None, &SignalRow { number, signal: signal.clone() })?)
}

/// Refuses when a signal of `owner` after `after` has moved memories for the same judgement, or all
/// of them together more than `left`.
pub fn check_share(
    draft: &mut Draft<'_>,
    owner: UserId,
    after: Option<SignalId>,
    judged: (SignalType, MessageId),
    left: u64,
) -> Result<(), Refusal> {
    let view = draft.view();
    let read = match after {
        Some(id) => view.by::<SignalRow>(&BY_ID, &id.bytes())?.map_or(0, |row| row.number),
        None => 0,
    };
    let (mut moved, mut twice) = (0_u64, false);
    for row in walk::readable(view.walk::<SignalRow>(Span::after(&owner.bytes(), read))) {
        let signal = row?.signal;
        moved = moved.saturating_add(u64::from(signal.moved.unsigned_abs()));
        let same = Some(judged) == signal.message_id.map(|id| (signal.kind, id));
        twice |= same && signal.moved != 0;
    }
    if twice || moved > left {
        return Err(conflict(Conflict::SignalsMoved(owner)));
    }
    Ok(())
}

/// Notes that memories were found, at which place, and how useful they have proven.
pub fn touch(
    draft: &mut Draft<'_>,
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
        ledger::note(draft, &before, after)?;
    }
    Ok(())
}

/// Returns the words that `owner` said with signals about `messages`, each with the message it is about;
/// not those of a correction, which say what holds in the place of what was said there.
pub(crate) fn words_about(
    view: &dyn View,
    owner: UserId,
    messages: &BTreeSet<MessageId>,
) -> Result<Vec<(MessageId, String)>, Fault> {
    let mut said = Vec::new();
    for row in walk::readable(view.walk_by::<SignalRow>(&BY_WORDS, Span::of(&owner.bytes()))) {
        let signal = row?.signal;
        let speaks_of_it = signal.kind != SignalType::UserCorrection;
        let about = signal.message_id.filter(|id| speaks_of_it && messages.contains(id));
        said.extend(about.zip(signal.comment));
    }
    Ok(said)
}

/// Takes the words away that `owner` said with those signals that `tells` picks.
pub(crate) fn silence(
    draft: &mut Draft<'_>,
    owner: UserId,
    tells: impl Fn(&Signal) -> bool,
) -> Result<(), Refusal> {
    let mut said = Vec::new();
    let words = draft.view().walk_by::<SignalRow>(&BY_WORDS, Span::of(&owner.bytes()));
    for row in walk::readable(words) {
        said.extend(Some(row?).filter(|row| tells(&row.signal)));
    }
    for row in said {
        let signal = Signal { comment: None, ..row.signal.clone() };
        draft.replace(Some(&row), &SignalRow { number: row.number, signal })?;
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

/// Returns how a memory of `owner` stands; `None` for one that is forgotten, purged or damaged.
fn shown(draft: &mut Draft<'_>, owner: UserId, id: MemoryId) -> Result<Option<Stand>, Refusal> {
    let stand = ledger::look_at_stand(draft, id);
    let stand = draft.view().readable(stand, Some(id))?.flatten();
    let Some(stand) = stand else { return Ok(None) };
    if stand.owner != owner {
        return Err(conflict(Conflict::NotOwner(Thing::Memory(id))));
    }
    Ok((!stand.is_forgotten()).then_some(stand))
}

/// Returns signals of `owner`, newest first.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn list(view: &dyn View, owner: UserId, page: PageRequest) -> Result<Page<Signal>, Fault> {
    let walk = view.walk::<SignalRow>(Span::newest(&owner.bytes(), page.after));
    walk::page(walk, page, |row| Ok(Some(row.signal)))
}

/// Returns one signal of `owner`.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn get(view: &dyn View, owner: UserId, id: SignalId) -> Result<Option<Signal>, Fault> {
    let row = view.by::<SignalRow>(&BY_ID, &id.bytes())?;
    Ok(row.map(|row| row.signal).filter(|signal| signal.owner == owner))
}

/// Returns by how much signals of `owner` moved since `from`, all told.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn moved_since(view: &dyn View, owner: UserId, from: Timestamp) -> Result<u64, Fault> {
    let span = Span::from(&owner.bytes(), &micros(from));
    let mut sum = 0_u64;
    for row in walk::readable(view.walk_by::<SignalRow>(&BY_MOMENT, span)) {
        sum = sum.saturating_add(u64::from(row?.signal.moved.unsigned_abs()));
    }
    Ok(sum)
}
