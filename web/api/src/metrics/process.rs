//! What the kernel knows of this process, under Prometheus' usual `process_*` names.
//!
//! Read from /proc when scraped. A value that cannot be read keeps its last one.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// Ticks a second in /proc/self/stat; part of Linux' user ABI on every architecture.
const TICKS: f64 = 100.0;

type Seconds = Gauge<f64, AtomicU64>;

/// The values.
#[derive(Debug, Default, Clone)]
pub(super) struct Process {
    cpu: Counter<f64, AtomicU64>,
    resident: Gauge,
    threads: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
    started: Seconds,
    scraped: std::sync::Arc<AtomicU64>,
}

impl Process {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("process_cpu_seconds", "CPU time used", self.cpu.clone());
        registry.register("process_resident_memory_bytes", "Memory in RAM", self.resident.clone());
        registry.register("process_threads", "Threads", self.threads.clone());
        registry.register("process_open_fds", "Open file descriptors", self.open_fds.clone());
        registry.register("process_max_fds", "Most file descriptors", self.max_fds.clone());
        let help = "Start, seconds since 1970";
        registry.register("process_start_time_seconds", help, self.started.clone());
    }

    /// Reads them anew.
    pub(super) fn refresh(&self) {
        if let Some(stat) =
            fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(after_name)
        {
            // Fields 14 and 15 of the file are 11 and 12 behind the name; 22 is 19.
            let ticks = field(stat, 11) + field(stat, 12);
            self.count_cpu(ticks);
            self.threads.set(i64::try_from(field(stat, 17)).unwrap_or(0));
            self.started.set(booted() + seconds(field(stat, 19)));
        }
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            self.resident.set(resident_bytes(&status));
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // The directory itself is open while it is read.
            self.open_fds.set(i64::try_from(entries.count().saturating_sub(1)).unwrap_or(0));
        }
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        self.max_fds.set(limit.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1));
    }

    fn count_cpu(&self, ticks: u64) {
        let before = self.scraped.fetch_max(ticks, Ordering::Relaxed);
        self.cpu.inc_by(seconds(ticks.saturating_sub(before)));
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ticks are three million years")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS
}

/// The second field is the program's name in brackets and may hold blanks and brackets itself.
fn after_name(stat: &str) -> Option<&str> {
    stat.rsplit_once(") ").map(|(_, rest)| rest)
}

fn field(stat: &str, index: usize) -> u64 {
    stat.split_ascii_whitespace().nth(index).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn booted() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "));
    line.and_then(|text| text.trim().parse().ok()).unwrap_or(0.0)
}

fn resident_bytes(status: &str) -> i64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|text| text.split_ascii_whitespace().next()?.parse::<i64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 12 0 900";
        let rest = after_name(stat).unwrap();
        assert_eq!((field(rest, 11), field(rest, 12)), (250, 50));
        assert_eq!((field(rest, 17), field(rest, 19)), (12, 900));
    }

    #[test]
    fn the_numbers_are_this_process() {
        let process = Process::default();
        process.refresh();
        assert!(process.resident.get() > 100_000 && process.threads.get() >= 1);
        assert!(process.open_fds.get() >= 3 && process.started.get() > 1.6e9);
    }
}
