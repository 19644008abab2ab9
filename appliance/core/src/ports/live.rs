//! The role of the live feed: publish now, watched by whoever watches now. Loses what nobody sees.

use std::fmt;

use async_trait::async_trait;

use crate::{ConversationId, EventBody, InFlight, LiveEvent, Topic};

/// A watcher was too slow: events were dropped and it must refetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the watcher was too slow and {0} events were dropped; refetch and go on")]
pub struct Lagged(pub u64);

/// Events as they come, in order.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for the next event; `None` when the feed has ended.
    ///
    /// # Errors
    /// [`Lagged`] once after events were dropped; the next call goes on.
    async fn next(&mut self) -> Option<Result<LiveEvent, Lagged>>;
}

/// Ephemeral publish/subscribe with the answers that are in flight.
///
/// `publish` MUST NOT wait for watchers. A [`EventBody::Chunk`] of an older attempt, or at another
/// offset than the answer's length, is dropped; one of a newer attempt at offset 0 starts anew;
/// [`EventBody::Complete`] ends the flight. Contract: `storage_contract::live`.
pub trait Live: fmt::Debug + Send + Sync {
    /// Publishes; returns the sequence given, `None` when the chunk was dropped.
    fn publish(&self, topic: Topic, body: EventBody) -> Option<u64>;

    /// Begins to watch `topic` from now on.
    fn subscribe(&self, topic: Topic) -> Box<dyn Subscription>;

    /// Returns this life's epoch and the last sequence given in `topic`.
    fn position(&self, topic: Topic) -> (u64, u64);

    /// Returns the answers being written in a conversation, and the position they were read at.
    fn in_flight(&self, conversation: ConversationId) -> (Vec<InFlight>, u64);
}
