//! Putting right what follows from whole rows. Looks at each difference again first: others have
//! written since it was found.

use super::findings::{Amiss, Findings, Tallies};
use crate::{
    Draft, Entity as _, Fault, Keyed, Read as _, Rule, Span, codec, damage,
    memories::{
        BY_SEGMENT, MemoryRow, Stand,
        counts::COUNTS,
        forms::{self, Held},
    },
};

/// Puts right what still differs; returns how many derived rows that were, and the places of those
/// that could not be read before.
///
/// # Errors
/// The adapter's failure.
pub fn mend(draft: &mut Draft<'_>, findings: &Findings) -> Result<(u64, Vec<String>), Fault> {
    let (mut places, mut forms) = (Vec::new(), false);
    for amiss in &findings.amiss {
        match amiss {
            Amiss::Lacks(again, id) => places.extend(again(draft, id)?),
            Amiss::Stray(is_stray, stray) => {
                if is_stray(draft.view(), stray)? {
                    draft.place(stray.kind, stray.key, &stray.place, None)?;
                    places.push(damage::place(stray.key.name, &codec::hex(&stray.place)));
                }
            }
            Amiss::Held(place) => {
                draft.drop_row::<Held>(place, &[])?;
                places.push(damage::place(Held::KIND.name, &codec::hex(place)));
                forms = true;
            }
        }
    }
    if forms {
        hold_forms(draft)?;
    }
    let recounted = if findings.counts_differ { recount(draft)? } else { Vec::new() };
    places.extend(recounted);
    Ok((places.len() as u64, places))
}

/// Gives forms that nobody holds to the first current memory that says so.
///
/// # Errors
/// The adapter's failure.
pub fn hold_forms(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let mut heads = Vec::new();
    for met in draft.view().walk::<MemoryRow>(Span::all()) {
        let Ok(row) = met?.row else { continue };
        let stand = draft.view().row::<Stand>(&row.head.id.bytes());
        if draft
            .view()
            .readable(stand, Some(row.head.id))?
            .flatten()
            .is_some_and(|it| it.is_current())
        {
            heads.push(row.head);
        }
    }
    heads.iter().try_for_each(|head| forms::claim(draft, head))
}

/// Counts everything anew; returns the places that were counted wrong.
///
/// # Errors
/// The adapter's failure.
pub(crate) fn recount(draft: &mut Draft<'_>) -> Result<Vec<String>, Fault> {
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
    let mut mended = Vec::new();
    for (place, count) in draft.view().counts(&COUNTS, &[])? {
        match tallies.remove(&place) {
            Some(right) if count.as_ref().is_ok_and(|count| *count == right) => continue,
            right => draft.count(&COUNTS, &place, right.unwrap_or_default())?,
        }
        mended.push(damage::place(COUNTS.name, &codec::hex(&place)));
    }
    for (place, count) in tallies {
        draft.count(&COUNTS, &place, count)?;
        mended.push(damage::place(COUNTS.name, &codec::hex(&place)));
    }
    Ok(mended)
}
