//! Lanes: the turns of one conversation go one after another, in the order they were leased.
//!
//! So that "remember this" is kept before the question after it is looked up. Turns of different
//! conversations do not see each other, nor do those of other agents: nobody waits for what another
//! agent waits for.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use appliance_core::ConversationId;
use tokio::sync::OwnedMutexGuard;

type Lane = tokio::sync::Mutex<()>;

/// One lane for each conversation that has a turn in hand.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<ConversationId, Weak<Lane>>>,
    waiting: AtomicUsize,
}

/// A lane's turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// Whether an earlier one was at work: what was said since is to be read.
    pub has_waited: bool,
    _lane: OwnedMutexGuard<()>,
}

impl Lanes {
    /// Waits until no earlier turn of the conversation is at work; the lane is free again when what
    /// is returned is dropped.
    pub(super) async fn enter(&self, conversation: ConversationId) -> Turn {
        let lane = self.lane(conversation);
        if let Ok(lane) = Arc::clone(&lane).try_lock_owned() {
            return Turn { has_waited: false, _lane: lane };
        }
        let _waits = Waits::one_more(&self.waiting);
        Turn { has_waited: true, _lane: lane.lock_owned().await }
    }

    /// How many wait just now.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn lane(&self, conversation: ConversationId) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| lane.strong_count() > 0);
        if let Some(lane) = lanes.get(&conversation).and_then(Weak::upgrade) {
            return lane;
        }
        let lane = Arc::new(Lane::default());
        lanes.insert(conversation, Arc::downgrade(&lane));
        lane
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

    #[tokio::test]
    async fn one_conversation_has_one_turn_and_others_do_not_wait_for_it() {
        let lanes = Lanes::default();
        let id = |n| ConversationId::from_bytes([n; 16]);
        let first = lanes.enter(id(1)).await;
        let mut second = Box::pin(lanes.enter(id(1)));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(lanes.waiting(), 1);
        let other = lanes.enter(id(2)).now_or_never();
        assert!(other.is_some_and(|other| !other.has_waited));
        drop(first);
        assert!(second.await.has_waited);
        assert_eq!((lanes.waiting(), lanes.lanes.lock().unwrap().len()), (0, 2));
    }
}
