//! Rows and the places of their declared keys, as maps. Takes nothing back: see [`crate::change`].

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use storage_rules::{Counted, Fault, Key, Kind, Pointed, Span, Stored, View, Way};

/// One map: ids to rows, or places to ids.
pub(crate) type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Everything that is stored.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tables {
    /// Rows by kind and id, and ids by key and place.
    pub maps: HashMap<&'static str, Map>,
    /// How many rows have a place, by key and place.
    pub counts: HashMap<&'static str, BTreeMap<Vec<u8>, u64>>,
}

impl Tables {
    fn stretch(&self, name: &'static str, span: &Span, most: usize) -> Vec<Stored> {
        let Some(map) = self.maps.get(name).filter(|_| !span.is_empty()) else { return Vec::new() };
        let high = span.high.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let range = map.range((Bound::Included(span.low.clone()), high));
        let own = |(at, value): (&Vec<u8>, &Vec<u8>)| (at.clone(), value.clone());
        match span.way {
            Way::Up => range.take(most).map(own).collect(),
            Way::Down => range.rev().take(most).map(own).collect(),
        }
    }

    fn found(&self, name: &'static str, at: &[u8]) -> Option<Vec<u8>> {
        self.maps.get(name)?.get(at).cloned()
    }
}

impl View for Tables {
    fn get(&self, kind: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.found(kind.name, id))
    }

    fn rows(&self, kind: &'static Kind, span: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
        Ok(self.stretch(kind.name, span, most))
    }

    fn find(
        &self,
        _kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.found(key.name, place))
    }

    fn places(
        &self,
        _kind: &'static Kind,
        key: &'static Key,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Pointed>, Fault> {
        let found = self.stretch(key.name, span, most).into_iter();
        Ok(found.map(|(place, id)| (place, Ok(id))).collect())
    }

    fn counts(&self, key: &'static Key, prefix: &[u8]) -> Result<Vec<Counted>, Fault> {
        let all = self.counts.get(key.name).into_iter().flatten();
        let within = all.filter(|(place, _)| place.starts_with(prefix));
        Ok(within.map(|(place, count)| (place.clone(), Ok(*count))).collect())
    }
}
