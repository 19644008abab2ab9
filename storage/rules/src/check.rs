//! Comparing at the start: whether rows, their declared keys, counts and the change log agree.
//!
//! [`compare`] reads one view and writes nothing; [`mend`] looks again at each difference and puts
//! right what follows from rows that are whole. A row that cannot be read is named and left. A memory
//! that the change log had lost gets a new place in it, so that every index reads it again.

use std::collections::HashMap;

use appliance_core::ports::Damaged;

use crate::{
    Draft, Entity, Fault, Key, Keyed, Kind, Read as _, Rule, Span, View,
    batch_keys::KeyRow,
    codec::{self, Broken, Place, SealBroken},
    conversations::ConversationRow,
    damage,
    entity::trailing_seq,
    memories::{
        BY_POSITION, BY_SEGMENT, MEMORIES, MemoryRow, STANDING, Stand, actions::ActionRow,
        counts::COUNTS, forms::Held, read::id_at, signals::SignalRow,
    },
    tasks::TaskRow,
    users::UserRow,
};

/// Places that are read at a time.
const AT_ONCE: usize = 512;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows that cannot be read, or that another row misses.
    pub damaged: Vec<Damaged>,
    amiss: Vec<Amiss>,
    counts_differ: bool,
}

/// A derived row that does not follow from the rows.
#[derive(Debug)]
enum Amiss {
    /// A row lacks places under its keys.
    Lacks(fn(&mut Draft<'_>, &[u8]) -> Result<u64, Fault>, Vec<u8>),
    /// A place belongs to no row.
    Stray(fn(&dyn View, &Stray) -> Result<bool, Fault>, Stray),
    /// A form is held by a memory that does not hold it.
    Held(Vec<u8>),
}

/// A place that no row seems to have.
#[derive(Debug)]
struct Stray {
    kind: &'static Kind,
    key: &'static Key,
    place: Vec<u8>,
}

impl Findings {
    /// Tells whether there is something to mend.
    #[must_use]
    pub const fn is_amiss(&self) -> bool {
        !self.amiss.is_empty() || self.counts_differ
    }
}

/// How many rows have each place of the counted keys.
type Tallies = HashMap<Vec<u8>, u64>;

/// Compares everything that declared keys keep.
///
/// # Errors
/// The adapter's failure.
pub fn compare(view: &dyn View) -> Result<Findings, Fault> {
    let (mut found, mut tallies) = (Findings::default(), Tallies::new());
    rows_of::<UserRow>(view, &mut found, &mut tallies)?;
    rows_of::<appliance_core::Session>(view, &mut found, &mut tallies)?;
    rows_of::<appliance_core::SetupLink>(view, &mut found, &mut tallies)?;
    rows_of::<ConversationRow>(view, &mut found, &mut tallies)?;
    rows_of::<appliance_core::Message>(view, &mut found, &mut tallies)?;
    rows_of::<TaskRow>(view, &mut found, &mut tallies)?;
    rows_of::<KeyRow>(view, &mut found, &mut tallies)?;
    rows_of::<ActionRow>(view, &mut found, &mut tallies)?;
    rows_of::<SignalRow>(view, &mut found, &mut tallies)?;
    rows_of::<MemoryRow>(view, &mut found, &mut tallies)?;
    rows_of::<Stand>(view, &mut found, &mut tallies)?;
    halves(view, &mut found)?;
    forms(view, &mut found)?;
    found.counts_differ = !counts_agree(view, &tallies)?;
    Ok(found)
}

/// Looks at every row of a kind, and at every place under its keys.
fn rows_of<E: Entity>(
    view: &dyn View,
    found: &mut Findings,
    tallies: &mut Tallies,
) -> Result<(), Fault> {
    let mut wanted: HashMap<&'static str, u64> = HashMap::new();
    for met in view.walk::<E>(Span::all()) {
        let met = met?;
        let row = match met.row {
            Ok(row) => row,
            Err(fault) => {
                let memory = if E::KIND.name == MEMORIES.name {
                    id_at(view, trailing_seq(&met.place))?
                } else {
                    None
                };
                found.damaged.extend(damage::name(&fault, memory));
                continue;
            }
        };
        let mut lacks = false;
        for keyed in row.keys() {
            if keyed.key.rule == Rule::Counted {
                *tallies.entry(keyed.place).or_default() += 1;
            } else if has_place::<E>(view, &keyed, &met.place)? {
                *wanted.entry(keyed.key.name).or_default() += 1;
            } else {
                lacks = true;
            }
        }
        if lacks {
            found.amiss.push(Amiss::Lacks(again::<E>, met.place));
        }
    }
    let pointing = E::KIND.keys.iter().filter(|key| key.rule != Rule::Counted);
    for key in pointing {
        let wanted = wanted.get(key.name).copied().unwrap_or_default();
        strays::<E>(view, key, wanted, found)?;
    }
    Ok(())
}

fn has_place<E: Entity>(view: &dyn View, keyed: &Keyed, id: &[u8]) -> Result<bool, Fault> {
    match view.find(E::KIND, keyed.key, &keyed.place) {
        Ok(holder) => Ok(holder.as_deref() == Some(id)),
        Err(fault) if fault.is_of_one_row() => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Finds the places that belong to no row, if there are more than rows have.
fn strays<E: Entity>(
    view: &dyn View,
    key: &'static Key,
    wanted: u64,
    found: &mut Findings,
) -> Result<(), Fault> {
    if all_places::<E>(view, key, |_| Ok(()))? == wanted {
        return Ok(());
    }
    all_places::<E>(view, key, |place| {
        let stray = Stray { kind: E::KIND, key, place };
        if is_stray::<E>(view, &stray)? {
            found.amiss.push(Amiss::Stray(is_stray::<E>, stray));
        }
        Ok(())
    })?;
    Ok(())
}

/// Visits every place of a key; returns how many there are.
fn all_places<E: Entity>(
    view: &dyn View,
    key: &'static Key,
    mut visit: impl FnMut(Vec<u8>) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let (mut span, mut count) = (Span::all(), 0);
    loop {
        let places = view.places(E::KIND, key, &span, AT_ONCE)?;
        let Some((last, _)) = places.last() else { return Ok(count) };
        span = span.beyond(last);
        count += places.len() as u64;
        places.into_iter().try_for_each(|(place, _)| visit(place))?;
    }
}

/// Tells whether no row has the place; one whose row cannot be read is left alone.
fn is_stray<E: Entity>(view: &dyn View, stray: &Stray) -> Result<bool, Fault> {
    let id = match view.find(E::KIND, stray.key, &stray.place) {
        Ok(Some(id)) => id,
        Ok(None) => return Ok(false),
        Err(fault) if fault.is_of_one_row() => return Ok(true),
        Err(fault) => return Err(fault),
    };
    match view.row::<E>(&id) {
        Ok(Some(row)) => {
            let is_it = |keyed: &Keyed| keyed.key == stray.key && keyed.place == stray.place;
            Ok(!row.keys().iter().any(is_it))
        }
        Ok(None) => Ok(true),
        Err(fault) if fault.is_of_one_row() => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Finds memories whose other half is not there: its standing cannot be guessed, so they are named.
fn halves(view: &dyn View, found: &mut Findings) -> Result<(), Fault> {
    for met in view.walk::<MemoryRow>(Span::all()) {
        let Ok(row) = met?.row else { continue };
        let id = row.head.id;
        if !view.has::<Stand>(&id.bytes())? {
            let fault = missing(STANDING.name, &id.bytes());
            found.damaged.extend(damage::name(&fault, Some(id)));
        }
    }
    for met in view.walk::<Stand>(Span::all()) {
        let Ok(stand) = met?.row else { continue };
        if !view.has::<MemoryRow>(&stand.seq.to_be_bytes())? {
            let fault = missing(MEMORIES.name, &stand.seq.to_be_bytes());
            found.damaged.extend(damage::name(&fault, Some(stand.id)));
        }
    }
    Ok(())
}

fn missing(table: &'static str, key: &[u8]) -> Fault {
    SealBroken::at(Place { table, key }, Broken::Missing).into()
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

/// Puts right what still differs; returns how many derived rows that were, and the places of those
/// that could not be read before.
///
/// # Errors
/// The adapter's failure.
pub fn mend(draft: &mut Draft<'_>, findings: &Findings) -> Result<(u64, Vec<String>), Fault> {
    let (mut mended, mut places) = (0, Vec::new());
    for amiss in &findings.amiss {
        match amiss {
            Amiss::Lacks(again, id) => mended += again(draft, id)?,
            Amiss::Stray(is_stray, stray) => {
                if is_stray(draft.view(), stray)? {
                    draft.place(stray.kind, stray.key, &stray.place, None)?;
                    places.push(damage::place(stray.key.name, &codec::hex(&stray.place)));
                    mended += 1;
                }
            }
            Amiss::Held(place) => {
                draft.drop_row::<Held>(place, &[])?;
                places.push(damage::place(Held::KIND.name, &codec::hex(place)));
                mended += 1;
            }
        }
    }
    if findings.counts_differ {
        mended += recount(draft)?;
    }
    Ok((mended, places))
}

/// Gives a row the places that it lacks.
fn again<E: Entity>(draft: &mut Draft<'_>, id: &[u8]) -> Result<u64, Fault> {
    let row = match draft.get::<E>(id) {
        Ok(Some(row)) => row,
        Err(fault) if !fault.is_of_one_row() => return Err(fault),
        _ => return Ok(0),
    };
    let mut given = 0;
    for keyed in row.keys().into_iter().filter(|keyed| keyed.key.rule != Rule::Counted) {
        if has_place::<E>(draft.view(), &keyed, id)? {
            continue;
        }
        given += 1;
        draft.place(E::KIND, keyed.key, &keyed.place, Some(id))?;
        if *keyed.key == BY_POSITION {
            told_again(draft, id)?;
        }
    }
    Ok(given)
}

/// Gives a memory a new place in the change log, as one whose text is new.
fn told_again(draft: &mut Draft<'_>, id: &[u8]) -> Result<(), Fault> {
    let Some(before) = draft.get::<Stand>(id)? else { return Ok(()) };
    let position = crate::counters::next(&mut draft.counters.memory);
    let after = Stand { position, text_at: position, ..before.clone() };
    draft.replace(Some(&before), &after)
}

/// Counts everything anew.
fn recount(draft: &mut Draft<'_>) -> Result<u64, Fault> {
    let mut tallies = Tallies::new();
    let mut add = |keys: Vec<Keyed>| {
        for keyed in keys.into_iter().filter(|keyed| keyed.key.rule == Rule::Counted) {
            *tallies.entry(keyed.place).or_default() += 1;
        }
    };
    for met in draft.view().walk::<Stand>(Span::all()) {
        if let Ok(stand) = met?.row {
            add(stand.keys());
        }
    }
    for met in draft.view().walk_by::<MemoryRow>(&BY_SEGMENT, Span::all()) {
        if let Ok(row) = met?.row {
            add(row.keys());
        }
    }
    let mut mended = 0;
    for (place, count) in draft.view().counts(&COUNTS, &[])? {
        match tallies.remove(&place) {
            Some(right) if count.as_ref().is_ok_and(|count| *count == right) => continue,
            right => draft.count(&COUNTS, &place, right.unwrap_or_default())?,
        }
        mended += 1;
    }
    for (place, count) in tallies {
        draft.count(&COUNTS, &place, count)?;
        mended += 1;
    }
    Ok(mended)
}
