//! Marks: what has been done to this file once and for all, such as an upgrade of its rows.

use crate::{
    Draft, Entity, Fault,
    codes::UnknownCode,
    entity::{IdShape, Kind},
    view::{Read as _, View},
};

/// Id: name of the mark.
pub static MARKS: Kind = Kind { name: "marks.v1", id: IdShape::Bytes, keys: &[] };

/// Every memory has a row of its standing.
pub const MEMORIES_STAND: &str = "memories stand";

/// Every row says what its declared keys are made of.
pub const KEYS_DECLARED: &str = "keys declared";

/// Rows have places under the keys by which a purge finds what goes with it.
pub const TRACES_DECLARED: &str = "traces declared";

/// Memories have places under the key by which what held once is known again.
pub const FORMS_DECLARED: &str = "forms declared";

/// A mark.
#[derive(Debug)]
struct Mark(Vec<u8>);

impl Entity for Mark {
    type Frozen = ();
    const KIND: &'static Kind = &MARKS;

    fn freeze(&self) {}

    fn thaw(id: &[u8], (): ()) -> Result<Self, UnknownCode> {
        Ok(Self(id.to_vec()))
    }

    fn id(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// Tells whether the file carries the mark.
///
/// # Errors
/// A damaged mark, or the adapter's failure.
pub fn has(view: &dyn View, mark: &str) -> Result<bool, Fault> {
    Ok(view.row::<Mark>(mark.as_bytes())?.is_some())
}

/// Sets the mark.
///
/// # Errors
/// The adapter's failure.
pub fn set(draft: &mut Draft<'_>, mark: &str) -> Result<(), Fault> {
    draft.replace(None, &Mark(mark.as_bytes().to_vec()))
}
