//! Writing: what one batch would change, kept aside until the whole batch has been checked.
//!
//! A [`Draft`] lies over the open tables: reads see its own changes first, and only [`Draft::keep`]
//! puts them into the transaction. Dropping it leaves nothing behind, which is what makes a batch
//! atomic among others in the same transaction. Commits nothing.

use std::collections::BTreeMap;

use redb::{ReadableTable as _, Table, WriteTransaction};

use crate::{
    bus::Happened,
    fault::Fault,
    records::counters::Counters,
    rows::{Raw, Record, Rows},
};

type RawTable<'txn> = Table<'txn, &'static [u8], &'static [u8]>;

/// The tables of one write transaction, each opened when first needed and only once.
pub(crate) struct Tables<'txn> {
    txn: &'txn WriteTransaction,
    open: BTreeMap<&'static str, RawTable<'txn>>,
}

impl<'txn> Tables<'txn> {
    /// Begins with no table open.
    pub const fn of(txn: &'txn WriteTransaction) -> Self {
        Self { txn, open: BTreeMap::new() }
    }

    /// Opens (and thereby makes) the table.
    pub fn table(&mut self, name: &'static str) -> Result<&mut RawTable<'txn>, Fault> {
        if !self.open.contains_key(name) {
            self.open.insert(name, self.txn.open_table(Raw::new(name))?);
        }
        self.open.get_mut(name).ok_or(Fault::Lost)
    }

    /// Stores one row at once, past any draft.
    pub fn put<R: Record>(&mut self, rows: &Rows<R>, key: &[u8], row: &R) -> Result<(), Fault> {
        let sealed = rows.seal(key, row)?;
        self.table(rows.name)?.insert(key, sealed.as_slice())?;
        Ok(())
    }
}

/// The changes of one batch.
pub(crate) struct Draft<'a, 'txn> {
    tables: &'a mut Tables<'txn>,
    over: BTreeMap<(&'static str, Vec<u8>), Option<Vec<u8>>>,
    /// The store's counters as this batch leaves them.
    pub counters: Counters,
    /// What the bus must be told once the batch is on disk.
    pub happened: Vec<Happened>,
}

impl<'a, 'txn> Draft<'a, 'txn> {
    /// Begins a draft over `tables`.
    pub const fn over(tables: &'a mut Tables<'txn>, counters: Counters) -> Self {
        Self { tables, over: BTreeMap::new(), counters, happened: Vec::new() }
    }

    /// Returns the row under `key` as this batch sees it.
    pub fn get<R: Record>(&mut self, rows: &Rows<R>, key: &[u8]) -> Result<Option<R>, Fault> {
        if let Some(change) = self.over.get(&(rows.name, key.to_vec())) {
            return change.as_ref().map(|sealed| rows.open(key, sealed)).transpose();
        }
        let Some(row) = self.tables.table(rows.name)?.get(key)? else { return Ok(None) };
        rows.open(key, row.value()).map(Some)
    }

    /// Tells whether there is a row under `key`, without opening it.
    pub fn has<R: Record>(&mut self, rows: &Rows<R>, key: &[u8]) -> Result<bool, Fault> {
        if let Some(change) = self.over.get(&(rows.name, key.to_vec())) {
            return Ok(change.is_some());
        }
        Ok(self.tables.table(rows.name)?.get(key)?.is_some())
    }

    /// Returns the row that an index row in `from` points to; its absence is damage.
    pub fn follow<R: Record>(
        &mut self,
        rows: &Rows<R>,
        at: &[u8],
        from: &'static str,
    ) -> Result<R, Fault> {
        self.get(rows, at)?.ok_or_else(|| Rows::<()>::new(from).dangling(at))
    }

    /// Returns the rows whose keys begin with `prefix`, in key order, as this batch sees them.
    pub fn all_of<R: Record>(&mut self, rows: &Rows<R>, prefix: &[u8]) -> Result<Vec<R>, Fault> {
        let mut found = BTreeMap::new();
        for row in self.tables.table(rows.name)?.range(prefix..)? {
            let (at, value) = row?;
            if !at.value().starts_with(prefix) {
                break;
            }
            found.insert(at.value().to_vec(), Some(value.value().to_vec()));
        }
        let own = self.over.range((rows.name, prefix.to_vec())..);
        let own = own.take_while(|((name, at), _)| *name == rows.name && at.starts_with(prefix));
        found.extend(own.map(|((_, at), change)| (at.clone(), change.clone())));
        let rows = found.into_iter().filter_map(|(at, value)| value.map(|v| rows.open(&at, &v)));
        rows.collect()
    }

    /// Stores a row.
    pub fn put<R: Record>(&mut self, rows: &Rows<R>, key: &[u8], row: &R) -> Result<(), Fault> {
        let sealed = rows.seal(key, row)?;
        self.over.insert((rows.name, key.to_vec()), Some(sealed));
        Ok(())
    }

    /// Takes a row away; its absence is fine.
    pub fn delete<R: Record>(&mut self, rows: &Rows<R>, key: &[u8]) {
        self.over.insert((rows.name, key.to_vec()), None);
    }

    /// Puts the changes into the transaction; returns the counters and what happened.
    pub fn keep(self) -> Result<(Counters, Vec<Happened>), Fault> {
        for ((name, key), change) in self.over {
            let table = self.tables.table(name)?;
            match change {
                Some(sealed) => drop(table.insert(key.as_slice(), sealed.as_slice())?),
                None => drop(table.remove(key.as_slice())?),
            }
        }
        Ok((self.counters, self.happened))
    }
}
