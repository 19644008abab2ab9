//! The bus in the file: entries, cursors and what is pending. Knows no lease.
//!
//! Stream and group names hold no control character, so a zero byte ends them in keys.
//!
//! A cursor is the highest entry of a stream that a group was ever handed; an entry below it that
//! is not pending was acknowledged. Two takers may commit out of order, so an entry that is passed
//! over becomes pending with a count of 0.

use appliance_core::{
    AgentName, Conflict, Envelope, EnvelopeId, EnvelopeKind, MemoryId, Pai, Payload, Phase,
    Priority, StreamName, TaskId, Timestamp, envelope::Sender,
};
use serde::{Deserialize, Serialize};

use crate::{
    bus::{Happened, Spot, lines::Lines},
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode, optional},
        conflict, invalid,
    },
    rows::{Record, Rows, key, trailing_seq},
    snapshot::Snapshot,
};

/// Key: stream, 0, sequence in 8 bytes big endian. Value: [`EnvelopeV1`].
pub(crate) const ENTRIES: Rows<Envelope> = Rows::new("bus_entries.v1");

/// Key: stream. Value: its last sequence.
pub(crate) const STREAMS: Rows<u64> = Rows::new("bus_streams.v1");

/// Key: stream, 0, group, 0. Value: the group's cursor.
pub(crate) const CURSORS: Rows<u64> = Rows::new("bus_cursors.v1");

/// Key: stream, 0, group, 0, sequence in 8 bytes big endian. Value: how often it was handed out.
pub(crate) const PENDING: Rows<u32> = Rows::new("bus_pending.v1");

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnvelopeV1 {
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

impl Record for Envelope {
    type Frozen = EnvelopeV1;

    fn freeze(&self) -> EnvelopeV1 {
        let Self { payload, pai, .. } = self.clone();
        EnvelopeV1 {
            id: self.id.bytes(),
            timestamp: self.timestamp.unix_micros(),
            source: self.source.code(),
            target: self.target.code(),
            kind: self.kind.code(),
            priority: self.priority.code(),
            task_id: payload.task_id.bytes(),
            action: payload.action,
            context: payload.context,
            memory_refs: payload.memory_refs.iter().map(MemoryId::bytes).collect(),
            algorithm_phase: pai.algorithm_phase.map(Code::code),
            verification_criteria: pai.verification_criteria,
            learning_signals: pai.learning_signals,
        }
    }

    fn thaw(frozen: EnvelopeV1) -> Result<Self, UnknownCode> {
        Ok(Self {
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
        })
    }
}

/// Appends; returns the sequence it got.
pub(crate) fn append(
    draft: &mut Draft<'_, '_>,
    stream: &StreamName,
    envelope: &Envelope,
) -> Result<u64, Refusal> {
    check_name(stream.as_str())?;
    draft.counters.note(envelope.id.bytes());
    let seq = last(draft, stream)? + 1;
    draft.put(&STREAMS, stream.as_str().as_bytes(), &seq)?;
    draft.put(&ENTRIES, &entry_key(stream, seq), envelope)?;
    draft.happened.push(Happened::Appended { stream: stream.clone(), seq });
    Ok(seq)
}

/// Notes that the entry was handed out for the n-th time.
pub(crate) fn deliver(draft: &mut Draft<'_, '_>, at: Spot, deliveries: u32) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    if at.seq == 0 || at.seq > last(draft, &at.stream)? {
        return Err(invalid(format!("{} has no entry {}", at.stream, at.seq)));
    }
    let cursor = draft.get(&CURSORS, &group_key(&at))?.unwrap_or(0);
    let before = if at.seq > cursor {
        pass_over(draft, &at, cursor)?;
        Some(0)
    } else {
        draft.get(&PENDING, &pending_key(&at))?
    };
    if before.map(|count| count + 1) != Some(deliveries) {
        return Err(lost(&at));
    }
    draft.put(&PENDING, &pending_key(&at), &deliveries)?;
    draft.happened.push(Happened::Delivered { at, deliveries });
    Ok(())
}

/// Takes the entry off the pending list.
pub(crate) fn ack(draft: &mut Draft<'_, '_>, at: Spot) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    if draft.get(&PENDING, &pending_key(&at))?.unwrap_or(0) == 0 {
        return Err(lost(&at));
    }
    draft.delete(&PENDING, &pending_key(&at));
    draft.happened.push(Happened::Acked { at });
    Ok(())
}

/// Refuses unless the entry is pending with exactly this many deliveries.
pub(crate) fn check_leased(
    draft: &mut Draft<'_, '_>,
    at: &Spot,
    deliveries: u32,
) -> Result<(), Refusal> {
    check_name(at.stream.as_str())?;
    check_name(&at.group)?;
    let found = draft.get(&PENDING, &pending_key(at))?;
    if found == Some(deliveries) {
        return Ok(());
    }
    Err(lost(at))
}

fn lost(at: &Spot) -> Refusal {
    conflict(Conflict::LeaseLost { stream: at.stream.clone(), seq: at.seq })
}

/// Returns an entry.
pub(crate) fn entry(snapshot: &Snapshot, stream: &StreamName, seq: u64) -> Result<Envelope, Fault> {
    snapshot.follow(&ENTRIES, &entry_key(stream, seq), STREAMS.name)
}

/// Reads the memory side of the bus from the file.
pub(crate) fn load(snapshot: &Snapshot) -> Result<Lines, Fault> {
    let mut lines = Lines::default();
    snapshot.each(&STREAMS, |at, last| {
        if let Some(stream) = name(at) {
            lines.found_stream(stream, last);
        }
        Ok(())
    })?;
    snapshot.each(&CURSORS, |at, cursor| {
        if let Some((stream, group)) = names(at) {
            lines.found_group(stream, group, cursor);
        }
        Ok(())
    })?;
    snapshot.each(&PENDING, |at, deliveries| {
        if let Some((stream, group)) = names(at) {
            lines.found_pending(Spot { stream, group, seq: trailing_seq(at) }, deliveries);
        }
        Ok(())
    })?;
    Ok(lines)
}

fn last(draft: &mut Draft<'_, '_>, stream: &StreamName) -> Result<u64, Refusal> {
    Ok(draft.get(&STREAMS, stream.as_str().as_bytes())?.unwrap_or(0))
}

fn pass_over(draft: &mut Draft<'_, '_>, at: &Spot, cursor: u64) -> Result<(), Refusal> {
    for seq in cursor + 1..at.seq {
        draft.put(&PENDING, &pending_key(&Spot { seq, ..at.clone() }), &0)?;
    }
    Ok(draft.put(&CURSORS, &group_key(at), &at.seq)?)
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

fn names(at: &[u8]) -> Option<(StreamName, String)> {
    let mut parts = at.splitn(3, |byte| *byte == 0);
    let stream = name(parts.next()?)?;
    Some((stream, std::str::from_utf8(parts.next()?).ok()?.to_owned()))
}
