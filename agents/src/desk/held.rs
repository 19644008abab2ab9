//! Which tasks were handed to whom: what the gateway asks before it lets an agent speak to the
//! model. The bus alone knows whether a lease still lives; this only finds it by its task.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::{Incarnation, TaskId, bus::AGENTS_GROUP, desk::Lease, ports::Streams};

/// The leases that were handed out, by holder and task.
#[derive(Debug, Default)]
pub(super) struct Held {
    leases: Mutex<HashMap<TaskId, (Incarnation, Lease)>>,
}

impl Held {
    /// Notes that `who` was handed the lease, and forgets those that have ended.
    pub(super) fn note(&self, who: Incarnation, lease: &Lease, streams: &dyn Streams) {
        let mut leases = self.leases();
        leases.retain(|_, (holder, lease)| lives(*holder, lease, streams));
        leases.insert(lease.task_id, (who, lease.clone()));
    }

    /// Tells whether `who` holds the lease of the task right now.
    pub(super) fn by(&self, who: Incarnation, task: TaskId, streams: &dyn Streams) -> bool {
        let leases = self.leases();
        let found = leases.get(&task);
        found.is_some_and(|(holder, lease)| *holder == who && lives(who, lease, streams))
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<TaskId, (Incarnation, Lease)>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lives(holder: Incarnation, lease: &Lease, streams: &dyn Streams) -> bool {
    streams.holds(holder, &lease.stream, AGENTS_GROUP, lease.seq)
}
