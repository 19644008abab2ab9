//! The graph: for each row its near rows, in levels that thin out by sixteen.
//!
//! Links have a fixed number of places and lie in one allocation: a row's ground links are two cache
//! lines, found by multiplication. [`walk`] searches it, [`build`] grows it. Holds no vectors.
//!
//! Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
//! hierarchical navigable small world graphs", 2018. M = 16, 32 links on the ground.
//!
//! Invariant: every link names a row of the graph that reaches the link's level, or is [`EMPTY`],
//! and nothing follows the first [`EMPTY`].

pub(super) mod build;
pub(super) mod walk;

use super::mapped::Column;

/// Links a row has on the ground.
pub(super) const GROUND_LINKS: usize = 32;
/// Links a row has on each higher level.
pub(super) const LINKS: usize = 16;
/// A place without a link, and a row without higher levels.
pub(super) const EMPTY: u32 = u32::MAX;
/// Most levels above the ground.
pub(super) const MOST_LEVELS: u8 = 12;

/// A row's links on the ground: two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Ground(pub(super) [u32; GROUND_LINKS]);

/// Links of all rows on all levels.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) ground: Column<Ground>,
    /// Where a row's links above the ground begin in `upper`, one entry a level; or [`EMPTY`].
    pub(super) towers: Column<u32>,
    pub(super) upper: Column<[u32; LINKS]>,
    /// The row that every walk begins at.
    pub(super) entry: u32,
    /// The entry's level, the highest there is.
    pub(super) top: u8,
}

impl Graph {
    /// Returns how many rows it links.
    pub(super) fn len(&self) -> usize {
        self.ground.len()
    }

    /// Returns a row's places on a level that it reaches, the free ones too.
    fn places(&self, row: u32, level: u8) -> &[u32] {
        if level == 0 {
            return &self.ground[row as usize].0;
        }
        &self.upper[self.tower(row, level)]
    }

    fn places_mut(&mut self, row: u32, level: u8) -> &mut [u32] {
        if level == 0 {
            return &mut self.ground.values_mut()[row as usize].0;
        }
        let at = self.tower(row, level);
        &mut self.upper.values_mut()[at]
    }

    fn tower(&self, row: u32, level: u8) -> usize {
        self.towers[row as usize] as usize + usize::from(level) - 1
    }

    /// Returns a row's links on a level that it reaches.
    pub(super) fn links(&self, row: u32, level: u8) -> &[u32] {
        let places = self.places(row, level);
        let used = places.iter().position(|&link| link == EMPTY).unwrap_or(places.len());
        &places[..used]
    }
}
