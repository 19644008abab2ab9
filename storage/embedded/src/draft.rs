//! Writing: what one batch changes in the transaction that it shares with others.
//!
//! An [`Attempt`] writes through, keeps the declared keys in step, and remembers what was there
//! before, so that a refused batch is taken back while its neighbours stay. Commits nothing.

use std::{cell::RefCell, collections::BTreeMap};

use redb::{ReadableTable as _, Table, WriteTransaction};
use storage_rules::{
    Change, Counted, Fault as RuleFault, Key, Keyed, Kind, Places, Pointed, Rule, Span, Stored,
    View,
};

use crate::{
    fault::Fault,
    layout::{self, Raw},
};

type RawTable<'txn> = Table<'txn, &'static [u8], &'static [u8]>;

/// The tables of one write transaction, each opened when first needed and only once.
pub(crate) struct Tables<'txn> {
    txn: &'txn WriteTransaction,
    open: RefCell<BTreeMap<&'static str, RawTable<'txn>>>,
}

impl<'txn> Tables<'txn> {
    /// Begins with no table open.
    pub const fn of(txn: &'txn WriteTransaction) -> Self {
        Self { txn, open: RefCell::new(BTreeMap::new()) }
    }

    /// Works on a table, which is opened (and thereby made) once.
    pub fn with<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut RawTable<'txn>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut open = self.open.borrow_mut();
        if !open.contains_key(name) {
            open.insert(name, self.txn.open_table(Raw::new(name))?);
        }
        work(open.get_mut(name).ok_or(Fault::Lost)?)
    }

    /// Takes a table away with all that is in it; its absence is fine.
    pub fn drop_table(&self, name: &'static str) -> Result<(), Fault> {
        self.open.borrow_mut().remove(name);
        self.txn.delete_table(Raw::new(name))?;
        Ok(())
    }

    fn get(&self, name: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.with(name, |table| Ok(table.get(at)?.map(|row| row.value().to_vec())))
    }
}

/// What was there before a batch wrote.
type Undo = (&'static str, Vec<u8>, Option<Vec<u8>>);

/// The changes of one batch, written and not yet certain to stay.
pub(crate) struct Attempt<'a, 'txn> {
    tables: &'a Tables<'txn>,
    before: Option<Vec<Undo>>,
}

impl<'a, 'txn> Attempt<'a, 'txn> {
    /// Begins an attempt that can be taken back.
    pub const fn on(tables: &'a Tables<'txn>) -> Self {
        Self { tables, before: Some(Vec::new()) }
    }

    /// Begins one that stays with the transaction, however large it grows.
    pub const fn for_good(tables: &'a Tables<'txn>) -> Self {
        Self { tables, before: None }
    }

    /// Takes back everything, the last change first.
    pub fn take_back(self) -> Result<(), Fault> {
        for (name, at, before) in self.before.into_iter().flatten().rev() {
            self.tables.with(name, |table| {
                match before {
                    Some(value) => drop(table.insert(at.as_slice(), value.as_slice())?),
                    None => drop(table.remove(at.as_slice())?),
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn set(&mut self, name: &'static str, at: &[u8], to: Option<&[u8]>) -> Result<(), Fault> {
        let was = self.tables.with(name, |table| {
            let was = match to {
                Some(value) => table.insert(at, value)?,
                None => table.remove(at)?,
            };
            Ok(was.map(|row| row.value().to_vec()))
        })?;
        if let Some(before) = &mut self.before {
            before.push((name, at.to_vec(), was));
        }
        Ok(())
    }

    fn leave(&mut self, left: &Keyed) -> Result<(), Fault> {
        let Keyed { key, place } = left;
        if layout::counts(key) {
            self.tally(key, place, -1)
        } else {
            self.set(key.name, place, None)
        }
    }

    fn come(&mut self, kind: &Kind, id: &[u8], new: &Keyed) -> Result<(), Fault> {
        let Keyed { key, place } = new;
        if layout::counts(key) {
            return self.tally(key, place, 1);
        }
        if key.rule == Rule::Unique
            && let Some(sealed) = self.tables.get(key.name, place)?
            // One that cannot be read is derived, and written anew.
            && layout::pointed(kind, key, place, &sealed).is_ok_and(|holder| holder != id)
        {
            return Err(RuleFault::Taken { key: key.name }.into());
        }
        let pointer = layout::pointer(kind, key, place, id)?;
        self.set(key.name, place, Some(&pointer))
    }

    /// Counts one more or less; a count that cannot be read stays as it is until it is mended.
    fn tally(&mut self, key: &'static Key, place: &[u8], step: i64) -> Result<(), Fault> {
        let now = match self.tables.get(key.name, place)? {
            Some(sealed) => match layout::counted(key, place, &sealed) {
                Ok(count) => count,
                Err(_) => return Ok(()),
            },
            None => 0,
        };
        match now.saturating_add_signed(step) {
            0 => self.set(key.name, place, None),
            count => {
                let sealed = layout::count(key, place, count)?;
                self.set(key.name, place, Some(&sealed))
            }
        }
    }
}

impl View for Attempt<'_, '_> {
    fn get(&self, kind: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, RuleFault> {
        Ok(self.tables.get(kind.name, id)?)
    }

    fn rows(
        &self,
        kind: &'static Kind,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Stored>, RuleFault> {
        Ok(self.tables.with(kind.name, |table| layout::stretch(table, span, most))?)
    }

    fn find(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
    ) -> Result<Option<Vec<u8>>, RuleFault> {
        let sealed = self.tables.get(key.name, place)?;
        sealed.map(|sealed| layout::pointed(kind, key, place, &sealed)).transpose()
    }

    fn places(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Pointed>, RuleFault> {
        let rows = self.tables.with(key.name, |table| layout::stretch(table, span, most))?;
        Ok(layout::all_pointed(kind, key, rows))
    }

    fn counts(&self, key: &'static Key, prefix: &[u8]) -> Result<Vec<Counted>, RuleFault> {
        let all = Span::of(prefix);
        let rows = self.tables.with(key.name, |table| layout::stretch(table, &all, usize::MAX))?;
        Ok(layout::all_counted(key, rows))
    }
}

impl Change for Attempt<'_, '_> {
    fn put(
        &mut self,
        kind: &'static Kind,
        id: &[u8],
        row: &[u8],
        keys: Places<'_>,
    ) -> Result<(), RuleFault> {
        for left in keys.left() {
            self.leave(left)?;
        }
        for new in keys.taken() {
            self.come(kind, id, new)?;
        }
        Ok(self.set(kind.name, id, Some(row))?)
    }

    fn delete(&mut self, kind: &'static Kind, id: &[u8], had: &[Keyed]) -> Result<(), RuleFault> {
        for left in had {
            self.leave(left)?;
        }
        Ok(self.set(kind.name, id, None)?)
    }

    fn set_place(
        &mut self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
        id: Option<&[u8]>,
    ) -> Result<(), RuleFault> {
        let pointer = id.map(|id| layout::pointer(kind, key, place, id)).transpose()?;
        Ok(self.set(key.name, place, pointer.as_deref())?)
    }

    fn set_count(&mut self, key: &'static Key, place: &[u8], count: u64) -> Result<(), RuleFault> {
        if count == 0 {
            return Ok(self.set(key.name, place, None)?);
        }
        let sealed = layout::count(key, place, count)?;
        Ok(self.set(key.name, place, Some(&sealed))?)
    }
}
