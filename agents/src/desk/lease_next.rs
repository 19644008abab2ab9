//! Handing out: the next entry for an agent, with all that is needed to work on it.
//!
//! Does not decide what the agent does with it. Entries whose task is over are taken off the bus on
//! the way, and one that was handed out too often is given up with a sentence to the person.
//!
//! Invariant: the task stands at `in_progress` with `attempt = deliveries` before the agent sees it.

use std::time::Duration;

use appliance_core::{
    Batch, Delivery, EnvelopeKind, IdMint, Incarnation, Phase, Task, TaskId, TaskKind, TaskStatus,
    Write,
    bus::{AGENTS_GROUP, MAX_DELIVERIES},
    desk::{Lease, Work},
    ports::{Attach, DeskError, Take},
};
use tokio::time::Instant;

use super::{Service, claim, ending};

impl Service {
    pub(super) async fn hand_out(
        &self,
        who: Incarnation,
        held: &[Lease],
        wait: Duration,
    ) -> Result<Option<Work>, DeskError> {
        // A lease that the agent has and does not name is of a reply that never reached it.
        self.parts.streams.release_others(who, AGENTS_GROUP, held).await?;
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let take = wish(who, left);
            let attach = begin_task(self.parts.mint.clone());
            let Some(delivery) = self.parts.streams.take(take, attach).await? else {
                return Ok(None);
            };
            if let Some(work) = self.prepare(who, delivery).await? {
                self.held.note(who, &work.lease, self.parts.streams.as_ref());
                return Ok(Some(work));
            }
        }
    }

    /// Turns a delivery into work, or clears it away and returns `None`.
    async fn prepare(
        &self,
        who: Incarnation,
        delivery: Delivery,
    ) -> Result<Option<Work>, DeskError> {
        let lease = lease_of(&delivery);
        let task = self.parts.tasks.get(lease.task_id).await?;
        let Some(task) = task.filter(|task| !task.status.is_final()) else {
            self.clear_away(&lease).await?;
            return Ok(None);
        };
        if delivery.deliveries > MAX_DELIVERIES {
            tracing::warn!(task.id = %task.id, agent = %who.agent, "gave the task up");
            self.end_without_answer(who, &lease, &task, &ending::worn_out(&task)).await?;
            return Ok(None);
        }
        let envelope = delivery.envelope;
        if envelope.kind == EnvelopeKind::Result && task.kind == TaskKind::Message {
            self.end_as_its_child(who, &lease, &task).await?;
            return Ok(None);
        }
        if task.input.is_empty() {
            self.end_without_answer(who, &lease, &task, UNREADABLE).await?;
            return Ok(None);
        }
        // After a wait the whole does not wait any more either.
        match lease.deliveries {
            1 => self.show_task(task.id).await?,
            _ => self.show_with_whole(task.id).await?,
        }
        let history = self.before(&task).await?.in_order();
        Ok(Some(Work { lease, envelope, task, history }))
    }

    async fn clear_away(&self, lease: &Lease) -> Result<(), DeskError> {
        tracing::info!(task.id = %lease.task_id, "took an entry off the bus whose task is over");
        let batch = Batch::new().when(claim::fence(lease)).write(claim::ack(lease));
        match self.parts.records.apply(batch).await.map_err(|e| claim::refused(lease, e)) {
            Ok(_) | Err(DeskError::LeaseLost(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends a message whose child ended under a version that sent the result to the supervisor
    /// first; such an entry may still lie on the bus.
    async fn end_as_its_child(
        &self,
        who: Incarnation,
        lease: &Lease,
        task: &Task,
    ) -> Result<(), DeskError> {
        let children = self.parts.tasks.children(task.id).await?;
        match children.into_iter().find_map(|child| child.outcome) {
            Some(outcome) => {
                let batch = claim::batch(lease, "hand-back", &outcome);
                self.end(who, lease, task, outcome, batch).await
            }
            None => self.end_without_answer(who, lease, task, LOST).await,
        }
    }
}

/// The sentence for a message whose answer is nowhere to be found.
const LOST: &str = "The answer to this was lost on its way. Send the message again.";

/// The sentence for a question that is nowhere to be read: no message was ever sent empty.
const UNREADABLE: &str = "The question was deleted before it was answered, or cannot be read from \
                          the disk any more; `ai-infra doctor` names what cannot. Ask again.";

fn lease_of(delivery: &Delivery) -> Lease {
    Lease {
        stream: delivery.stream.clone(),
        seq: delivery.seq,
        deliveries: delivery.deliveries,
        task_id: delivery.envelope.payload.task_id,
    }
}

/// Urgent first; the bus sees to it that the other stream does not starve.
fn wish(who: Incarnation, wait: Duration) -> Take {
    let streams = claim::streams_of(who).into();
    Take { taker: who, streams, group: AGENTS_GROUP.to_owned(), wait }
}

/// The write that commits together with the delivery.
fn begin_task(mint: IdMint) -> Attach {
    Box::new(move |delivery| {
        if delivery.deliveries > MAX_DELIVERIES {
            return Vec::new();
        }
        vec![begin(&mint, delivery.envelope.payload.task_id, delivery.deliveries)]
    })
}

fn begin(mint: &IdMint, id: TaskId, attempt: u32) -> Write {
    Write::TransitionTask {
        id,
        to: TaskStatus::InProgress,
        attempt: Some(attempt),
        phase: Some(Phase::Observe),
        at: mint.clock().now(),
    }
}
