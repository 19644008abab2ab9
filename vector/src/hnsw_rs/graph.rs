//! The crate `hnsw_rs`, kept in its bounds: unit vectors in, row numbers out, a panic is a `None`.
//!
//! Never loads a dump of the crate (its loader ends the process on a bad one) and never gives it a
//! vector or a distance that its asserts refuse. Its own cosine is computed number by number; ours is
//! the product of unit vectors, which the compiler turns into SIMD.
//!
//! Invariant: a graph whose insertion panicked is never asked again.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use ::hnsw_rs::prelude::{Distance, FilterT, Hnsw};
use appliance_core::Embedding;

/// Links a row makes; twice as many on the ground.
const LINKS: usize = 16;
/// Most levels that the crate takes.
const LEVELS: usize = 16;
/// Rows kept while looking for a new row's neighbours.
const EF_BUILD: usize = 200;
/// What the crate allocates for at first; it grows.
const ROOM: usize = 1_024;

/// One minus the cosine of unit vectors, never below zero and never NaN.
#[derive(Debug, Clone, Copy, Default)]
struct Cosine;

impl Distance<f32> for Cosine {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - Embedding::inner(a, b)).max(0.0)
    }
}

/// Which rows a search may return.
struct May<F>(F);

impl<F: Fn(usize) -> bool> FilterT for May<F> {
    fn hnsw_filter(&self, row: &usize) -> bool {
        (self.0)(*row)
    }
}

/// The crate's graph over rows that are known by their numbers.
pub(super) struct Graph {
    inner: Hnsw<'static, f32, Cosine>,
    broken: AtomicBool,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Default for Graph {
    fn default() -> Self {
        let inner = Hnsw::new(LINKS, ROOM, LEVELS, EF_BUILD, Cosine);
        Self { inner, broken: AtomicBool::new(false) }
    }
}

impl Graph {
    /// Links a row; a graph that cannot is broken from then on.
    pub(super) fn insert(&self, row: usize, values: &[f32]) {
        if self.is_broken() {
            return;
        }
        let linked = catch_unwind(AssertUnwindSafe(|| self.inner.insert_slice((values, row))));
        self.broken.fetch_or(linked.is_err(), Ordering::Relaxed);
    }

    /// Tells whether it can no longer be asked.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Returns up to `ef` near rows that `may` be returned; `None` when it cannot say.
    ///
    /// The crate filters what it found, so it is asked for all it kept, not for the few wanted.
    pub(super) fn near(
        &self,
        query: &[f32],
        ef: usize,
        may: Option<&dyn Fn(usize) -> bool>,
    ) -> Option<Vec<usize>> {
        if self.is_broken() {
            return None;
        }
        let filter = may.map(May);
        let filter = filter.as_ref().map(|may| may as &dyn FilterT);
        let ask = || self.inner.search_filter(query, ef, ef, filter);
        let found = catch_unwind(AssertUnwindSafe(ask)).ok()?;
        Some(found.into_iter().map(|near| near.d_id).collect())
    }
}
