//! The work in hand: several turns at once, so that one whose model is slow holds up no other.
//!
//! Holds the turns, names the leases they are on, and tells whether there is room for one more.
//! Runs them in the caller's task; starts none, and does not know what a turn does.
//!
//! Invariant: a lease is named from the moment its turn begins until the turn has ended, so that
//! the desk takes none of them for lost.

use appliance_core::{TaskId, desk::Lease};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::link::LinkError;

/// Turns that may wait for another of their conversation, for each that may run.
const WAITING_EACH: usize = 4;

/// How a turn ended for the agent; whatever became of its task, the desk knows already.
#[derive(Debug)]
pub(super) struct Ended {
    /// What it was on.
    pub lease: Lease,
    /// An error that concerns the agent, not the turn alone.
    pub how: Result<(), LinkError>,
}

/// The turns in hand.
#[derive(Debug, Default)]
pub(super) struct Hands<'a> {
    turns: FuturesUnordered<BoxFuture<'a, Ended>>,
    held: Vec<Lease>,
}

impl<'a> Hands<'a> {
    /// Takes a turn up.
    pub(super) fn take(&mut self, lease: Lease, turn: BoxFuture<'a, Ended>) {
        self.held.push(lease);
        self.turns.push(turn);
    }

    /// Returns the next turn that ends; `None` when there is none.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        let ended = self.turns.next().await?;
        self.held.retain(|lease| *lease != ended.lease);
        Some(ended)
    }

    /// Drops every turn where it stands.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Tells whether one more fits where `most` may run and `waiting` of those in hand only wait.
    pub(super) fn have_room(&self, most: usize, waiting: usize) -> bool {
        let all = self.held.len();
        all.saturating_sub(waiting) < most && all < most.saturating_mul(1 + WAITING_EACH)
    }

    /// Returns what is held.
    pub(super) fn held(&self) -> &[Lease] {
        &self.held
    }

    /// Returns the tasks in hand, the one begun first first.
    pub(super) fn tasks(&self) -> Vec<TaskId> {
        self.held.iter().map(|lease| lease.task_id).collect()
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::{AgentName, Priority, StreamName};
    use futures_util::FutureExt;

    use super::*;

    fn lease(seq: u64) -> Lease {
        let stream = StreamName::of_agent(AgentName::Code, Priority::NORMAL);
        Lease { stream, seq, deliveries: 1, task_id: TaskId::from_bytes([7; 16]) }
    }

    #[tokio::test]
    async fn what_is_held_is_named_until_its_turn_has_ended() {
        let mut hands = Hands::default();
        for seq in 1..=3 {
            let turn = async move { Ended { lease: lease(seq), how: Ok(()) } };
            hands.take(lease(seq), turn.boxed());
        }
        assert_eq!(hands.held().len(), 3);
        let ended = hands.next().await.unwrap();
        assert!(hands.held().len() == 2 && !hands.held().contains(&ended.lease));
        hands.clear();
        assert!(hands.held().is_empty() && hands.next().await.is_none());
    }

    #[test]
    fn a_turn_that_waits_takes_no_room_up_to_a_bound() {
        let mut hands = Hands::default();
        let mut fill = |seq| hands.take(lease(seq), std::future::pending().boxed());
        fill(1);
        fill(2);
        assert!(!hands.have_room(2, 0) && hands.have_room(2, 1) && hands.have_room(3, 0));
        (3..=10).for_each(|seq| hands.take(lease(seq), std::future::pending().boxed()));
        assert!(!hands.have_room(2, 9), "five times as many are the most");
    }
}
