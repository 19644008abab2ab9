//! Claims: may this agent speak for this task, and under which key and fence does it change it.
//!
//! Used by every command of the desk. Changes nothing itself.
//!
//! Invariant: the fence ([`Condition::Leased`]) decides inside the commit; what is checked here
//! before it only gives better words and keeps one agent out of another's work.

use appliance_core::{
    Batch, BatchKey, Condition, Conflict, Incarnation, Priority, StoreError, StreamName, Task,
    Write, bus::AGENTS_GROUP, desk::Lease, ports::DeskError,
};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::Service;

impl Service {
    /// Returns the task if the claim is the agent's own; tells nothing about the lease's fence.
    pub(super) async fn claimed(&self, who: Incarnation, lease: &Lease) -> Result<Task, DeskError> {
        if !is_stream_of(who, &lease.stream) {
            return Err(DeskError::Refused(format!(
                "stream {} is not one of agent {}",
                lease.stream, who.agent
            )));
        }
        let task = self.parts.tasks.get(lease.task_id).await?;
        let task = task.ok_or_else(|| no_task(lease))?;
        if task.assigned_agent == who.agent { Ok(task) } else { Err(no_task(lease)) }
    }

    /// As [`claimed`](Self::claimed), and the lease must be held right now: for commands that
    /// commit nothing and so have no fence.
    pub(super) async fn held(&self, who: Incarnation, lease: &Lease) -> Result<Task, DeskError> {
        if !self.parts.streams.holds(who, &lease.stream, AGENTS_GROUP, lease.seq) {
            return Err(DeskError::LeaseLost(lease.task_id));
        }
        self.claimed(who, lease).await
    }
}

/// Starts a batch that is fenced by the lease and named after the delivery and `verb`.
pub(super) fn batch(lease: &Lease, verb: &str, asked: &impl Serialize) -> Batch {
    Batch::new().key(key(lease, verb, asked)).when(fence(lease))
}

/// Returns the condition that nobody else was given the entry since.
pub(super) fn fence(lease: &Lease) -> Condition {
    Condition::Leased {
        stream: lease.stream.clone(),
        group: AGENTS_GROUP.to_owned(),
        seq: lease.seq,
        deliveries: lease.deliveries,
    }
}

/// Returns the condition that the task is at the attempt of this delivery: it was not begun anew since,
/// as a purge has it be, because whoever works on it may have read what is gone.
pub(super) fn attempt(lease: &Lease) -> Condition {
    Condition::TaskAttempt { id: lease.task_id, attempt: lease.deliveries }
}

/// Returns the write that takes the entry off the bus.
pub(super) fn ack(lease: &Lease) -> Write {
    Write::AckBus { stream: lease.stream.clone(), group: AGENTS_GROUP.to_owned(), seq: lease.seq }
}

/// Turns a refused batch into words for the agent: a lost lease, a task that moved on and an answer
/// that is there already all mean that the work is somebody else's now, or over.
pub(super) fn refused(lease: &Lease, error: StoreError) -> DeskError {
    use Conflict::{Exists, KeyReused, LeaseLost, TaskMoved};
    match error.as_conflict() {
        Some(KeyReused) => DeskError::Refused(format!(
            "task {} was already answered otherwise in this delivery",
            lease.task_id
        )),
        Some(LeaseLost { .. } | TaskMoved { .. } | Exists(_)) => {
            DeskError::LeaseLost(lease.task_id)
        }
        _ => error.into(),
    }
}

/// Returns SHA-256 of the JSON of what was asked.
pub(super) fn digest_of(asked: &impl Serialize) -> [u8; 32] {
    let json = serde_json::to_vec(asked).unwrap_or_default();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, &json).as_ref());
    bytes
}

fn key(lease: &Lease, verb: &str, asked: &impl Serialize) -> BatchKey {
    let Lease { task_id, seq, deliveries, .. } = lease;
    BatchKey::of_task(
        *task_id,
        format!("desk/{task_id}/{seq}.{deliveries}/{verb}"),
        digest_of(asked),
    )
}

/// The two streams of an agent, the urgent one first.
pub(super) fn streams_of(who: Incarnation) -> [StreamName; 2] {
    let urgent = Priority::new(10).unwrap_or(Priority::NORMAL);
    [StreamName::of_agent(who.agent, urgent), StreamName::of_agent(who.agent, Priority::NORMAL)]
}

fn is_stream_of(who: Incarnation, stream: &StreamName) -> bool {
    streams_of(who).contains(stream)
}

fn no_task(lease: &Lease) -> DeskError {
    DeskError::Refused(format!("task {} is not this agent's", lease.task_id))
}
