//! Failing: gives a task back for another try, or ends it with a sentence to the person.

use std::time::Duration;

use appliance_core::{
    Incarnation, TaskStatus, Write,
    bus::{AGENTS_GROUP, MAX_DELIVERIES},
    desk::{Fail, Lease},
    ports::DeskError,
};

use super::{Service, claim};

/// A try that took longer is the last one: more of them would multiply the person's wait.
const LONG_TRY_MICROS: i64 = 5_000_000;

/// The first wait before another try; doubles each time: 1, 2, 4, 8 s before the fifth and last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Service {
    pub(super) async fn take_failure(
        &self,
        who: Incarnation,
        command: Fail,
    ) -> Result<(), DeskError> {
        let task = self.claimed(who, &command.lease).await?;
        let Fail { lease, error, retry } = command;
        let took = self.parts.mint.clock().now().unix_micros() - task.updated_at.unix_micros();
        if retry && lease.deliveries < MAX_DELIVERIES && took < LONG_TRY_MICROS {
            return self.put_back(who, &lease).await;
        }
        self.end_without_answer(who, &lease, &task, &error).await
    }

    async fn put_back(&self, who: Incarnation, lease: &Lease) -> Result<(), DeskError> {
        let batch = claim::batch(lease, "put-back", &()).write(Write::TransitionTask {
            id: lease.task_id,
            to: TaskStatus::Pending,
            attempt: None,
            phase: None,
            at: self.parts.mint.clock().now(),
        });
        self.parts.records.apply(batch).await.map_err(|e| claim::refused(lease, e))?;
        let Lease { stream, seq, deliveries, task_id } = lease;
        let pause = pause_after(*deliveries);
        self.parts.streams.give_back(who, stream, AGENTS_GROUP, *seq, pause).await?;
        self.show_task(*task_id).await
    }
}

fn pause_after(deliveries: u32) -> Duration {
    FIRST_PAUSE * 2_u32.saturating_pow(deliveries.saturating_sub(1).min(MAX_DELIVERIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_as_the_one_before() {
        let seconds: Vec<u64> = (1..5).map(|n| pause_after(n).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8]);
    }
}
