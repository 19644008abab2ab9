//! The durable bus at work: the leases, the bell that wakes waiting takers, and the port
//! ([`streams`]). What is stored and who holds what is said in `storage_rules::bus`.
//!
//! Invariant: the memory side changes only after the commit it mirrors.

mod streams;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use storage_rules::bus::{Happened, lines::Lines};
use tokio::sync::Notify;

/// The memory side of the bus and the bell that wakes waiting takers.
#[derive(Debug)]
pub(crate) struct Bus {
    lines: Mutex<Lines>,
    bell: Notify,
    closed: AtomicBool,
}

impl Bus {
    /// Begins with what was found in the file.
    pub fn new(lines: Lines) -> Self {
        Self { lines: Mutex::new(lines), bell: Notify::new(), closed: AtomicBool::new(false) }
    }

    /// Mirrors what a commit did and wakes whoever waits.
    pub fn mirror(&self, happened: Vec<Happened>) {
        if happened.is_empty() {
            return;
        }
        let mut ring = false;
        let mut lines = self.lines();
        for event in happened {
            ring |= matches!(event, Happened::Appended { .. });
            lines.mirror(event);
        }
        drop(lines);
        if ring {
            self.ring();
        }
    }

    /// Sends every waiting taker home.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.ring();
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn ring(&self) {
        self.bell.notify_waiters();
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
