//! A change of the maps that can be taken back. Decides nothing.

use storage_rules::{
    Change, Counted, Fault, Key, Keyed, Kind, Places, Pointed, Rule, Span, Stored, View,
};

use crate::tables::Tables;

/// What was there before.
enum Undo {
    Value(&'static str, Vec<u8>, Option<Vec<u8>>),
    Count(&'static str, Vec<u8>, u64),
}

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
        for undo in self.before.into_iter().rev() {
            match undo {
                Undo::Value(name, at, was) => drop(set(self.tables, name, at, was)),
                Undo::Count(name, at, was) => drop(count(self.tables, name, at, was)),
            }
        }
    }

    fn set(&mut self, name: &'static str, at: &[u8], to: Option<&[u8]>) {
        let was = set(self.tables, name, at.to_vec(), to.map(<[u8]>::to_vec));
        self.before.push(Undo::Value(name, at.to_vec(), was));
    }

    fn tally(&mut self, Keyed { key, place }: &Keyed, step: i64) {
        let counts = self.tables.counts.get(key.name);
        let now = counts.and_then(|counts| counts.get(place)).copied().unwrap_or_default();
        let was = count(self.tables, key.name, place.clone(), now.saturating_add_signed(step));
        self.before.push(Undo::Count(key.name, place.clone(), was));
    }

    fn leave(&mut self, left: &Keyed) {
        match left.key.rule {
            Rule::Counted => self.tally(left, -1),
            Rule::Unique | Rule::Ordered => self.set(left.key.name, &left.place, None),
        }
    }

    fn come(&mut self, kind: &'static Kind, id: &[u8], new: &Keyed) -> Result<(), Fault> {
        let Keyed { key, place } = new;
        match key.rule {
            Rule::Counted => self.tally(new, 1),
            Rule::Unique if self.find(kind, key, place)?.is_some_and(|holder| holder != id) => {
                return Err(Fault::Taken { key: key.name });
            }
            Rule::Unique | Rule::Ordered => self.set(key.name, place, Some(id)),
        }
        Ok(())
    }
}

fn set(
    tables: &mut Tables,
    name: &'static str,
    at: Vec<u8>,
    to: Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let map = tables.maps.entry(name).or_default();
    match to {
        Some(value) => map.insert(at, value),
        None => map.remove(&at),
    }
}

fn count(tables: &mut Tables, name: &'static str, at: Vec<u8>, to: u64) -> u64 {
    let counts = tables.counts.entry(name).or_default();
    let was = if to == 0 { counts.remove(&at) } else { counts.insert(at, to) };
    was.unwrap_or_default()
}

impl View for Attempt<'_> {
    fn get(&self, kind: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.tables.get(kind, id)
    }

    fn rows(&self, kind: &'static Kind, span: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
        self.tables.rows(kind, span, most)
    }

    fn find(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        self.tables.find(kind, key, place)
    }

    fn places(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Pointed>, Fault> {
        self.tables.places(kind, key, span, most)
    }

    fn counts(&self, key: &'static Key, prefix: &[u8]) -> Result<Vec<Counted>, Fault> {
        self.tables.counts(key, prefix)
    }
}

impl Change for Attempt<'_> {
    fn put(
        &mut self,
        kind: &'static Kind,
        id: &[u8],
        row: &[u8],
        keys: Places<'_>,
    ) -> Result<(), Fault> {
        for left in keys.left() {
            self.leave(left);
        }
        for new in keys.taken() {
            self.come(kind, id, new)?;
        }
        self.set(kind.name, id, Some(row));
        Ok(())
    }

    fn delete(&mut self, kind: &'static Kind, id: &[u8], had: &[Keyed]) -> Result<(), Fault> {
        for left in had {
            self.leave(left);
        }
        self.set(kind.name, id, None);
        Ok(())
    }

    fn set_place(
        &mut self,
        _kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
        id: Option<&[u8]>,
    ) -> Result<(), Fault> {
        self.set(key.name, place, id);
        Ok(())
    }

    fn set_count(&mut self, key: &'static Key, place: &[u8], to: u64) -> Result<(), Fault> {
        let was = count(self.tables, key.name, place.to_vec(), to);
        self.before.push(Undo::Count(key.name, place.to_vec(), was));
        Ok(())
    }
}
