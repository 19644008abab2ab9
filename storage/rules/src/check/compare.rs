//! The comparison of everything, kind by kind, on one view.

use appliance_core::{MemoryId, Message, Session, SetupLink, ports::Damaged};

use super::{
    findings::{Amiss, Findings, Tallies},
    rows::rows_of,
};
use crate::{
    Entity, Fault, Read as _, Span, View,
    batch_keys::KeyRow,
    codec::{Broken, Place, SealBroken},
    conversations::ConversationRow,
    damage,
    memories::{
        MEMORIES, MemoryRow, STANDING, Stand, actions::ActionRow, counts::COUNTS, forms::Held,
        signals::SignalRow,
    },
    tasks::TaskRow,
    users::UserRow,
};

/// Compares everything that declared keys keep.
///
/// # Errors
/// The adapter's failure.
pub fn compare(view: &dyn View) -> Result<Findings, Fault> {
    let (mut found, mut tallies) = (Findings::default(), Tallies::new());
    alone::<UserRow>(view, &mut found, &mut tallies)?;
    alone::<Session>(view, &mut found, &mut tallies)?;
    alone::<SetupLink>(view, &mut found, &mut tallies)?;
    alone::<ConversationRow>(view, &mut found, &mut tallies)?;
    alone::<Message>(view, &mut found, &mut tallies)?;
    rows_of(view, &mut found, &mut tallies, |row: &TaskRow| {
        named(row.clone().whole(view).map(drop), None)
    })?;
    alone::<KeyRow>(view, &mut found, &mut tallies)?;
    alone::<ActionRow>(view, &mut found, &mut tallies)?;
    alone::<SignalRow>(view, &mut found, &mut tallies)?;
    // Either half of a memory is nothing without the other: how it stands cannot be guessed.
    rows_of(view, &mut found, &mut tallies, |row: &MemoryRow| {
        let id = row.head.id;
        if let Some(lost) = named(row.text(view).map(drop), Some(id))? {
            return Ok(Some(lost));
        }
        let stands = view.has::<Stand>(&id.bytes())?;
        Ok(missing(stands, STANDING.name, &id.bytes(), id))
    })?;
    rows_of(view, &mut found, &mut tallies, |stand: &Stand| {
        let seq = stand.seq.to_be_bytes();
        Ok(missing(view.has::<MemoryRow>(&seq)?, MEMORIES.name, &seq, stand.id))
    })?;
    forms(view, &mut found)?;
    found.counts_differ = !counts_agree(view, &tallies)?;
    Ok(found)
}

/// Compares a kind whose rows need no other.
fn alone<E: Entity>(
    view: &dyn View,
    found: &mut Findings,
    tallies: &mut Tallies,
) -> Result<(), Fault> {
    rows_of(view, found, tallies, |_: &E| Ok(None))
}

/// Names what keeps a row's text from being read.
fn named(read: Result<(), Fault>, memory: Option<MemoryId>) -> Result<Option<Damaged>, Fault> {
    match read {
        Err(fault) if fault.is_of_one_row() => Ok(damage::name(&fault, memory)),
        read => read.map(|()| None),
    }
}

fn missing(is_there: bool, table: &'static str, key: &[u8], memory: MemoryId) -> Option<Damaged> {
    let fault = || SealBroken::at(Place { table, key }, Broken::Missing).into();
    if is_there { None } else { damage::name(&fault(), Some(memory)) }
}

/// Finds forms that are held by memories which do not hold them.
fn forms(view: &dyn View, found: &mut Findings) -> Result<(), Fault> {
    for met in view.walk::<Held>(Span::all()) {
        let met = met?;
        let holds = match met.row {
            Ok(held) => match view.row::<Stand>(&held.holder.bytes()) {
                Ok(stand) => stand.is_some_and(|stand| stand.is_current()),
                Err(fault) if fault.is_of_one_row() => true, // named already
                Err(fault) => return Err(fault),
            },
            Err(_) => false,
        };
        if !holds {
            found.amiss.push(Amiss::Held(met.place));
        }
    }
    Ok(())
}

fn counts_agree(view: &dyn View, tallies: &Tallies) -> Result<bool, Fault> {
    let counts = view.counts(&COUNTS, &[])?;
    let agree = |(place, count): &crate::Counted| {
        count.as_ref().is_ok_and(|count| tallies.get(place) == Some(count))
    };
    Ok(counts.len() == tallies.len() && counts.iter().all(agree))
}
