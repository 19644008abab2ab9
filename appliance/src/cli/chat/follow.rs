//! Follows one answer through gaps, resyncs, lost connections and a restart of the server.
//!
//! The live feed is fast and lossy; the record is the truth. Whenever the feed has a hole, belongs
//! to another life of the server, or is silent for long, the thread is fetched again, and frames up
//! to the place it was read at are skipped.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use web_dto::{ChunkPayload, MessageList, MessagePayload, MessageView, Place, ServerPayload};

use super::answer::{Answer, Fits};
use crate::{
    cli::client::{Client, Feed},
    exit::{self, Failure},
};

/// Silence after which the thread is fetched again, in case the feed is dead without knowing.
const SILENCE: Duration = Duration::from_secs(10);

/// How long the server may be away; a restart of a large store takes seconds.
const AWAY: Duration = Duration::from_secs(120);

/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);

/// Follows the answer `id` in a conversation.
pub struct Follow<'a> {
    client: &'a Client,
    conversation: &'a str,
    feed: Option<Feed>,
    place: Place,
    away_since: Option<Instant>,
}

impl<'a> Follow<'a> {
    /// Opens the feed; do this before the message is sent, so that nothing is missed.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn open(client: &'a Client, conversation: &'a str) -> anyhow::Result<Self> {
        let feed = Feed::open(client, conversation).await?;
        let place = feed.from;
        Ok(Self { client, conversation, feed: Some(feed), place, away_since: None })
    }

    /// Waits until more of the answer `id` is known.
    ///
    /// # Errors
    /// When the server stays away.
    pub async fn more(&mut self, id: &str, answer: &mut Answer) -> anyhow::Result<()> {
        let Some(feed) = &mut self.feed else { return self.reconnect(id, answer).await };
        match timeout(SILENCE, feed.next()).await {
            Ok(Some(frame)) => {
                if self.take(frame.place, frame.payload, id, answer) == Fits::Gap {
                    return self.refetch(id, answer).await;
                }
                Ok(())
            }
            Ok(None) => {
                self.feed = None;
                Ok(())
            }
            Err(_) => self.refetch(id, answer).await,
        }
    }

    /// Takes one frame; what the last refetch already held is skipped.
    fn take(
        &mut self,
        place: Option<Place>,
        payload: ServerPayload,
        id: &str,
        answer: &mut Answer,
    ) -> Fits {
        match place.map(|place| order(self.place, place)) {
            Some(Order::Seen) => return Fits::Yes,
            Some(Order::Lost) => return Fits::Gap,
            Some(Order::Next) => self.place = place.unwrap_or(self.place),
            // Not part of the stream: an answer to a frame of ours, or a resync.
            None => {}
        }
        match payload {
            ServerPayload::Resync(_) => Fits::Gap,
            ServerPayload::MessageChunk(chunk) if chunk.message_id == id => piece(answer, &chunk),
            ServerPayload::Message(message) | ServerPayload::MessageComplete(message)
                if message.message_id == id =>
            {
                answer.complete(stored(message));
                Fits::Yes
            }
            _ => Fits::Yes,
        }
    }

    /// Reads the thread as it is now and goes on from there.
    async fn refetch(&mut self, id: &str, answer: &mut Answer) -> anyhow::Result<()> {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let thread: MessageList = match self.client.get(&path).await {
            Ok(thread) => thread,
            Err(error) if is_away(&error) => {
                self.feed = None;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.away_since = None;
        self.place = Place { epoch: thread.epoch, seq: thread.live_seq };
        if let Some(seen) = thread.in_flight.iter().find(|seen| seen.message_id == id) {
            answer.so_far(seen);
        }
        if let Some(message) = thread.messages.into_iter().find(|message| message.id == id) {
            answer.complete(message);
        }
        Ok(())
    }

    /// Connects again, first to the feed and then to the record, so that nothing falls between.
    async fn reconnect(&mut self, id: &str, answer: &mut Answer) -> anyhow::Result<()> {
        let since = *self.away_since.get_or_insert_with(Instant::now);
        match Feed::open(self.client, self.conversation).await {
            Ok(feed) => {
                self.feed = Some(feed);
                self.refetch(id, answer).await
            }
            Err(_) if since.elapsed() < AWAY => {
                sleep(PAUSE).await;
                Ok(())
            }
            Err(error) => Err(error.context(gone())),
        }
    }
}

/// How a frame follows what is known.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    /// Already in what was fetched.
    Seen,
    /// The very next one.
    Next,
    /// Something before it is missing, or it is from another life of the server.
    Lost,
}

fn order(known: Place, frame: Place) -> Order {
    if frame.epoch != known.epoch || frame.seq > known.seq + 1 {
        return Order::Lost;
    }
    if frame.seq <= known.seq { Order::Seen } else { Order::Next }
}

fn piece(answer: &mut Answer, chunk: &ChunkPayload) -> Fits {
    answer.piece(&chunk.agent, chunk.attempt, chunk.offset, &chunk.content)
}

fn stored(message: MessagePayload) -> MessageView {
    MessageView {
        id: message.message_id,
        conversation_id: message.conversation_id,
        seq: message.seq,
        role: message.role,
        content: message.content,
        agent: message.agent,
        answers: message.answers,
        task_id: None,
        citations: message.citations,
        model: message.model,
        stopped: message.stopped,
        cut_off: message.cut_off,
        created_at: String::new(),
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == exit::UNAVAILABLE)
}

fn gone() -> Failure {
    let what = format!("the server has been away for {} s", AWAY.as_secs());
    Failure::new(exit::UNAVAILABLE, what, "the message is kept; it is answered when it is back")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_once_in_order_and_in_this_life_of_the_server() {
        let known = Place { epoch: 7, seq: 4 };
        assert_eq!(order(known, Place { epoch: 7, seq: 4 }), Order::Seen);
        assert_eq!(order(known, Place { epoch: 7, seq: 5 }), Order::Next);
        assert_eq!(order(known, Place { epoch: 7, seq: 6 }), Order::Lost);
        assert_eq!(order(known, Place { epoch: 8, seq: 5 }), Order::Lost);
    }
}
