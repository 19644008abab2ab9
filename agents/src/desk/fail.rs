//! Failing: gives a task back for another try, at once or after a wait that people see, or ends it
//! with what there is of an answer, and where there is nothing with a sentence to the person.
//!
//! Invariant: a wait is in the task's row before its entry is given back; whatever is cut off between
//! the two, the bus reads the row and hands nothing out before it is due.

use std::time::Duration;

use appliance_core::{
    Incarnation, LONGEST_WAIT, Task, TaskStatus, Timestamp, Wait, Write,
    bus::{AGENTS_GROUP, HOLD, MAX_DELIVERIES},
    desk::{Begun, Complete, Fail, Hold, Lease},
    ports::DeskError,
};

use super::{Service, claim};

/// A try that took longer is the last one: more of them would multiply the person's wait. One after
/// which the model said when to come again is not: the person sees that wait, and may end it.
const LONG_TRY_MICROS: i64 = 5_000_000;

/// The first pause before another try; doubles each time: 1, 2, 4, 8 s before the fifth and last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The same where the model is to be spared, and said no time or a shorter one: 2, 4, 8, 16 s.
const FIRST_WAIT: Duration = Duration::from_secs(2);

impl Service {
    pub(super) async fn take_failure(
        &self,
        who: Incarnation,
        command: Fail,
    ) -> Result<(), DeskError> {
        let task = self.claimed(who, &command.lease).await?;
        let (lease, now) = (&command.lease, self.parts.mint.clock().now());
        let again = command.retry && lease.deliveries < MAX_DELIVERIES;
        let took = now.unix_micros() - task.updated_at.unix_micros();
        let began = self.first_tried(&task, now).await?;
        match command.hold.map(|hold| wait(began, hold, lease.deliveries, now)) {
            Some(Some(wait)) if again => self.put_back(who, lease, Some(wait)).await,
            None if again && took < LONG_TRY_MICROS => self.put_back(who, lease, None).await,
            _ => self.give_up(who, &task, command).await,
        }
    }

    /// Returns when the person's message was first tried, as if its part had been taken up as soon
    /// as it was there: that an agent was stopped meanwhile uses up no tries.
    async fn first_tried(&self, task: &Task, now: Timestamp) -> Result<Timestamp, DeskError> {
        let whole = self.parent_of(task).await?.and_then(|whole| whole.started_at);
        let routed = whole.map_or(0, |at| task.created_at.unix_micros() - at.unix_micros());
        let began = task.started_at.unwrap_or(now).unix_micros() - routed.max(0);
        Ok(Timestamp::from_unix_micros(began))
    }

    async fn give_up(&self, who: Incarnation, task: &Task, command: Fail) -> Result<(), DeskError> {
        let Fail { lease, error, hold, begun, .. } = command;
        if let Some(begun) = begun.filter(|begun| !begun.text.trim().is_empty()) {
            let Begun { text, citations, model, cut_off } = *begun;
            let answer = Complete { lease, text, citations, model, cut_off: Some(cut_off) };
            return self.take_answer(who, answer).await;
        }
        let error = match hold {
            Some(hold) => given_up(&error, lease.deliveries, hold.after),
            None => error,
        };
        self.end_without_answer(who, &lease, task, &error).await
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

/// Returns how long the next try waits, never less than where no time was said; `None` where that
/// would be too long after the first try, which was when it `began`.
fn wait(began: Timestamp, hold: Hold, tries: u32, now: Timestamp) -> Option<Wait> {
    let Hold { reason, after } = hold;
    let after = after.unwrap_or_default().max(doubled(FIRST_WAIT, tries));
    let due = now.plus(after.min(LONGEST_WAIT + HOLD));
    (due <= began.plus(LONGEST_WAIT)).then_some(Wait { reason, due, tries })
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
    use appliance_core::WaitReason;

    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_as_the_one_before() {
        let seconds: Vec<u64> = (1..5).map(|n| doubled(FIRST_PAUSE, n).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8]);
    }

    #[test]
    fn a_wait_is_as_long_as_asked_and_no_shorter_than_without_a_word() {
        let now = Timestamp::from_unix_micros(0);
        let seconds = |after: Option<Duration>, tries| {
            let hold = Hold { reason: WaitReason::RateLimited, after };
            wait(now, hold, tries, now).map(|wait| wait.due.unix_micros() / 1_000_000)
        };
        for after in [None, Some(Duration::ZERO), Some(Duration::from_millis(3))] {
            let waits: Vec<_> = (1..5).filter_map(|tries| seconds(after, tries)).collect();
            assert_eq!(waits, [2, 4, 8, 16], "{after:?}");
        }
        assert_eq!(seconds(Some(Duration::from_secs(9)), 1), Some(9));
        assert_eq!(seconds(Some(LONGEST_WAIT), 4), Some(600));
        assert_eq!(seconds(Some(LONGEST_WAIT + Duration::from_secs(1)), 1), None);
    }

    #[test]
    fn what_was_given_up_says_how_often_it_was_tried() {
        let told = given_up("The model is busy.", 5, None);
        assert!(told.starts_with("The model is busy. It was asked 5 times"), "{told}");
        let told = given_up("", 1, Some(Duration::from_secs(3_600)));
        assert!(told.contains("asked once") && told.contains("in 60 minutes"), "{told}");
    }
}
