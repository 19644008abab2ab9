//! Writing: what one batch changes, typed, over whatever stores it.
//!
//! [`Change`] is what an adapter implements. A [`Draft`] puts and deletes typed rows on it and says
//! with each which places it had and has under its declared keys. Commits nothing, and takes nothing
//! back: the adapter does both.

use std::fmt;

use crate::{
    Fault,
    bus::Happened,
    counters::Counters,
    damage::Unread,
    entity::{Entity, Key, Keyed, Kind},
    view::{Read as _, View, seal},
};

/// A change in progress: a view that can be written to.
///
/// An adapter MUST show later reads what earlier writes did, refuse a second row at a place of a
/// unique key with [`Fault::Taken`], and be able to take back everything since a batch began.
pub trait Change: View {
    /// Stores `row` under `id`, where a row with the places `before` was or none.
    ///
    /// # Errors
    /// [`Fault::Taken`], [`Fault::Medium`].
    fn put(
        &mut self,
        kind: &'static Kind,
        id: &[u8],
        row: &[u8],
        keys: Places<'_>,
    ) -> Result<(), Fault>;

    /// Takes the row under `id` away, which has the places `had`; its absence is fine.
    ///
    /// # Errors
    /// [`Fault::Medium`].
    fn delete(&mut self, kind: &'static Kind, id: &[u8], had: &[Keyed]) -> Result<(), Fault>;

    /// Mends a place: it belongs to the row `id`, or to none. Nothing to do where keys are the
    /// medium's own indexes.
    ///
    /// # Errors
    /// [`Fault::Medium`].
    fn set_place(
        &mut self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
        id: Option<&[u8]>,
    ) -> Result<(), Fault>;

    /// Mends a count: so many rows have the place.
    ///
    /// # Errors
    /// [`Fault::Medium`].
    fn set_count(&mut self, key: &'static Key, place: &[u8], count: u64) -> Result<(), Fault>;
}

/// Where a row was and will be under its declared keys.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// Where it was.
    pub before: &'a [Keyed],
    /// Where it will be.
    pub after: &'a [Keyed],
}

impl Places<'_> {
    /// Returns the places that it leaves.
    pub fn left(&self) -> impl Iterator<Item = &Keyed> {
        self.before.iter().filter(|one| !self.after.contains(one))
    }

    /// Returns the places that it comes to.
    pub fn taken(&self) -> impl Iterator<Item = &Keyed> {
        self.after.iter().filter(|one| !self.before.contains(one))
    }
}

/// The changes of one batch.
pub struct Draft<'a> {
    change: &'a mut dyn Change,
    /// The store's counters as this batch leaves them.
    pub counters: Counters,
    /// What the bus must be told once the batch is on disk.
    pub happened: Vec<Happened>,
    /// What could not be read and is gone once the batch is on disk.
    pub unread: Vec<Unread>,
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl<'a> Draft<'a> {
    /// Begins a draft on `change`.
    pub fn on(change: &'a mut dyn Change, counters: Counters) -> Self {
        Self { change, counters, happened: Vec::new(), unread: Vec::new() }
    }

    /// Returns what the batch sees: everything that was committed and its own changes.
    #[must_use]
    pub fn view(&self) -> &dyn View {
        self.change
    }

    /// Returns the row under `id`.
    ///
    /// # Errors
    /// A damaged row, or the adapter's failure; so for all methods here.
    pub fn get<E: Entity>(&self, id: &[u8]) -> Result<Option<E>, Fault> {
        self.change.row(id)
    }

    /// Stores the counters as the draft leaves them.
    pub fn keep_counters(&mut self) -> Result<(), Fault> {
        let counters = self.counters;
        self.replace(None, &counters)
    }

    /// Tells whether there is a row under `id`, without opening it.
    pub fn has<E: Entity>(&self, id: &[u8]) -> Result<bool, Fault> {
        self.change.has::<E>(id)
    }

    /// Stores a row in the place of what is there.
    pub fn put<E: Entity>(&mut self, row: &E) -> Result<(), Fault> {
        let before = self.get::<E>(&row.id())?;
        self.replace(before.as_ref(), row)
    }

    /// Stores a row in the place of `before`, which the caller has just read.
    pub fn replace<E: Entity>(&mut self, before: Option<&E>, row: &E) -> Result<(), Fault> {
        let (id, before) = (row.id(), before.map(E::keys).unwrap_or_default());
        let (sealed, after) = (seal(&id, row)?, row.keys());
        self.change.put(E::KIND, &id, &sealed, Places { before: &before, after: &after })
    }

    /// Takes a row away that the caller has just read.
    pub fn delete<E: Entity>(&mut self, row: &E) -> Result<(), Fault> {
        self.change.delete(E::KIND, &row.id(), &row.keys())
    }

    /// Mends a place under a key.
    pub(crate) fn place(
        &mut self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
        id: Option<&[u8]>,
    ) -> Result<(), Fault> {
        self.change.set_place(kind, key, place, id)
    }

    /// Mends a count.
    pub(crate) fn count(
        &mut self,
        key: &'static Key,
        place: &[u8],
        count: u64,
    ) -> Result<(), Fault> {
        self.change.set_count(key, place, count)
    }

    /// Takes a row away that need not be readable, with the places that are known of it.
    pub fn drop_row<E: Entity>(&mut self, id: &[u8], had: &[Keyed]) -> Result<(), Fault> {
        self.change.delete(E::KIND, id, had)
    }
}
