//! Tables of bytes, as maps. How declared keys lie in them: see [`storage_rules::tables`]. Takes nothing
//! back: see [`crate::change`].

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use storage_rules::{Fault, Span, Stored, Way, tables::TableView};

/// Everything that is stored: a map a table.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tables(HashMap<&'static str, BTreeMap<Vec<u8>, Vec<u8>>>);

impl Tables {
    /// Lays `to` at `at`, or takes away what is there; returns what was.
    pub fn set(
        &mut self,
        table: &'static str,
        at: Vec<u8>,
        to: Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let map = self.0.entry(table).or_default();
        match to {
            Some(value) => map.insert(at, value),
            None => map.remove(&at),
        }
    }
}

impl TableView for Tables {
    fn value(&self, table: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(table).and_then(|map| map.get(at)).cloned())
    }

    fn values(&self, table: &'static str, span: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
        let map = self.0.get(table).filter(|_| !span.is_empty());
        let Some(map) = map else { return Ok(Vec::new()) };
        let high = span.high.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let range = map.range((Bound::Included(span.low.clone()), high));
        let own = |(at, value): (&Vec<u8>, &Vec<u8>)| (at.clone(), value.clone());
        Ok(match span.way {
            Way::Up => range.take(most).map(own).collect(),
            Way::Down => range.rev().take(most).map(own).collect(),
        })
    }
}
