//! The role that says what of the records cannot be read, for readiness, the doctor and whoever shows
//! memories. Mends nothing: the store does that by itself where it can.

use std::{collections::BTreeSet, fmt};

use crate::MemoryId;

/// Says what of the records is damaged.
///
/// A list, a search, an export or a count MUST leave out what is damaged, and what was left out MUST
/// be named here from then on. Asking MUST be cheap.
pub trait StoreDamage: fmt::Debug + Send + Sync {
    /// Returns what is known of damage in this life of the server.
    fn damage(&self) -> DamageReport;
}

/// What is known of damage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DamageReport {
    /// Whether the rows and what is derived from them have been compared since the start.
    pub compared: Compared,
    /// Rows, pages and blocks that cannot be read; the first thousand.
    pub found: Vec<Damaged>,
    /// What was found at the start and is whole again: told once, with what is missing all the same.
    pub mended: Vec<Damaged>,
}

/// How far the comparison at the start has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compared {
    /// It is at work, or waits for its turn.
    #[default]
    Checking,
    /// It is done; so many derived rows were mended.
    Done {
        /// How many.
        mended: u64,
    },
    /// It broke off; the log says why.
    BrokeOff,
}

/// A row, or a block of the archive, that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Where it is: a table and a row, or a file and a block.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// The memory that is left out because of it, where that is known.
    pub memory: Option<MemoryId>,
}

impl DamageReport {
    /// Returns how many memories are known to be left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.found.iter().filter_map(|it| it.memory).collect::<BTreeSet<_>>().len()
    }

    /// Returns the state's code for anybody: no sentence, no path.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.compared {
            _ if !self.found.is_empty() => "damaged",
            Compared::Done { .. } => "ok",
            Compared::Checking => "checking",
            Compared::BrokeOff => "unchecked",
        }
    }
}
