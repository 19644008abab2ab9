//! Repeats: which current memory holds a text in its same form. Compares no meanings.
//!
//! The table says who holds a form *now*: a memory that is forgotten, or that no longer holds,
//! gives it up, so that the same can be said again and is then a new memory.

use appliance_core::MemoryId;

use super::Head;
use crate::{
    Draft, Entity, Fault,
    codes::UnknownCode,
    entity::{IdShape, Kind, key},
    view::{Read as _, Span},
    walk,
};

/// Id: owner, 16 bytes; digest of the form, 32 bytes.
pub static FORMS: Kind = Kind { name: "memories_by_form.v1", id: IdShape::Bytes, keys: &[] };

/// A form that is held.
#[derive(Debug)]
pub struct Held {
    place: Vec<u8>,
    /// The memory that holds it.
    pub holder: MemoryId,
}

impl Entity for Held {
    type Frozen = [u8; 16];
    const KIND: &'static Kind = &FORMS;

    fn freeze(&self) -> [u8; 16] {
        self.holder.bytes()
    }

    fn thaw(id: &[u8], holder: [u8; 16]) -> Result<Self, UnknownCode> {
        Ok(Self { place: id.to_vec(), holder: MemoryId::from_bytes(holder) })
    }

    fn id(&self) -> Vec<u8> {
        self.place.clone()
    }
}

/// Returns who holds the form of `head`; what cannot be read holds nothing.
pub(crate) fn holder(draft: &mut Draft<'_>, head: &Head) -> Result<Option<MemoryId>, Fault> {
    let held = draft.view().readable(draft.get::<Held>(&place(head)), None)?.flatten();
    Ok(held.map(|held| held.holder))
}

/// Gives `head` its form, unless another holds it.
pub(crate) fn claim(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    if holder(draft, head)?.is_some() {
        return Ok(());
    }
    draft.replace(None, &Held { place: place(head), holder: head.id })
}

/// Takes the form from whoever holds it and cannot be read.
pub(super) fn take_from_damaged(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    draft.drop_row::<Held>(&place(head), &[])
}

/// Takes the form from `head`, if it holds it.
pub(crate) fn release(draft: &mut Draft<'_>, head: &Head) -> Result<(), Fault> {
    if holder(draft, head)? == Some(head.id) {
        draft.drop_row::<Held>(&place(head), &[])?;
    }
    Ok(())
}

/// Takes every form from a memory whose row cannot be read.
pub(crate) fn release_unread(draft: &mut Draft<'_>, id: MemoryId) -> Result<(), Fault> {
    let held = walk::readable(draft.view().walk::<Held>(Span::all()));
    let its = held.filter(|held| held.as_ref().map_or(true, |held| held.holder == id));
    let its = its.collect::<Result<Vec<_>, _>>()?;
    its.iter().try_for_each(|held| draft.delete(held))
}

fn place(head: &Head) -> Vec<u8> {
    key(&[&head.owner.bytes(), &head.form])
}
