//! Lanes: the turns of one conversation go one after another, in the order they were leased.
//!
//! So that "remember this" is kept before the question after it is looked up. Turns of different
//! conversations do not see each other, nor do those of other agents: nobody waits for what another
//! agent waits for.
//!
//! Invariant: a lane is known from the first place in it until work is asked for with nobody in
//! it. So work for a known lane may have been handed out before what was said there last; work for
//! a new one was not.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use appliance_core::ConversationId;
use tokio::sync::OwnedMutexGuard;

type Lane = tokio::sync::Mutex<()>;

/// One lane for each conversation that has a turn in hand, or had one since work was asked for.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<ConversationId, Arc<Lane>>>,
    waiting: AtomicUsize,
}

/// A place in a lane, taken as soon as its work is there.
#[derive(Debug)]
pub(super) struct Place {
    lane: Arc<Lane>,
    was_known: bool,
}

/// A lane's turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// Whether an earlier one may have ended after its work was handed out: what was said since is
    /// to be read.
    pub read_anew: bool,
    _lane: OwnedMutexGuard<()>,
}

impl Lanes {
    /// Forgets the lanes that nobody is in. To be called before work is asked for, never after: the
    /// work that comes then tells all that was said in them.
    pub(super) fn forget_empty(&self) {
        self.lanes().retain(|_, lane| Arc::strong_count(lane) > 1);
    }

    /// Takes a place in the conversation's lane.
    pub(super) fn place(&self, conversation: ConversationId) -> Place {
        let mut lanes = self.lanes();
        let was_known = lanes.contains_key(&conversation);
        let lane = Arc::clone(lanes.entry(conversation).or_default());
        Place { lane, was_known }
    }

    /// Waits until no earlier turn of the lane is at work; it is free again when what is returned
    /// is dropped.
    pub(super) async fn enter(&self, place: Place) -> Turn {
        let Place { lane, was_known } = place;
        if let Ok(lane) = Arc::clone(&lane).try_lock_owned() {
            return Turn { read_anew: was_known, _lane: lane };
        }
        let _waits = Waits::one_more(&self.waiting);
        Turn { read_anew: true, _lane: lane.lock_owned().await }
    }

    /// How many wait just now.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<ConversationId, Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn one_more(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn place(lanes: &Lanes, conversation: u8) -> Place {
        lanes.place(ConversationId::from_bytes([conversation; 16]))
    }

    #[tokio::test]
    async fn one_conversation_has_one_turn_and_others_do_not_wait_for_it() {
        let lanes = Lanes::default();
        let first = lanes.enter(place(&lanes, 1)).await;
        let mut second = Box::pin(lanes.enter(place(&lanes, 1)));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(lanes.waiting(), 1);
        let other = lanes.enter(place(&lanes, 2)).now_or_never();
        assert!(other.is_some_and(|other| !other.read_anew));
        drop(first);
        lanes.forget_empty();
        assert_eq!(lanes.lanes().len(), 1, "a lane with somebody in it is not forgotten");
        assert!(second.await.read_anew);
        assert_eq!(lanes.waiting(), 0);
    }

    #[tokio::test]
    async fn what_was_said_since_work_was_asked_for_is_read_anew() {
        let lanes = Lanes::default();
        assert!(!lanes.enter(place(&lanes, 1)).await.read_anew);
        assert!(lanes.enter(place(&lanes, 1)).await.read_anew, "one ended since");
        let early = place(&lanes, 1);
        lanes.forget_empty();
        assert!(lanes.enter(early).await.read_anew, "its work came before the next was asked for");
        lanes.forget_empty();
        assert!(!lanes.enter(place(&lanes, 1)).await.read_anew);
    }
}
