//! Reading: one consistent view of the file, for as long as the value lives. Changes nothing.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use appliance_core::ports::Damaged;

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase as _};
use storage_rules::{Fault as RuleFault, Span, Stored, damage::Register, tables::TableView};

use crate::{
    caught::{at, caught},
    fault::Fault,
    layout::{self, Raw},
};

type RawTable = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A consistent view of everything that was committed when it was taken.
pub(crate) struct Snapshot {
    txn: ReadTransaction,
    open: RefCell<BTreeMap<&'static str, RawTable>>,
    damage: Option<Arc<Register>>,
}

impl Snapshot {
    /// Takes a view.
    pub fn of(db: &redb::Database) -> Result<Self, Fault> {
        Ok(Self { txn: db.begin_read()?, open: RefCell::default(), damage: None })
    }

    /// Notes from now on what was left out in `damage`.
    pub fn noting(self, damage: &Arc<Register>) -> Self {
        Self { damage: Some(Arc::clone(damage)), ..self }
    }

    /// Reads from a table, which is opened once.
    fn with<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&RawTable) -> Result<T, Fault>,
    ) -> Result<T, RuleFault> {
        Ok(self.read(name, read)?)
    }

    fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&RawTable) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut open = self.open.borrow_mut();
        let read = || {
            if !open.contains_key(name) {
                open.insert(name, self.txn.open_table(Raw::new(name))?);
            }
            read(open.get(name).ok_or(Fault::Lost)?)
        };
        // Here and not further up, so that whoever asks can go on with another table.
        let read = caught(|| at(name, read)).unwrap_or_else(|why| Err(Fault::caught(why)));
        read.map_err(|fault| fault.within(name))
    }
}

impl TableView for Snapshot {
    fn value(&self, table: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, RuleFault> {
        self.with(table, |table| Ok(table.get(at)?.map(|row| row.value().to_vec())))
    }

    fn values(
        &self,
        table: &'static str,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Stored>, RuleFault> {
        self.with(table, |table| layout::stretch(table, span, most))
    }

    fn note(&self, damaged: Damaged) {
        if let Some(damage) = &self.damage {
            damage.note(damaged);
        }
    }
}
