//! The bus in the file: entries, cursors and what is pending. Knows no lease.
//!
//! Stream and group names hold no control character, so a zero byte ends them in keys.
//!
//! A cursor is the highest entry of a stream that a group was ever handed; an entry below it that
//! is not pending was acknowledged. Two takers may commit out of order, so an entry that is passed
//! over becomes pending with a count of 0.

use std::collections::BTreeSet;

use appliance_core::{
    AgentName, Conflict, Envelope, EnvelopeId, EnvelopeKind, MemoryId, Pai, Payload, Phase,
    Priority, StreamName, TaskId, Timestamp, envelope::Sender,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    bus::{Happened, Spot, lines::Lines},
    codes::{Code, UnknownCode, optional},
    entity::{IdShape, Kind, key, trailing_seq},
    fault::{conflict, invalid},
    view::{Read as _, Span, View, dangling},
    walk::{self, Met},
};

/// Id: stream, 0, sequence in 8 bytes big endian.
pub static ENTRIES: Kind = Kind { name: "bus_entries.v1", id: IdShape::Bytes, keys: &[] };

/// Id: stream. Holds its last sequence.
pub static STREAMS: Kind = Kind { name: "bus_streams.v1", id: IdShape::Bytes, keys: &[] };

/// Id: stream, 0, group, 0. Holds the group's cursor.
pub static CURSORS: Kind = Kind { name: "bus_cursors.v1", id: IdShape::Bytes, keys: &[] };

/// Id: stream, 0, group, 0, sequence in 8 bytes big endian. Holds how often it was handed out.
pub static PENDING: Kind = Kind { name: "bus_pending.v1", id: IdShape::Bytes, keys: &[] };

/// An entry of a stream.
#[derive(Debug)]
pub(super) struct Entry {
    id: Vec<u8>,
    /// What it says.
    pub(super) envelope: Envelope,
}

macro_rules! numbers_of_the_bus {
    ($($(#[$doc:meta])* $name:ident: $number:ty, $kind:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name {
            pub(super) id: Vec<u8>,
            pub(super) number: $number,
        }

        impl Entity for $name {
            type Frozen = $number;
            const KIND: &'static Kind = $kind;

            fn freeze(&self) -> $number {
                self.number
            }

            fn thaw(id: &[u8], number: $number) -> Result<Self, UnknownCode> {
                Ok(Self { id: id.to_vec(), number })
            }

            fn id(&self) -> Vec<u8> {
                self.id.clone()
            }
        }
    )+ };
}

numbers_of_the_bus! {
    /// The last sequence of a stream.
    Last: u64, &STREAMS;
    /// How far a group was handed entries of a stream.
    Cursor: u64, &CURSORS;
    /// How often an entry was handed out.
    Count: u32, &PENDING;
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct EnvelopeV1 {
    id: [u8; 16],
    timestamp: i64,
    source: u8,
    target: u8,
    kind: u8,
    priority: u8,
    task_id: [u8; 16],
    action: String,
    context: String,
    memory_refs: Vec<[u8; 16]>,
    algorithm_phase: Option<u8>,
    verification_criteria: Vec<String>,
    learning_signals: Vec<String>,
}

impl Entity for Entry {
    type Frozen = EnvelopeV1;
    const KIND: &'static Kind = &ENTRIES;

    fn freeze(&self) -> EnvelopeV1 {
        let Envelope { id, timestamp, source, target, kind, priority, payload, pai } =
            self.envelope.clone();
        EnvelopeV1 {
            id: id.bytes(),
            timestamp: timestamp.unix_micros(),
            source: source.code(),
            target: target.code(),
            kind: kind.code(),
            priority: priority.code(),
            task_id: payload.task_id.bytes(),
            action: payload.action,
            context: payload.context,
            memory_refs: payload.memory_refs.iter().map(MemoryId::bytes).collect(),
            algorithm_phase: pai.algorithm_phase.map(Code::code),
            verification_criteria: pai.verification_criteria,
            learning_signals: pai.learning_signals,
        }
    }

    fn thaw(id: &[u8], frozen: EnvelopeV1) -> Result<Self, UnknownCode> {
        let envelope = Envelope {
            id: EnvelopeId::from_bytes(frozen.id),
            timestamp: Timestamp::from_unix_micros(frozen.timestamp),
            source: Sender::from_code(frozen.source)?,
            target: AgentName::from_code(frozen.target)?,
            kind: EnvelopeKind::from_code(frozen.kind)?,
            priority: Priority::from_code(frozen.priority)?,
            payload: Payload {
                task_id: TaskId::from_bytes(frozen.task_id),
                action: frozen.action,
                context: frozen.context,
                memory_refs: frozen.memory_refs.into_iter().map(MemoryId::from_bytes).collect(),
            },
            pai: Pai {
                algorithm_phase: optional::<Phase>(frozen.algorithm_phase)?,
                verification_criteria: frozen.verification_criteria,
                learning_signals: frozen.learning_signals,
            },
        };
        Ok(Self { id: id.to_vec(), envelope })
    }

    fn id(&self) -> Vec<u8> {
        self.id.clone()
    }
}

/// Appends; returns the sequence it got.
pub fn append(
    draft: &mut Draft<'_>,
    stream: &StreamName,
    envelope: &Envelope,
) -> Result<u64, Refusal> {
    check_name(stream.as_str())?;
    draft.counters.note(envelope.id.bytes());
    let seq = last(draft, stream)? + 1;
    draft.replace(None, &Last { id: stream.as_str().as_bytes().to_vec(), number: seq })?;
    draft.replace(None, &Entry { id: entry_key(stream, seq), envelope: envelope.clone() })?;
    draft.happened.push(Happened::Appended { stream: stream.clone(), seq });
    Ok(seq)
}

/// Notes that the entry was handed out for the n-th time.
pub fn deliver(draft: &mut Draft<'_>, at: Spot, deliveries: u32) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    if at.seq == 0 || at.seq > last(draft, &at.stream)? {
        return Err(invalid(format!("{} has no entry {}", at.stream, at.seq)));
    }
    let cursor = draft.get::<Cursor>(&group_key(&at))?.map_or(0, |cursor| cursor.number);
    let before = if at.seq > cursor {
        pass_over(draft, &at, cursor)?;
        Some(0)
    } else {
        pending(draft, &at)?
    };
    if before.map(|count| count + 1) != Some(deliveries) {
        return Err(lost(&at));
    }
    draft.replace(None, &Count { id: pending_key(&at), number: deliveries })?;
    draft.happened.push(Happened::Delivered { at, deliveries });
    Ok(())
}

