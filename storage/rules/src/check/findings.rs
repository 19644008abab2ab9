//! What a comparison found. Mends nothing.

use std::collections::HashMap;

use appliance_core::ports::Damaged;

use crate::{Draft, Fault, Key, Kind, View};

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows that cannot be read, or that another row misses.
    pub damaged: Vec<Damaged>,
    pub(super) amiss: Vec<Amiss>,
    pub(super) counts_differ: bool,
    /// A table could not be read to its end.
    pub(super) is_partial: bool,
}

/// A derived row that does not follow from the rows.
#[derive(Debug)]
pub(super) enum Amiss {
    /// A row lacks places under its keys.
    Lacks(fn(&mut Draft<'_>, &[u8]) -> Result<Vec<String>, Fault>, Vec<u8>),
    /// A place belongs to no row.
    Stray(fn(&dyn View, &Stray) -> Result<bool, Fault>, Stray),
    /// A form is held by a memory that does not hold it.
    Held(Vec<u8>),
}

/// A place that no row seems to have.
#[derive(Debug)]
pub(super) struct Stray {
    pub kind: &'static Kind,
    pub key: &'static Key,
    pub place: Vec<u8>,
}

/// How many rows have each place of the counted keys.
pub(super) type Tallies = HashMap<Vec<u8>, u64>;

impl Findings {
    /// Tells whether there is something to mend.
    #[must_use]
    pub const fn is_amiss(&self) -> bool {
        !self.amiss.is_empty() || self.counts_differ
    }
}
