//! Reading what is stored as typed rows, whatever stores it: by id, by a declared key, and in an
//! order. [`Read`] stands on any [`View`], which is what an adapter implements. Changes nothing.

use appliance_core::MemoryId;

use crate::{
    Fault, damage,
    entity::{Entity, Key},
    walk::{Order, Walk},
};

pub(crate) use crate::sealed::seal;
pub use crate::{
    sealed::{dangling, open},
    stored::{Counted, Pointed, Span, Stored, View, Way},
};

/// Typed reading on any view.
pub trait Read: View {
    /// Returns the row under `id`.
    ///
    /// # Errors
    /// A damaged row, or the adapter's failure; so for all methods here.
    fn row<E: Entity>(&self, id: &[u8]) -> Result<Option<E>, Fault> {
        let sealed = self.get(E::KIND, id)?;
        sealed.map(|sealed| open(id, &sealed)).transpose()
    }

    /// Tells whether there is a row under `id`, without opening it.
    fn has<E: Entity>(&self, id: &[u8]) -> Result<bool, Fault> {
        Ok(self.get(E::KIND, id)?.is_some())
    }

    /// Returns the row at `place` under a unique key.
    fn by<E: Entity>(&self, key: &'static Key, place: &[u8]) -> Result<Option<E>, Fault> {
        let Some(id) = self.find(E::KIND, key, place)? else { return Ok(None) };
        self.follow(&id, key.name).map(Some)
    }

    /// Returns the row that something in `from` points to; its absence is damage.
    fn follow<E: Entity>(&self, id: &[u8], from: &'static str) -> Result<E, Fault> {
        self.row(id)?.ok_or_else(|| dangling(from, id))
    }

    /// Passes on what was read; what cannot be read is noted and left out.
    ///
    /// # Errors
    /// A failure of more than one row.
    fn readable<T>(
        &self,
        read: Result<T, Fault>,
        memory: Option<MemoryId>,
    ) -> Result<Option<T>, Fault> {
        damage::readable(self, read, memory)
    }

    /// As [`readable`](Self::readable), but fails where a whole page cannot be read: for whoever writes by
    /// it, because what is written on such a page is not certain to stay.
    ///
    /// # Errors
    /// A failure of more than one row, a page's too.
    fn noted<T>(&self, read: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match read {
            Err(fault) if !fault.is_of_one_row() => Err(fault),
            read => self.readable(read, None),
        }
    }

    /// Walks the rows within `span`.
    fn walk<E: Entity>(&self, span: Span) -> Walk<'_, Self, E> {
        Walk::of(self, Order::Ids, span)
    }

    /// Walks the rows in the order of a declared key, within `span`.
    fn walk_by<E: Entity>(&self, key: &'static Key, span: Span) -> Walk<'_, Self, E> {
        Walk::of(self, Order::By(key), span)
    }
}

impl<V: View + ?Sized> Read for V {}