/// Takes the entry off the pending list.
pub fn ack(draft: &mut Draft<'_>, at: Spot) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    if pending(draft, &at)?.unwrap_or(0) == 0 {
        return Err(lost(&at));
    }
    draft.drop_row::<Count>(&pending_key(&at), &[])?;
    draft.happened.push(Happened::Acked { at });
    Ok(())
}

/// Refuses unless the entry is pending with exactly this many deliveries.
pub fn check_leased(draft: &mut Draft<'_>, at: &Spot, deliveries: u32) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    let found = pending(draft, at)?;
    if found == Some(deliveries) {
        return Ok(());
    }
    Err(lost(at))
}

fn lost(at: &Spot) -> Refusal {
    conflict(Conflict::LeaseLost { stream: at.stream.clone(), seq: at.seq })
}

/// Returns an entry.
pub fn entry(view: &dyn View, stream: &StreamName, seq: u64) -> Result<Envelope, Fault> {
    let id = entry_key(stream, seq);
    let entry = view.row::<Entry>(&id)?.ok_or_else(|| dangling(STREAMS.name, &id))?;
    Ok(entry.envelope)
}

/// Takes the context and what was to be checked out of the entries of `tasks`; ids stay.
pub(crate) fn silence(draft: &mut Draft<'_>, tasks: &BTreeSet<TaskId>) -> Result<(), Refusal> {
    let mut found = Vec::new();
    for entry in walk::readable(draft.view().walk::<Entry>(Span::all())) {
        found.extend(Some(entry?).filter(|it| tasks.contains(&it.envelope.payload.task_id)));
    }
    for entry in found {
        let mut envelope = entry.envelope.clone();
        "{}".clone_into(&mut envelope.payload.context);
        envelope.pai.verification_criteria.clear();
        envelope.pai.learning_signals.clear();
        draft.replace(Some(&entry), &Entry { id: entry.id.clone(), envelope })?;
    }
    Ok(())
}

/// Returns the tasks whose entries were handed to somebody who has not acknowledged them.
///
/// # Errors
/// The adapter's failure.
pub(crate) fn in_hand(view: &dyn View) -> Result<BTreeSet<TaskId>, Fault> {
    let mut found = BTreeSet::new();
    for met in view.walk::<Count>(Span::all()) {
        let Met { place, row } = met?;
        if row.is_ok_and(|count| count.number == 0) {
            continue; // passed over so far
        }
        let entry = view.readable(view.row::<Entry>(&entry_of(&place)), None)?.flatten();
        found.extend(entry.map(|entry| entry.envelope.payload.task_id));
    }
    Ok(found)
}

