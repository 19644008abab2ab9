//! A change of the maps that can be taken back. Decides nothing.

use storage_rules::{
    Fault, Span, Stored,
    tables::{TableChange, TableView},
};

use crate::tables::Tables;

/// What was there before: in which table, where, and what.
type Undo = (&'static str, Vec<u8>, Option<Vec<u8>>);

/// The changes of one batch.
pub(crate) struct Attempt<'a> {
    tables: &'a mut Tables,
    before: Vec<Undo>,
}

impl<'a> Attempt<'a> {
    /// Begins one.
    pub const fn on(tables: &'a mut Tables) -> Self {
        Self { tables, before: Vec::new() }
    }

    /// Takes back everything, the last change first.
    pub fn take_back(self) {
        for (table, at, was) in self.before.into_iter().rev() {
            self.tables.set(table, at, was);
        }
    }
}

impl TableView for Attempt<'_> {
    fn value(&self, table: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.tables.value(table, at)
    }

    fn values(&self, table: &'static str, span: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
        self.tables.values(table, span, most)
    }
}

impl TableChange for Attempt<'_> {
    fn set(&mut self, table: &'static str, at: &[u8], to: Option<&[u8]>) -> Result<(), Fault> {
        let was = self.tables.set(table, at.to_vec(), to.map(<[u8]>::to_vec));
        self.before.push((table, at.to_vec(), was));
        Ok(())
    }
}
