//! One index, measured: building, searching, deleting, opening.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use appliance_core::{
    MemoryId, SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use tempfile::TempDir;
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

/// The product's index over some data, in a folder of its own.
#[derive(Debug)]
pub struct Contest<'a> {
    data: &'a Data,
    index: SegmentIndex,
    folder: TempDir,
    build_seconds: f64,
    inserts_us: Vec<f64>,
    grown_mib: f64,
}

impl<'a> Contest<'a> {
    /// Inserts one by one and merges. Files are made in `beside`: on a disk, not in memory.
    ///
    /// # Errors
    /// When the index refuses a vector or cannot make its folder.
    pub fn build(data: &'a Data, beside: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(beside)?;
        let folder = TempDir::new_in(beside).context("while making a folder for the index")?;
        let before = held_mib();
        let index = SegmentIndex::open(
            folder.path(),
            data.dim,
            Options::default(),
            appliance_tasks::Tasks::new(),
        )?
        .index;
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
        let grown_mib = held_mib() - before;
        Ok(Self { data, index, folder, build_seconds, inserts_us, grown_mib })
    }

    /// Returns seconds to build, and MiB that the process holds more: what the system cannot take
    /// back. Exact vectors are in a mapped file, which it can.
    #[must_use]
    pub fn built(&self) -> (f64, f64) {
        (self.build_seconds, self.grown_mib)
    }

    /// Returns the time after which a given share of inserts was searchable, microseconds.
    #[must_use]
    pub fn insert_us(&self, share: f64) -> f64 {
        self.inserts_us[(self.inserts_us.len() as f64 * share) as usize]
    }

    /// Says what building cost.
    #[must_use]
    pub fn costs(&self) -> [String; 2] {
        let (p50, p99) = (self.insert_us(0.5), self.insert_us(0.99));
        [
            format!("built in {:.1} s, {:.0} MiB held", self.build_seconds, self.grown_mib),
            format!("searchable after insert: p50 {p50:.1} us, p99 {p99:.1} us"),
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

    /// Saves, opens, deletes a fifth; returns microseconds a delete, recall before and after.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn aging(&self) -> anyhow::Result<[f64; 3]> {
        self.index.set_ef(128);
        let fresh = self.survivors()?;
        let gone: Vec<MemoryId> = (0..self.data.count() as u32).step_by(5).map(id).collect();
        let runtime = runtime()?;
        let start = Instant::now();
        for id in &gone {
            runtime.block_on(self.index.delete(owner(), &[*id]))?;
        }
        let each = start.elapsed().as_secs_f64() * 1e6 / gone.len() as f64;
        Ok([each, fresh, self.survivors()?])
    }

    /// Saves the index; returns milliseconds.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn save_ms(&self) -> anyhow::Result<f64> {
        let start = Instant::now();
        wait(self.index.save(1))??;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    /// Opens the saved index, as a process that starts does, and asks once; returns milliseconds.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_ms(&self) -> anyhow::Result<f64> {
        let (query, all) = (self.data.query(0), SearchFilter::default());
        let runtime = runtime()?;
        let start = Instant::now();
        let opened = SegmentIndex::open(
            self.folder.path(),
            self.data.dim,
            Options::default(),
            appliance_tasks::Tasks::new(),
        )?;
        let found = runtime.block_on(opened.index.search(owner(), &query, &all, K))?;
        let took = start.elapsed().as_secs_f64() * 1e3;
        ensure!(opened.rebuilt.is_none() && found.len() == K, "{:?}", opened.rebuilt);
        Ok(took)
    }

    /// Recall against those of the true answers that are there whether or not a fifth is deleted.
    fn survivors(&self) -> anyhow::Result<f64> {
        let (mut hits, mut wanted) = (0, 0);
        let all = SearchFilter::default();
        for n in 0..self.data.query_count() {
            let query = self.data.query(n);
            let found = wait(self.index.search(owner(), &query, &all, K))??;
            let left = self.data.truth(0, n).iter().filter(|row| **row % 5 != 0);
            for row in left {
                wanted += 1;
                hits += usize::from(found.iter().any(|(id, _)| number(*id) == *row));
            }
        }
        Ok(hits as f64 / wanted as f64)
    }
}

/// Puts all vectors in, and returns seconds.
///
/// # Errors
/// When the index refuses one.
pub fn fill(index: &dyn VectorIndex, data: &Data) -> anyhow::Result<f64> {
    let start = Instant::now();
    for first in (0..data.count()).step_by(1_000) {
        let last = data.count().min(first + 1_000);
        let entries: Vec<IndexEntry> = (first..last).map(|n| data.entry(n)).collect();
        wait(index.upsert(entries))??;
    }
    Ok(start.elapsed().as_secs_f64())
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

/// What the process holds in memory besides files.
fn held_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
