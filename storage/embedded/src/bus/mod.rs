//! The durable bus: streams that are appended to in batches and handed out under leases.
//!
//! [`tables`] is what lies in the file: entries, cursors, and what was handed out and not yet
//! acknowledged, with its count. [`lines`] is the same in memory plus the leases, which live only
//! there: after a restart everything pending is handed out again. [`streams`] is the port.
//!
//! Invariant: the memory side changes only after the commit it mirrors.

pub(crate) mod lines;
mod streams;
pub(crate) mod tables;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use appliance_core::StreamName;
use tokio::sync::Notify;

use lines::Lines;

/// Something a committed batch did to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// An entry was appended.
    Appended { stream: StreamName, seq: u64 },
    /// An entry was handed out for the n-th time.
    Delivered { at: Spot, deliveries: u32 },
    /// An entry was acknowledged.
    Acked { at: Spot },
}

/// One entry in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The stream.
    pub stream: StreamName,
    /// The consumer group.
    pub group: String,
    /// The entry.
    pub seq: u64,
}

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
