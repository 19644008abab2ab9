//! Failing: gives a task back for another try, at once or after a wait that people see, or ends it
//! with a sentence to the person.
//!
//! Invariant: a wait is in the task's row before its entry is given back; whatever is cut off between
//! the two, the bus reads the row and hands nothing out before it is due.

use std::time::Duration;

use appliance_core::{
    Incarnation, LONGEST_WAIT, Task, TaskStatus, Timestamp, Wait, Write,
    bus::{AGENTS_GROUP, HOLD, MAX_DELIVERIES},
    desk::{Fail, Hold, Lease},
    ports::DeskError,
};

use super::{Service, claim};

/// A try that took longer is the last one: more of them would multiply the person's wait. One after
/// which the model said when to come again is not: the person sees that wait, and may end it.
const LONG_TRY_MICROS: i64 = 5_000_000;

/// The first pause before another try; doubles each time: 1, 2, 4, 8 s before the fifth and last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The same where the model is to be spared, and said no time: 2, 4, 8, 16 s.
const FIRST_WAIT: Duration = Duration::from_secs(2);

impl Service {
    pub(super) async fn take_failure(
        &self,
        who: Incarnation,
        command: Fail,
    ) -> Result<(), DeskError> {
        let task = self.claimed(who, &command.lease).await?;
        let Fail { lease, error, retry, hold } = command;
        let (tries, now) = (lease.deliveries, self.parts.mint.clock().now());
        let again = retry && tries < MAX_DELIVERIES;
        let took = now.unix_micros() - task.updated_at.unix_micros();
        match hold.map(|hold| wait(&task, hold, tries, now)) {
            Some(Some(wait)) if again => self.put_back(who, &lease, Some(wait)).await,
            None if again && took < LONG_TRY_MICROS => self.put_back(who, &lease, None).await,
            None => self.end_without_answer(who, &lease, &task, &error).await,
            Some(_) => {
                let error = given_up(&error, tries, hold.and_then(|hold| hold.after));
                self.end_without_answer(who, &lease, &task, &error).await
            }
        }
    }

    async fn put_back(
        &self,
        who: Incarnation,
        lease: &Lease,
        wait: Option<Wait>,
    ) -> Result<(), DeskError> {
        let Lease { stream, seq, deliveries, task_id } = lease;
        let (id, at) = (*task_id, self.parts.mint.clock().now());
        let (to, attempt, phase) = (TaskStatus::Pending, None, None);
        let back = match wait {
            Some(wait) => Write::HoldTask { id, wait, at },
            None => Write::TransitionTask { id, to, attempt, phase, at },
        };
        let batch = claim::batch(lease, "put-back", &()).write(back);
        self.parts.records.apply(batch).await.map_err(|e| claim::refused(lease, e))?;
        let pause = wait.map_or_else(|| doubled(FIRST_PAUSE, *deliveries), |_| HOLD);
        self.parts.streams.give_back(who, stream, AGENTS_GROUP, *seq, pause).await?;
        self.show_with_whole(id).await
    }
}

/// Returns how long the next try waits; `None` where that would be too long after the first.
fn wait(task: &Task, hold: Hold, tries: u32, now: Timestamp) -> Option<Wait> {
    let Hold { reason, after } = hold;
    let after = after.unwrap_or_else(|| doubled(FIRST_WAIT, tries));
    let due = now.plus(after.min(LONGEST_WAIT + HOLD));
    let last = task.started_at.unwrap_or(now).plus(LONGEST_WAIT);
    (due <= last).then_some(Wait { reason, due, tries })
}

fn given_up(error: &str, tries: u32, after: Option<Duration>) -> String {
    let times = if tries == 1 { "once".to_owned() } else { format!("{tries} times") };
    let when = match after.map(|after| after.as_secs().div_ceil(60)) {
        Some(minutes) if minutes > 1 => format!("in {minutes} minutes, as it asks"),
        _ => "in a while".to_owned(),
    };
    format!("{error} It was asked {times} and given up. Send the message again {when}.")
}

fn doubled(first: Duration, deliveries: u32) -> Duration {
    first * 2_u32.saturating_pow(deliveries.saturating_sub(1).min(MAX_DELIVERIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_as_the_one_before() {
        let seconds: Vec<u64> = (1..5).map(|n| doubled(FIRST_PAUSE, n).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8]);
    }

    #[test]
    fn what_was_given_up_says_how_often_it_was_tried() {
        let told = given_up("The model is busy.", 5, None);
        assert!(told.starts_with("The model is busy. It was asked 5 times"), "{told}");
        let told = given_up("", 1, Some(Duration::from_secs(3_600)));
        assert!(told.contains("asked once") && told.contains("in 60 minutes"), "{told}");
    }
}
