//! The machine a figure was taken on, as `/proc` tells it.

use std::fs;

use serde::{Deserialize, Serialize};

/// What moves figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory, GiB.
    pub memory_gib: u64,
    /// The kernel's release.
    pub kernel: String,
}

/// Describes this machine; what cannot be read is `unknown` or 0.
#[must_use]
pub fn this() -> Machine {
    Machine {
        cpu: value_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        memory_gib: memory_gib().unwrap_or(0),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| "unknown".to_owned(), |release| release.trim().to_owned()),
    }
}

fn memory_gib() -> Option<u64> {
    let kibibytes = value_of("/proc/meminfo", "MemTotal")?;
    kibibytes.trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib / (1024 * 1024))
}

fn value_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
