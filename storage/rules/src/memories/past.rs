//! What held once and is remembered again, as by an import that is repeated: the memory that is it
//! already. Changes nothing, so that a pin that was set since and the tier that it is in stay.

use appliance_core::{MemoryId, Standing};

use super::{BY_FORM, Head, MemoryRow, STANDING, Stand, forms};
use crate::{
    Draft, Fault,
    view::{Read as _, Span, View},
};

/// Returns the memory that says the same as `head`, said at the same moment and holding since the same,
/// whether it has ended as `standing` says or holds still; not one that was forgotten.
pub(super) fn known(
    draft: &Draft<'_>,
    head: &Head,
    standing: &Standing,
) -> Result<Option<Stand>, Fault> {
    let view = draft.view();
    for met in view.walk_by::<MemoryRow>(&BY_FORM, Span::of(&head.form_place())) {
        let Some(row) = view.noted(met?.row)?.filter(|row| is_of(&row.head, head)) else {
            continue;
        };
        if let Some(stand) = whole(view, row.head.id)?
            && is_known(&stand, standing)
        {
            return Ok(Some(stand));
        }
    }
    Ok(None)
}

fn is_of(kept: &Head, head: &Head) -> bool {
    kept.form == head.form && kept.created_at == head.created_at && kept.labels == head.labels
}

fn is_known(kept: &Stand, said: &Standing) -> bool {
    let until = kept.standing.valid_until;
    !kept.is_forgotten()
        && kept.standing.valid_from == said.valid_from
        && (until.is_none() || until == said.valid_until)
}

/// Returns how the memory stands, if its text can be read: what cannot be is kept anew.
pub(super) fn whole(view: &dyn View, holder: MemoryId) -> Result<Option<Stand>, Fault> {
    let stand = view.follow::<Stand>(&holder.bytes(), forms::FORMS.name);
    let Some(stand) = view.readable(stand, Some(holder))? else { return Ok(None) };
    let row = view.follow::<MemoryRow>(&stand.seq.to_be_bytes(), STANDING.name);
    let text = view.readable(row.and_then(|row| row.text(view)), Some(holder))?;
    let is_whole = match text {
        Some(None) => view.can_bring(holder), // it is in the archive
        text => text.is_some(),
    };
    Ok(is_whole.then_some(stand))
}
