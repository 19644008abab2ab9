//! Processes as `/proc` shows them: who descends from whom, what they carry, how much they hold.
//!
//! Also the broom: [`sweep`] ends what still belongs to a home, which is told by the home's own path
//! in a process's environment or arguments, so nothing that a test did not start is ever touched.

use std::{fs, path::Path};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// One process at the moment it was looked at.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its parent's id.
    pub parent: u32,
    /// Its arguments, one a line.
    pub arguments: String,
    /// Its environment at start, one variable a line.
    pub environment: String,
}

/// Returns every process that can be read.
#[must_use]
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// Returns all descendants of `roots`, the roots themselves left out.
#[must_use]
pub fn descendants(roots: &[u32]) -> Vec<Process> {
    let all = all();
    let mut family: Vec<u32> = roots.to_vec();
    let mut found = Vec::new();
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        for child in all.iter().filter(|process| process.parent == parent) {
            if !family.contains(&child.pid) {
                family.push(child.pid);
                found.push(child.clone());
            }
        }
        at += 1;
    }
    found
}

/// Returns the processes that carry `home` in their environment or arguments.
#[must_use]
pub fn of_home(home: &Path) -> Vec<Process> {
    let mark = home.display().to_string();
    all()
        .into_iter()
        .filter(|process| process.environment.contains(&mark) || process.arguments.contains(&mark))
        .collect()
}

/// Tells whether a process has ended and nobody has asked how.
#[must_use]
pub fn is_defunct(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it may hold anything, brackets too. Source: proc(5).
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

/// Ends every process of `home` at once.
pub fn sweep(home: &Path) {
    for process in of_home(home).into_iter().filter(|process| process.pid != std::process::id()) {
        kill(process.pid, Signal::KILL);
    }
}

/// Sends `signal`; a process that is gone already is fine.
pub fn kill(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _gone = kill_process(pid, signal);
    }
}

/// Tells whether the process is there and not a zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// Returns the memory it holds, in bytes: resident pages (`VmRSS`).
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn read(pid: u32) -> Option<Process> {
    let (_, parent) = stat(pid)?;
    let lines = |name: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', "\n")
    };
    Some(Process { pid, parent, arguments: lines("cmdline"), environment: lines("environ") })
}

/// Returns the state letter and the parent; the name before them may hold spaces and brackets.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let state = after_name.next()?.chars().next()?;
    Some((state, after_name.next()?.parse().ok()?))
}
