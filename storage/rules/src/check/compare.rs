//! The comparison of everything, kind by kind, on one view.

use appliance_core::{ApiToken, MemoryId, Message, Session, SetupLink, ports::Damaged};

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
    alone::<ApiToken>(view, &mut found, &mut tallies)?;
    alone::<ConversationRow>(view, &mut found, &mut tallies)?;
    alone::<Message>(view, &mut found, &mut tallies)?;
    let tasks = rows_of(view, &mut found, &mut tallies, |row: &TaskRow| {
        named(row.clone().whole(view).map(drop), None)
    });
    go_on(tasks, &mut found)?;
    alone::<KeyRow>(view, &mut found, &mut tallies)?;
    alone::<ActionRow>(view, &mut found, &mut tallies)?;
    alone::<SignalRow>(view, &mut found, &mut tallies)?;
    memories(view, &mut found, &mut tallies)?;
    let held = forms(view, &mut found);
    go_on(held, &mut found)?;
    // What was not read whole is not counted anew.
    found.counts_differ = !found.is_partial && !counts_agree(view, &tallies)?;
    Ok(found)
}

/// Compares both halves of memories.
fn memories(view: &dyn View, found: &mut Findings, tallies: &mut Tallies) -> Result<(), Fault> {
    // Either half of a memory is nothing without the other: how it stands cannot be guessed.
    let heads = rows_of(view, found, tallies, |row: &MemoryRow| {
        let id = row.head.id;
        if let Some(lost) = named(row.text(view).map(drop), Some(id))? {
            return Ok(Some(lost));
        }
        let stands = view.has::<Stand>(&id.bytes())?;
        Ok(missing(stands, STANDING.name, &id.bytes(), id))
    });
    go_on(heads, found)?;
    let stands = rows_of(view, found, tallies, |stand: &Stand| {
        let seq = stand.seq.to_be_bytes();
        Ok(missing(view.has::<MemoryRow>(&seq)?, MEMORIES.name, &seq, stand.id))
    });
    go_on(stands, found)
}

/// Names a table that cannot be read to its end, and goes on with the others.
fn go_on(compared: Result<(), Fault>, found: &mut Findings) -> Result<(), Fault> {
    match compared {
        Err(fault) if fault.is_of_one_table() => {
            found.damaged.extend(damage::name(&fault, None));
            found.is_partial = true;
            Ok(())
        }
        compared => compared,
    }
}

/// Compares a kind whose rows need no other.
fn alone<E: Entity>(
    view: &dyn View,
    found: &mut Findings,
    tallies: &mut Tallies,
) -> Result<(), Fault> {
    let compared = rows_of(view, found, tallies, |_: &E| Ok(None));
    go_on(compared, found)
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
