//! Reading: one consistent view of the file, for as long as the value lives. Changes nothing.

use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use appliance_core::{Page, PageRequest};

use crate::{
    fault::Fault,
    rows::{Record, Rows, key, trailing_seq},
};

/// A consistent view of everything that was committed when it was taken.
pub(crate) struct Snapshot {
    txn: ReadTransaction,
}

impl Snapshot {
    /// Takes a view.
    pub fn of(db: &redb::Database) -> Result<Self, Fault> {
        Ok(Self { txn: db.begin_read()? })
    }

    /// Returns the row under `key`.
    pub fn get<R: Record>(&self, rows: &Rows<R>, key: &[u8]) -> Result<Option<R>, Fault> {
        let table = self.txn.open_table(rows.raw())?;
        let Some(row) = table.get(key)? else { return Ok(None) };
        rows.open(key, row.value()).map(Some)
    }

    /// Returns the row that an index row in `from` points to; its absence is damage.
    pub fn follow<R: Record>(
        &self,
        rows: &Rows<R>,
        at: &[u8],
        from: &'static str,
    ) -> Result<R, Fault> {
        self.get(rows, at)?.ok_or_else(|| Rows::<()>::new(from).dangling(at))
    }

    /// Visits the rows with `prefix` whose keys end in a sequence above `after`, ascending, until
    /// `visit` returns false.
    pub fn ascend<R: Record>(
        &self,
        rows: &Rows<R>,
        prefix: &[u8],
        after: u64,
        mut visit: impl FnMut(&[u8], R) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let Some(first) = after.checked_add(1) else { return Ok(()) };
        let (low, high) = (key(&[prefix, &first.to_be_bytes()]), key(&[prefix, &END]));
        let table = self.txn.open_table(rows.raw())?;
        for row in table.range::<&[u8]>(low.as_slice()..=high.as_slice())? {
            let (at, value) = row?;
            if !visit(at.value(), rows.open(at.value(), value.value())?)? {
                break;
            }
        }
        Ok(())
    }

    /// Returns a page of the rows with `prefix`, highest sequence first; `pick` turns a row into an
    /// item, or leaves it out.
    pub fn newest_first<R: Record, T>(
        &self,
        rows: &Rows<R>,
        prefix: &[u8],
        page: PageRequest,
        mut pick: impl FnMut(R) -> Result<Option<T>, Fault>,
    ) -> Result<Page<T>, Fault> {
        let wanted = PageRequest::new(page.limit, page.after);
        let low = key(&[prefix, &[0; 8]]);
        let below = key(&[prefix, &wanted.after.map_or(END, u64::to_be_bytes)]);
        let table = self.txn.open_table(rows.raw())?;
        let mut found = Page { items: Vec::new(), next: None };
        let mut last = 0;
        for row in table.range::<&[u8]>(low.as_slice()..below.as_slice())?.rev() {
            let (at, value) = row?;
            let Some(item) = pick(rows.open(at.value(), value.value())?)? else { continue };
            if found.items.len() == wanted.limit {
                found.next = Some(last);
                break;
            }
            found.items.push(item);
            last = trailing_seq(at.value());
        }
        Ok(found)
    }

    /// Returns a page of those rows with `prefix` that `pick` makes an item of, highest sequence
    /// first. Looks at `most` rows at most: where few pass, a page is short and has a next one.
    pub fn newest_passing<R: Record, T>(
        &self,
        rows: &Rows<R>,
        prefix: &[u8],
        page: PageRequest,
        most: usize,
        mut pick: impl FnMut(R) -> Result<Option<T>, Fault>,
    ) -> Result<Page<T>, Fault> {
        let wanted = PageRequest::new(page.limit, page.after);
        let low = key(&[prefix, &[0; 8]]);
        let below = key(&[prefix, &wanted.after.map_or(END, u64::to_be_bytes)]);
        let table = self.txn.open_table(rows.raw())?;
        let mut found = Page { items: Vec::new(), next: None };
        let mut last = 0;
        for (looked, row) in
            table.range::<&[u8]>(low.as_slice()..below.as_slice())?.rev().enumerate()
        {
            if found.items.len() == wanted.limit || looked == most {
                found.next = Some(last);
                break;
            }
            let (at, value) = row?;
            found.items.extend(pick(rows.open(at.value(), value.value())?)?);
            last = trailing_seq(at.value());
        }
        Ok(found)
    }

    /// Visits the rows with `prefix` in key order.
    pub fn each_of<R: Record>(
        &self,
        rows: &Rows<R>,
        prefix: &[u8],
        visit: impl FnMut(&[u8], R) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each_from(rows, prefix, &[], visit)
    }

    /// Visits the rows with `prefix` whose keys go on with `from` or more, in key order.
    pub fn each_from<R: Record>(
        &self,
        rows: &Rows<R>,
        prefix: &[u8],
        from: &[u8],
        mut visit: impl FnMut(&[u8], R) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let low = key(&[prefix, from]);
        let table = self.txn.open_table(rows.raw())?;
        for row in table.range::<&[u8]>(low.as_slice()..)? {
            let (at, value) = row?;
            if !at.value().starts_with(prefix) {
                break;
            }
            visit(at.value(), rows.open(at.value(), value.value())?)?;
        }
        Ok(())
    }

    /// Visits every row of a table in key order.
    pub fn each<R: Record>(
        &self,
        rows: &Rows<R>,
        mut visit: impl FnMut(&[u8], R) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let table = self.txn.open_table(rows.raw())?;
        for row in table.iter()? {
            let (at, value) = row?;
            visit(at.value(), rows.open(at.value(), value.value())?)?;
        }
        Ok(())
    }
}

/// Sorts after every sequence that is ever given.
const END: [u8; 8] = [0xff; 8];
