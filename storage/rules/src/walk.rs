//! Walking rows in an order: some at a time, so that a walk holds nothing of the adapter's open and
//! may read other rows as it goes. Skips nothing by itself: a damaged row is an item. A [sparing]
//! walk names the page that cannot be read and goes on beyond it.
//!
//! [sparing]: Walk::sparing

use std::marker::PhantomData;

use appliance_core::{Page, PageRequest};

use crate::{
    Fault, damage,
    entity::{Entity, Key, trailing_seq},
    gap,
    sealed::{dangling, open},
    stored::{Span, View},
};

/// Rows that are asked for at a time.
const AT_ONCE: usize = 128;

/// The order of a walk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// By the rows' ids.
    Ids,
    /// By a declared key.
    By(&'static Key),
}

/// A row that was met, or the damage there.
#[derive(Debug)]
pub struct Met<E> {
    /// Its id, or its place under the key of the walk.
    pub place: Vec<u8>,
    /// The row.
    pub row: Result<E, Fault>,
}

/// A walk; ends after the first failure of the adapter.
#[derive(Debug)]
pub struct Walk<'v, V: ?Sized, E> {
    view: &'v V,
    order: Order,
    /// Pages that cannot be read cost their rows and no others.
    spares: bool,
    rest: Option<Span>,
    waiting: std::vec::IntoIter<Waiting>,
    row: PhantomData<fn() -> E>,
}

/// A place that was read and not yet given out.
#[derive(Debug)]
enum Waiting {
    Row(Vec<u8>, Vec<u8>),
    Pointed(Vec<u8>, Result<Vec<u8>, Fault>),
}

impl Waiting {
    fn place(&self) -> &[u8] {
        match self {
            Self::Row(place, _) | Self::Pointed(place, _) => place,
        }
    }
}

impl<'v, V: View + ?Sized, E: Entity> Walk<'v, V, E> {
    pub(crate) fn of(view: &'v V, order: Order, span: Span) -> Self {
        let waiting = Vec::new().into_iter();
        Self { view, order, spares: false, rest: Some(span), waiting, row: PhantomData }
    }

    /// Names what cannot be read of a table and goes on beyond it: for whoever shows rows. Whoever
    /// decides by them must not.
    pub fn sparing(self) -> Self {
        Self { spares: true, ..self }
    }

    /// Reads on; false at the end.
    fn read_on(&mut self) -> Result<bool, Fault> {
        let Some(mut span) = self.rest.take().filter(|span| !span.is_empty()) else {
            return Ok(false);
        };
        let mut most = AT_ONCE;
        let read = loop {
            match self.read(&span, most) {
                Err(fault) if self.spares && fault.is_of_one_table() => {
                    if most > 1 {
                        most /= 2; // up to the page
                        continue;
                    }
                    damage::readable::<V, ()>(self.view, Err(fault), None)?;
                    let Some(beyond) = gap::beyond(&span, |span| self.is_readable(span))? else {
                        return Ok(false);
                    };
                    (span, most) = (beyond, AT_ONCE);
                }
                read => break read?,
            }
        };
        let (is_full, mut last) = (read.len() == most, None);
        let mut found: Vec<Waiting> = Vec::with_capacity(read.len());
        for waiting in read {
            let before = last.map(|at: usize| found[at].place());
            // A walk that followed a damaged page back would not end.
            if span.goes_on(before, waiting.place()) {
                last = Some(found.len());
                found.push(waiting);
            } else {
                let place = waiting.place().to_vec();
                let astray = dangling(E::KIND.name, &place);
                found.push(Waiting::Pointed(place, Err(astray)));
            }
        }
        self.rest = last.filter(|_| is_full).map(|at| span.beyond(found[at].place()));
        self.waiting = found.into_iter();
        Ok(self.waiting.len() > 0)
    }

    /// Reads up to `most` places.
    fn read(&self, span: &Span, most: usize) -> Result<Vec<Waiting>, Fault> {
        Ok(match self.order {
            Order::Ids => {
                let rows = self.view.rows(E::KIND, span, most)?.into_iter();
                rows.map(|(id, row)| Waiting::Row(id, row)).collect()
            }
            Order::By(key) => {
                let places = self.view.places(E::KIND, key, span, most)?.into_iter();
                places.map(|(place, id)| Waiting::Pointed(place, id)).collect()
            }
        })
    }

