//! One index, measured: building, searching, deleting, opening.

use std::fs;

use anyhow::Context;
use appliance_core::{
    MemoryId, SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use tokio::{runtime::Runtime, time::Instant};
use vector::{Options, SegmentIndex};

use super::data::{Data, FILTERS, K, id, number, owner, wait};

/// What one round of questions gave.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// Of the true ten, how many were found.
    pub recall: f64,
    /// Questions a second.
    pub qps: f64,
    /// The middle question's time.
    pub p50_us: f64,
}

/// The product's index over some data.
#[derive(Debug)]
pub struct Contest<'a> {
    data: &'a Data,
    index: SegmentIndex,
    build_seconds: f64,
    inserts_us: Vec<f64>,
    grown_mib: f64,
}

impl<'a> Contest<'a> {
    /// Inserts one by one and merges.
    ///
    /// # Errors
    /// When the index refuses a vector.
    pub fn build(data: &'a Data) -> anyhow::Result<Self> {
        let before = resident_mib();
        let index = SegmentIndex::new(data.dim, Options::default());
        let runtime = runtime()?;
        let start = Instant::now();
        let mut inserts_us = Vec::with_capacity(data.count());
        for n in 0..data.count() {
            let entry = vec![data.entry(n)];
            let start = Instant::now();
            runtime.block_on(index.upsert(entry))?;
            inserts_us.push(start.elapsed().as_secs_f64() * 1e6);
        }
        index.consolidate();
        let build_seconds = start.elapsed().as_secs_f64();
        inserts_us.sort_by(f64::total_cmp);
        let grown_mib = resident_mib() - before;
        Ok(Self { data, index, build_seconds, inserts_us, grown_mib })
    }

    /// Returns seconds to build, and MiB that the process grew by.
    #[must_use]
    pub fn built(&self) -> (f64, f64) {
        (self.build_seconds, self.grown_mib)
    }

    /// Says what building cost.
    #[must_use]
    pub fn costs(&self) -> [String; 2] {
        let at = |share: f64| self.inserts_us[(self.inserts_us.len() as f64 * share) as usize];
        [
            format!("built in {:.1} s, {:.0} MiB", self.build_seconds, self.grown_mib),
            format!("searchable after insert: p50 {:.1} us, p99 {:.1} us", at(0.5), at(0.99)),
        ]
    }

    /// Returns the narrowest of `efs` that reaches `goal`.
    #[must_use]
    pub fn width_for(&self, filter: usize, goal: f64, efs: &[usize]) -> Option<usize> {
        efs.iter().copied().find(|&ef| self.sweep(filter, ef).recall >= goal)
    }

    /// Asks every question once.
    #[must_use]
    pub fn sweep(&self, filter: usize, ef: usize) -> Sweep {
        self.index.set_ef(ef);
        ask(&self.index, self.data, filter, self.data.query_count())
    }

    /// Saves, opens, deletes a fifth, and says what each cost.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn aging(&self) -> anyhow::Result<Vec<String>> {
        let dir = tempfile::tempdir()?;
        let start = Instant::now();
        self.index.save(dir.path(), 0)?;
        let saved = start.elapsed();
        let opened = self.open_ms(dir.path())?;
        let fresh = self.sweep(0, 128).recall;
        let gone: Vec<MemoryId> = (0..self.data.count() as u32).step_by(5).map(id).collect();
        let start = Instant::now();
        wait(self.index.delete(owner(), &gone))??;
        let each = start.elapsed().as_secs_f64() * 1e6 / gone.len() as f64;
        Ok(vec![
            format!("\nsaved in {saved:.1?}; open and first search {opened:.1} ms"),
            format!("delete {each:.2} us each"),
            format!("recall at ef 128 {fresh:.4}, after a fifth was deleted {:.4}", self.thinned()),
        ])
    }

    /// Opens a saved index and asks once.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_ms(&self, dir: &std::path::Path) -> anyhow::Result<f64> {
        let start = Instant::now();
        let opened = SegmentIndex::open(dir, self.data.dim, Options::default())?;
        let (index, _) = opened.context("nothing was saved")?;
        let all = SearchFilter::default();
        wait(index.search(owner(), &self.data.query(0), &all, K))??;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    /// Saves for [`Self::open_ms`].
    ///
    /// # Errors
    /// When the disk says no.
    pub fn save(&self, dir: &std::path::Path) -> anyhow::Result<()> {
        Ok(self.index.save(dir, 0)?)
    }

    /// Recall against those of the true answers that are still there.
    fn thinned(&self) -> f64 {
        let (mut hits, mut wanted) = (0, 0);
        let all = SearchFilter::default();
        for n in 0..self.data.query_count() {
            let query = self.data.query(n);
            let search = self.index.search(owner(), &query, &all, K);
            let Ok(Ok(found)) = wait(search) else { continue };
            let left = self.data.truth(0, n).iter().filter(|row| **row % 5 != 0);
            for row in left {
                wanted += 1;
                hits += usize::from(found.iter().any(|(id, _)| number(*id) == *row));
            }
        }
        hits as f64 / wanted as f64
    }
}

/// Puts all vectors in.
///
/// # Errors
/// When the index refuses one.
pub fn fill(index: &dyn VectorIndex, data: &Data) -> anyhow::Result<()> {
    let entries: Vec<IndexEntry> = (0..data.count()).map(|n| data.entry(n)).collect();
    Ok(wait(index.upsert(entries))??)
}

/// Asks the first `questions` once, one after the other.
#[must_use]
pub fn ask(index: &dyn VectorIndex, data: &Data, filter: usize, questions: usize) -> Sweep {
    let Ok(runtime) = runtime() else { return Sweep { recall: 0.0, qps: 0.0, p50_us: 0.0 } };
    let asked = SearchFilter { agent: FILTERS[filter].1, ..SearchFilter::default() };
    let (mut times, mut hits, mut wanted) = (Vec::with_capacity(questions), 0, 0);
    for n in 0..questions {
        let query = data.query(n);
        let start = Instant::now();
        let found = runtime.block_on(index.search(owner(), &query, &asked, K));
        times.push(start.elapsed().as_secs_f64());
        let found = found.unwrap_or_default();
        for truth in data.truth(filter, n).iter().filter(|truth| **truth != u32::MAX) {
            wanted += 1;
            hits += usize::from(found.iter().any(|(id, _)| number(*id) == *truth));
        }
    }
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    Sweep {
        recall: hits as f64 / wanted.max(1) as f64,
        qps: questions as f64 / total,
        p50_us: times.get(questions / 2).copied().unwrap_or_default() * 1e6,
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}

/// What the process holds in memory.
fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
