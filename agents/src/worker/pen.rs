//! The pen: passes phases and pieces of the answer on while they come, never slower than the model.
//!
//! What arrives while a send is under way is joined into the next one. Does not parse the reply and
//! does not end the task.
//!
//! Invariant: pieces go out in order and without gaps; each carries the bytes before it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use appliance_core::{
    Phase,
    desk::{Chunk, Lease, Progress},
};
use tokio::sync::Notify;

use super::{client::Client, link::LinkError};

/// A way to show progress on one lease.
#[derive(Debug)]
pub(super) struct Pen {
    lease: Lease,
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    phase: Option<Phase>,
    text: String,
    offset: u64,
    closed: bool,
}

enum Next {
    Send(Box<Progress>),
    Wait,
    Closed,
}

impl Pen {
    /// Takes up the pen.
    pub(super) fn new(lease: Lease) -> Self {
        Self { lease, queue: Mutex::default(), changed: Notify::new() }
    }

    /// Shows the phase that was entered.
    pub(super) fn phase(&self, phase: Phase) {
        self.queue().phase = Some(phase);
        self.changed.notify_one();
    }

    /// Shows the next piece of the answer.
    pub(super) fn write(&self, piece: &str) {
        self.queue().text.push_str(piece);
        self.changed.notify_one();
    }

    /// Says that nothing more will come; [`run`](Self::run) ends when all is sent.
    pub(super) fn close(&self) {
        self.queue().closed = true;
        self.changed.notify_one();
    }

    /// Sends what is there until the pen is closed.
    ///
    /// # Errors
    /// The link's; a lost lease among them.
    pub(super) async fn run(&self, client: &Client) -> Result<(), LinkError> {
        loop {
            match self.next() {
                Next::Send(progress) => client.progress(&progress).await?,
                Next::Wait => self.changed.notified().await,
                Next::Closed => return Ok(()),
            }
        }
    }

    fn next(&self) -> Next {
        let mut queue = self.queue();
        let phase = queue.phase.take();
        let text = std::mem::take(&mut queue.text);
        if phase.is_none() && text.is_empty() {
            return if queue.closed { Next::Closed } else { Next::Wait };
        }
        let offset = queue.offset;
        queue.offset += text.len() as u64;
        let chunk = (!text.is_empty()).then_some(Chunk { offset, text });
        Next::Send(Box::new(Progress { lease: self.lease.clone(), phase, chunk }))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::{AgentName, IdMint, Priority, StreamName, TaskId, time::ManualClock};

    use super::*;

    fn sent(pen: &Pen) -> (Option<Phase>, Option<Chunk>) {
        match pen.next() {
            Next::Send(progress) => (progress.phase, progress.chunk),
            Next::Wait | Next::Closed => (None, None),
        }
    }

    #[test]
    fn pieces_that_wait_are_joined_and_carry_their_offset() {
        let mint = IdMint::new(std::sync::Arc::new(ManualClock::at_millis(1)), 0);
        let stream = StreamName::of_agent(AgentName::Code, Priority::NORMAL);
        let task_id = mint.next(TaskId::from_uuid);
        let pen = Pen::new(Lease { stream, seq: 1, deliveries: 1, task_id });
        let chunk = |offset, text: &str| Some(Chunk { offset, text: text.to_owned() });

        assert!(matches!(pen.next(), Next::Wait));
        pen.phase(Phase::Execute);
        pen.write("Grü");
        pen.write("ße ");
        assert_eq!(sent(&pen), (Some(Phase::Execute), chunk(0, "Grüße ")));
        pen.write("x");
        pen.close();
        assert_eq!(sent(&pen), (None, chunk(8, "x")), "offsets count bytes");
        assert!(matches!(pen.next(), Next::Closed));
    }
}