    /// Tells whether the first place can be read.
    fn is_readable(&self, span: &Span) -> Result<bool, Fault> {
        match self.read(span, 1) {
            Err(fault) if fault.is_of_one_table() => Ok(false),
            read => read.map(|_| true),
        }
    }

    /// Returns the row that a place points to; its absence is damage.
    fn follow(&self, id: &[u8], from: &'static str) -> Result<E, Fault> {
        let sealed = self.view.get(E::KIND, id)?.ok_or_else(|| dangling(from, id))?;
        open(id, &sealed)
    }

    fn meet(&self, waiting: Waiting) -> Result<Met<E>, Fault> {
        let (place, row) = match waiting {
            Waiting::Row(id, sealed) => {
                let row = open(&id, &sealed);
                (id, row)
            }
            Waiting::Pointed(place, id) => {
                let from = if let Order::By(key) = self.order { key.name } else { E::KIND.name };
                (place, id.and_then(|id| self.follow(&id, from)))
            }
        };
        match row {
            Err(fault) if fault.is_of_one_table() && self.spares => {
                Ok(Met { place, row: Err(fault) })
            }
            Err(fault) if !fault.is_of_one_row() => Err(fault),
            row => Ok(Met { place, row }),
        }
    }
}

impl<V: View + ?Sized, E: Entity> Iterator for Walk<'_, V, E> {
    type Item = Result<Met<E>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.waiting.len() == 0 {
            match self.read_on() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(fault) => return Some(Err(fault)),
            }
        }
        let waiting = self.waiting.next()?;
        Some(self.meet(waiting))
    }
}

/// Returns the rows of a walk that can be read; the others are noted.
pub(crate) fn readable<V: View + ?Sized, E: Entity>(
    walk: Walk<'_, V, E>,
) -> impl Iterator<Item = Result<E, Fault>> {
    let view = walk.view;
    walk.filter_map(move |met| match met {
        Ok(met) => damage::readable(view, met.row, None).transpose(),
        Err(fault) => Some(Err(fault)),
    })
}

/// Makes a page of a walk from the highest down: `pick` turns a row into an item, or leaves it out.
/// What cannot be read is left out too, and noted, a page of the table too.
///
/// # Errors
/// Whatever the walk or `pick` fails with.
pub(crate) fn page<V: View + ?Sized, E: Entity, T>(
    walk: Walk<'_, V, E>,
    wanted: PageRequest,
    mut pick: impl FnMut(E) -> Result<Option<T>, Fault>,
) -> Result<Page<T>, Fault> {
    let mut found = Page { items: Vec::new(), next: None };
    let (view, mut last) = (walk.view, 0);
    for met in walk.sparing() {
        let Met { place, row } = met?;
        let Some(row) = damage::readable(view, row, None)? else { continue };
        let Some(item) = pick(row)? else { continue };
        if found.items.len() == wanted.limit {
            found.next = Some(last);
            break;
        }
        found.items.push(item);
        last = trailing_seq(&place);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use appliance_core::Message;

    use super::*;
    use crate::{stored::Stored, tables::TableView};

    /// A table whose pages give the same rows whatever is asked for.
    struct Circling;

    impl TableView for Circling {
        fn value(&self, _: &'static str, _: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
            Ok(None)
        }

        fn values(&self, _: &'static str, _: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
            Ok((0..most).map(|n| (vec![u8::try_from(n % 200).unwrap_or(0)], vec![0])).collect())
        }
    }

    #[test]
    fn a_walk_through_pages_that_lead_back_ends_and_names_what_is_astray() {
        for span in [Span::all(), Span::newest(&[], None)] {
            let walk = Walk::<_, Message>::of(&Circling, Order::Ids, span);
            let met: Vec<_> = walk.collect::<Result<_, _>>().unwrap();
            assert!(met.len() <= 2 * AT_ONCE, "{} rows", met.len());
            assert!(met.iter().all(|met| met.row.is_err()));
        }
    }
}