/// Returns the id of the entry that a pending row is of: the same without the group.
fn entry_of(pending: &[u8]) -> Vec<u8> {
    let stream = pending.iter().position(|byte| *byte == 0).map_or(0, |end| end + 1);
    key(&[&pending[..stream], &trailing_seq(pending).to_be_bytes()])
}

/// How far all groups of a stream have come.
pub(super) struct Settled {
    /// Every group was handed what is up to here; 0 where there is no group.
    below: u64,
    /// What some group still has to acknowledge.
    open: BTreeSet<u64>,
}

impl Settled {
    /// Tells whether every group has acknowledged an entry.
    pub(super) fn has(&self, seq: u64) -> bool {
        seq <= self.below && !self.open.contains(&seq)
    }
}

/// Returns how far all groups have come of the stream whose ids begin with `prefix`.
pub(super) fn settled(view: &dyn View, prefix: &[u8]) -> Result<Settled, Fault> {
    let mut below: Option<u64> = None;
    for met in view.walk::<Cursor>(Span::of(prefix)) {
        let cursor = met?.row?.number;
        below = Some(below.map_or(cursor, |before| before.min(cursor)));
    }
    let mut open = BTreeSet::new();
    for met in view.walk::<Count>(Span::of(prefix)) {
        open.insert(trailing_seq(&met?.place));
    }
    Ok(Settled { below: below.unwrap_or(0), open })
}

/// Returns every stream.
pub(super) fn streams(view: &dyn View) -> Result<Vec<StreamName>, Fault> {
    let mut found = Vec::new();
    for met in view.walk::<Last>(Span::all()) {
        found.extend(name(&met?.place));
    }
    Ok(found)
}

/// Reads the memory side of the bus from the file.
pub fn load(view: &dyn View) -> Result<Lines, Fault> {
    let mut lines = Lines::default();
    for met in view.walk::<Last>(Span::all()) {
        let Met { place, row } = met?;
        if let Some(stream) = name(&place) {
            lines.found_stream(stream, row?.number);
        }
    }
    for met in view.walk::<Cursor>(Span::all()) {
        let Met { place, row } = met?;
        if let Some((stream, group)) = names(&place) {
            lines.found_group(stream, group, row?.number);
        }
    }
    for met in view.walk::<Count>(Span::all()) {
        let Met { place, row } = met?;
        if let Some((stream, group)) = names(&place) {
            lines.found_pending(Spot { stream, group, seq: trailing_seq(&place) }, row?.number);
        }
    }
    Ok(lines)
}

fn last(draft: &mut Draft<'_>, stream: &StreamName) -> Result<u64, Refusal> {
    Ok(draft.get::<Last>(stream.as_str().as_bytes())?.map_or(0, |last| last.number))
}

fn pending(draft: &mut Draft<'_>, at: &Spot) -> Result<Option<u32>, Refusal> {
    Ok(draft.get::<Count>(&pending_key(at))?.map(|count| count.number))
}

fn pass_over(draft: &mut Draft<'_>, at: &Spot, cursor: u64) -> Result<(), Refusal> {
    for seq in cursor + 1..at.seq {
        let passed = Spot { seq, ..at.clone() };
        draft.replace(None, &Count { id: pending_key(&passed), number: 0 })?;
    }
    Ok(draft.replace(None, &Cursor { id: group_key(at), number: at.seq })?)
}

fn check_name(text: &str) -> Result<(), Refusal> {
    StreamName::new(text).map(drop).map_err(invalid)
}

fn entry_key(stream: &StreamName, seq: u64) -> Vec<u8> {
    key(&[stream.as_str().as_bytes(), &[0], &seq.to_be_bytes()])
}

fn group_key(at: &Spot) -> Vec<u8> {
    key(&[at.stream.as_str().as_bytes(), &[0], at.group.as_bytes(), &[0]])
}

fn pending_key(at: &Spot) -> Vec<u8> {
    key(&[&group_key(at), &at.seq.to_be_bytes()])
}

fn name(bytes: &[u8]) -> Option<StreamName> {
    StreamName::new(std::str::from_utf8(bytes).ok()?).ok()
}

/// Returns the stream and the group that an id begins with.
pub(super) fn names(at: &[u8]) -> Option<(StreamName, String)> {
    let mut parts = at.splitn(3, |byte| *byte == 0);
    let stream = name(parts.next()?)?;
    Some((stream, std::str::from_utf8(parts.next()?).ok()?.to_owned()))
}
