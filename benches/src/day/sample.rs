//! One look at what a server and its agents hold: memory, descriptors, files and bytes by kind.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::Context as _;
use appliance_tests::{Server, processes::resident_bytes};
use tokio::time::{Duration, Instant, sleep_until};

/// Looks in all.
const LOOKS: u32 = 40;

/// The learnings' folder, which has a file for each.
const LEARNINGS: &str = "pai";

/// What was held at a moment.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// When, since the first one.
    pub at: Duration,
    /// Resident pages of the server.
    pub server_bytes: u64,
    /// Resident pages of the agents together.
    pub agents_bytes: u64,
    /// Open descriptors of the server; 0 where they cannot be seen.
    pub descriptors: usize,
    /// Files in the data directory, learnings aside.
    pub files: usize,
    /// Bytes in the data directory by the first part of the path, in the indexes by the second.
    pub data: BTreeMap<String, u64>,
}

/// Looks again and again until `end`, which is `span` away.
///
/// # Errors
/// When the server is gone.
pub async fn take(server: &Server, span: Duration, end: Instant) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let began = end - span;
    for look in 1..=LOOKS {
        sleep_until(began + span * look / LOOKS).await;
        samples.push(look_at(server, began.elapsed()).await?);
    }
    Ok(samples)
}

async fn look_at(server: &Server, at: Duration) -> anyhow::Result<Sample> {
    let pid = server.pid()?;
    let agents = server.local()?.agents().await?;
    let held = agents.iter().filter_map(|agent| resident_bytes(agent.pid?));
    let mut sample = Sample {
        at,
        server_bytes: resident_bytes(pid).context("the server is gone")?,
        agents_bytes: held.sum(),
        descriptors: fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count),
        ..Sample::default()
    };
    let data = server.home().data();
    for (path, bytes) in files(&data) {
        let kind = kind_of(path.strip_prefix(&data)?);
        sample.files += usize::from(kind != LEARNINGS);
        *sample.data.entry(kind).or_default() += bytes;
    }
    Ok(sample)
}

fn kind_of(place: &Path) -> String {
    let mut parts = place.iter().map(|part| part.to_string_lossy().into_owned());
    let first = parts.next().unwrap_or_default();
    if first == "index" { parts.next().unwrap_or(first) } else { first }
}

/// Returns the files under `folder` with their bytes; what goes away meanwhile is left out.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(of) if of.is_dir() => found.extend(files(&entry.path())),
            Ok(of) if of.is_file() => found.push((entry.path(), of.len())),
            _ => {}
        }
    }
    found
}

/// Returns the samples as a table.
#[must_use]
pub fn table(samples: &[Sample]) -> String {
    let mut kinds: Vec<&String> = samples.iter().flat_map(|it| it.data.keys()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut table = "  time  server  agents   fds files".to_owned();
    for kind in &kinds {
        let _ok = write!(table, " {kind:>12.12}");
    }
    table.push_str("   (memory in MiB, data in KiB)\n");
    for it in samples {
        let mib = |bytes: u64| bytes as f64 / super::MIB;
        let _ok = write!(
            table,
            "{:>5}s {:>7.1} {:>7.1} {:>5} {:>5}",
            it.at.as_secs(),
            mib(it.server_bytes),
            mib(it.agents_bytes),
            it.descriptors,
            it.files
        );
        for kind in &kinds {
            let _ok = write!(table, " {:>12}", it.data.get(*kind).copied().unwrap_or(0) / 1_024);
        }
        table.push('\n');
    }
    table
}
