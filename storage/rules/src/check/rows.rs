//! Every row of a kind, and every place under its keys.

use std::collections::HashMap;

use appliance_core::ports::Damaged;

use super::{
    findings::{Amiss, Findings, Stray, Tallies},
    keys::{again, has_place, is_stray},
};
use crate::{
    Entity, Fault, Key, Read as _, Rule, Span, View, damage,
    entity::trailing_seq,
    memories::{MEMORIES, read::id_at},
};

/// Places that are read at a time.
const AT_ONCE: usize = 512;

/// Looks at all of a kind; `missing` names what a row needs and is not there.
pub(super) fn rows_of<E: Entity>(
    view: &dyn View,
    found: &mut Findings,
    tallies: &mut Tallies,
    missing: impl Fn(&E) -> Result<Option<Damaged>, Fault>,
) -> Result<(), Fault> {
    let mut wanted: HashMap<&'static str, u64> = HashMap::new();
    for met in view.walk::<E>(Span::all()) {
        let met = met?;
        let row = match met.row {
            Ok(row) => row,
            Err(fault) => {
                found.damaged.extend(named::<E>(view, &met.place, &fault)?);
                continue;
            }
        };
        found.damaged.extend(missing(&row)?);
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
    for key in E::KIND.keys.iter().filter(|key| key.rule != Rule::Counted) {
        let wanted = wanted.get(key.name).copied().unwrap_or_default();
        strays::<E>(view, key, wanted, found)?;
    }
    Ok(())
}

fn named<E: Entity>(view: &dyn View, id: &[u8], fault: &Fault) -> Result<Option<Damaged>, Fault> {
    let is_memory = E::KIND.name == MEMORIES.name;
    let memory = if is_memory { id_at(view, trailing_seq(id))? } else { None };
    Ok(damage::name(fault, memory))
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
