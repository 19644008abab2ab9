//! One row against the places under its keys. Looks at no other row.

use super::findings::Stray;
use crate::{
    Draft, Entity, Fault, Keyed, Read as _, Rule, Span, View, codec, damage,
    memories::{BY_POSITION, Stand},
};

/// Tells whether the row `id` is found at its place.
pub(super) fn has_place<E: Entity>(
    view: &dyn View,
    keyed: &Keyed,
    id: &[u8],
) -> Result<bool, Fault> {
    match view.find(E::KIND, keyed.key, &keyed.place) {
        Ok(holder) => Ok(holder.as_deref() == Some(id)),
        Err(fault) if fault.is_of_one_row() => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Tells whether no row has the place; one whose row cannot be read is left alone.
pub(super) fn is_stray<E: Entity>(view: &dyn View, stray: &Stray) -> Result<bool, Fault> {
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

/// Gives a row the places that it lacks; returns how they are named.
pub(super) fn again<E: Entity>(draft: &mut Draft<'_>, id: &[u8]) -> Result<Vec<String>, Fault> {
    let row = match draft.get::<E>(id) {
        Ok(Some(row)) => row,
        Err(fault) if !fault.is_of_one_row() => return Err(fault),
        _ => return Ok(Vec::new()),
    };
    let mut given = Vec::new();
    for keyed in row.keys().into_iter().filter(|keyed| keyed.key.rule != Rule::Counted) {
        if has_place::<E>(draft.view(), &keyed, id)? {
            continue;
        }
        given.push(damage::place(keyed.key.name, &codec::hex(&keyed.place)));
        draft.place(E::KIND, keyed.key, &keyed.place, Some(id))?;
        if *keyed.key == BY_POSITION {
            told_again(draft, id)?;
        }
    }
    Ok(given)
}

/// Gives every memory a new place in the change log: what was lost of it may have been read by nobody.
///
/// # Errors
/// The adapter's failure.
pub fn tell_all_again(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let mut ids = Vec::new();
    for met in draft.view().walk::<Stand>(Span::all()) {
        ids.extend(met?.row.ok().map(|stand| stand.id));
    }
    ids.into_iter().try_for_each(|id| told_again(draft, &id.bytes()))?;
    draft.keep_counters()
}

/// Gives a memory a new place in the change log, as one whose text is new.
fn told_again(draft: &mut Draft<'_>, id: &[u8]) -> Result<(), Fault> {
    let Some(before) = draft.get::<Stand>(id)? else { return Ok(()) };
    let position = crate::counters::next(&mut draft.counters.memory);
    let after = Stand { position, text_at: position, ..before.clone() };
    draft.replace(Some(&before), &after)
}
