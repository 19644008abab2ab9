//! A typed row and its sealed bytes: encoded, checked, decoded. Finds none.

use crate::{
    Fault,
    codec::{self, Broken, Place, SealBroken},
    codes::UnknownCode,
    entity::Entity,
};

/// Encodes a row.
pub(crate) fn seal<E: Entity>(id: &[u8], row: &E) -> Result<Vec<u8>, Fault> {
    let place = Place { table: E::KIND.name, key: id };
    Ok(codec::seal(place, E::VERSION, &row.freeze())?)
}

/// Checks and decodes a row.
///
/// # Errors
/// A damaged row, or one of a later version.
pub fn open<E: Entity>(id: &[u8], sealed: &[u8]) -> Result<E, Fault> {
    let place = Place { table: E::KIND.name, key: id };
    if sealed.first().is_some_and(|version| *version < E::VERSION)
        && let Some(older) = E::thaw_older(place, sealed)
    {
        return older;
    }
    let unknown = |code: UnknownCode| SealBroken::at(place, Broken::Body(code.to_string()));
    Ok(E::thaw(id, codec::open(place, E::VERSION, sealed)?).map_err(unknown)?)
}

/// Builds the fault of something that points to nothing.
#[must_use]
pub fn dangling(table: &'static str, id: &[u8]) -> Fault {
    SealBroken::at(Place { table, key: id }, Broken::Dangling).into()
}
