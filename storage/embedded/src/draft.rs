//! Writing: what one batch changes in the transaction that it shares with others.
//!
//! An [`Attempt`] writes through and remembers what was there before, so that a refused batch is
//! taken back while its neighbours stay. Commits nothing.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use appliance_core::{MemoryId, ports::Damaged};
use redb::{ReadableTable as _, Table, WriteTransaction};
use storage_rules::{
    Fault as RuleFault, Span, Stored, damage,
    memories::{self, Body, Texts as _},
    tables::{TableChange, TableView},
};

use crate::{
    caught::at,
    cold::Archive,
    fault::Fault,
    layout::{self, Raw},
};

type RawTable<'txn> = Table<'txn, &'static [u8], &'static [u8]>;

/// The tables of one write transaction, each opened when first needed and only once.
pub(crate) struct Tables<'txn> {
    txn: &'txn WriteTransaction,
    open: RefCell<BTreeMap<&'static str, RawTable<'txn>>>,
    written: RefCell<BTreeSet<&'static str>>,
    archive: Option<&'txn Archive>,
}

impl<'txn> Tables<'txn> {
    /// Begins with no table open.
    pub const fn of(txn: &'txn WriteTransaction) -> Self {
        let open = RefCell::new(BTreeMap::new());
        Self { txn, open, written: RefCell::new(BTreeSet::new()), archive: None }
    }

    /// Lets a repeat of what is archived look whether that can be read.
    pub const fn beside(mut self, archive: &'txn Archive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// Works on a table, which is opened (and thereby made) once.
    pub fn with<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut RawTable<'txn>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut open = self.open.borrow_mut();
        let work = || {
            if !open.contains_key(name) {
                open.insert(name, self.txn.open_table(Raw::new(name))?);
            }
            work(open.get_mut(name).ok_or(Fault::Lost)?)
        };
        at(name, work).map_err(|fault| fault.within(name))
    }

    /// Returns the tables that were written to.
    pub fn written(&self) -> BTreeSet<&'static str> {
        self.written.borrow().clone()
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
}

impl TableView for Attempt<'_, '_> {
    fn value(&self, table: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, RuleFault> {
        Ok(self.tables.get(table, at)?)
    }

    fn values(
        &self,
        table: &'static str,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Stored>, RuleFault> {
        Ok(self.tables.with(table, |table| layout::stretch(table, span, most))?)
    }

    fn note(&self, damaged: Damaged) {
        self.tables.archive.into_iter().for_each(|it| it.damage().note(damaged.clone()));
    }

    /// As the trait; decodes one block at most, and none that was read lately.
    fn bring(&self, memory: MemoryId) -> Option<String> {
        let entry = memories::find(self, memory).ok().flatten()?;
        let Body::Archived(spot) = entry.row.body else { return None };
        let archive = self.tables.archive?;
        match archive.read(memory, spot) {
            Ok(text) => Some(text),
            Err(fault) => {
                let damaged = damage::name(&fault, Some(memory));
                damaged.into_iter().for_each(|it| archive.damage().note(it));
                None
            }
        }
    }

    /// As the trait; decodes as much.
    fn can_bring(&self, memory: MemoryId) -> bool {
        let Some(archive) = self.tables.archive else { return true };
        let body = memories::find(self, memory).map(|found| found.map(|entry| entry.row.body));
        match body {
            Ok(Some(Body::Archived(spot))) => archive.record(memory, spot).is_ok(),
            found => found.is_ok(),
        }
    }
}

impl TableChange for Attempt<'_, '_> {
    fn set(&mut self, table: &'static str, at: &[u8], to: Option<&[u8]>) -> Result<(), RuleFault> {
        let was = self.tables.with(table, |table| {
            let was = match to {
                Some(value) => table.insert(at, value)?,
                None => table.remove(at)?,
            };
            Ok(was.map(|row| row.value().to_vec()))
        })?;
        self.tables.written.borrow_mut().insert(table);
        if let Some(before) = &mut self.before {
            before.push((table, at.to_vec(), was));
        }
        Ok(())
    }
}
