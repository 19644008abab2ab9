//! Names in a dump: owners, conversations, and sets of labels, each in the order of its numbers.

use std::io::Write;

use appliance_core::{
    ConversationId, Phase, UserId,
    memory::{Labels, Outcome},
};

use super::{
    Fault,
    section::{Fields, Reader, Writer},
};
use crate::index::names::Names;

/// Phases and outcomes by their number in a dump, from 1; 0 is none. Only ever appended to.
const PHASES: [Phase; 7] = [
    Phase::Observe,
    Phase::Think,
    Phase::Plan,
    Phase::Build,
    Phase::Execute,
    Phase::Verify,
    Phase::Learn,
];
const OUTCOMES: [Outcome; 2] = [Outcome::Success, Outcome::Failure];

/// The length of a text that is not there.
const NO_TEXT: u64 = u64::MAX;

/// Writes all names.
pub(super) fn write(out: &mut Writer<impl Write>, names: &Names) -> Result<(), Fault> {
    out.section(names.owners.all().iter().map(UserId::bytes))?;
    out.section(names.conversations.all().iter().map(ConversationId::bytes))?;
    out.section(names.labels.all().iter().map(label_bytes))
}

/// Reads all names.
pub(super) fn read(from: &mut Reader) -> Result<Names, Fault> {
    let mut names = Names::default();
    for bytes in from.section()?.as_chunks::<16>().0 {
        names.owners.number(&UserId::from_bytes(*bytes));
    }
    for bytes in from.section()?.as_chunks::<16>().0 {
        names.conversations.number(&ConversationId::from_bytes(*bytes));
    }
    let mut labels = Fields::new(from.section()?);
    while !labels.is_empty() {
        names.labels.keep(label(&mut labels)?);
    }
    Ok(names)
}

fn label_bytes(labels: &Labels) -> Vec<u8> {
    let phase = labels.phase.and_then(|is| PHASES.iter().position(|it| *it == is));
    let outcome = labels.outcome.and_then(|is| OUTCOMES.iter().position(|it| *it == is));
    let mut bytes = vec![number(phase), number(outcome)];
    for text in [&labels.source, &labels.domain] {
        let length = text.as_ref().map_or(NO_TEXT, |text| text.len() as u64);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.iter().flat_map(|text| text.bytes()));
    }
    bytes
}

fn number(place: Option<usize>) -> u8 {
    place.map_or(0, |place| place as u8 + 1)
}

fn label(from: &mut Fields<'_>) -> Result<Labels, Fault> {
    let [phase, outcome] = from.array()?;
    Ok(Labels {
        phase: known(&PHASES, phase)?,
        outcome: known(&OUTCOMES, outcome)?,
        source: text(from)?,
        domain: text(from)?,
    })
}

fn known<T: Copy>(all: &[T], number: u8) -> Result<Option<T>, Fault> {
    let Some(place) = usize::from(number).checked_sub(1) else { return Ok(None) };
    let found = all.get(place).copied();
    found.map(Some).ok_or(Fault::Corrupt("a label that nobody gave"))
}

fn text(from: &mut Fields<'_>) -> Result<Option<String>, Fault> {
    let length = from.u64()?;
    if length == NO_TEXT {
        return Ok(None);
    }
    let bytes = from.bytes(length)?.to_vec();
    String::from_utf8(bytes).map(Some).map_err(|_| Fault::Corrupt("a label that is no text"))
}
