//! Follows one answer through gaps, resyncs, lost connections and a restart of the server.
//!
//! The live feed is fast and lossy; the record is the truth. Whenever the feed has a hole, belongs
//! to another life of the server, or is silent for long, the thread is fetched again, and frames up
//! to the place it was read at are skipped. An answer that has ended is looked for back to its question,
//! behind which it stands.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use web_dto::{
    Accepted, ChunkPayload, InFlightView, MessageList, MessagePayload, MessageView, Place,
    ServerPayload, TaskView,
};

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

/// Follows an answer in a conversation.
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

    /// Waits until more of the answer to what was `asked` is known.
    ///
    /// # Errors
    /// When the server stays away.
    pub async fn more(&mut self, asked: &Accepted, answer: &mut Answer) -> anyhow::Result<()> {
        let Some(feed) = &mut self.feed else { return self.reconnect(asked, answer).await };
        match timeout(SILENCE, feed.next()).await {
            Ok(Some(frame)) => {
                let id = &asked.answer_id;
                if self.take(frame.place, frame.payload, id, answer) == Fits::Gap {
                    return self.refetch(asked, answer).await;
                }
                Ok(())
            }
            Ok(None) => {
                self.feed = None;
                Ok(())
            }
            Err(_) => self.refetch(asked, answer).await,
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
    async fn refetch(&mut self, asked: &Accepted, answer: &mut Answer) -> anyhow::Result<()> {
        match self.read(asked, answer).await {
            Err(error) if is_away(&error) => {
                self.feed = None;
                Ok(())
            }
            read => read,
        }
    }

    async fn read(&mut self, asked: &Accepted, answer: &mut Answer) -> anyhow::Result<()> {
        let newest = self.page("").await?;
        self.away_since = None;
        self.place = Place { epoch: newest.epoch, seq: newest.live_seq };
        let is_it = |seen: &&InFlightView| seen.message_id == asked.answer_id;
        if let Some(seen) = newest.in_flight.iter().find(is_it) {
            answer.so_far(seen);
            return Ok(());
        }
        match find(newest, asked, answer) {
            Some(before) => self.look_back(before, asked, answer).await,
            None => Ok(()),
        }
    }

    /// Looks for the answer on older pages, once nothing more happens to it.
    async fn look_back(
        &self,
        before: String,
        asked: &Accepted,
        answer: &mut Answer,
    ) -> anyhow::Result<()> {
        let task: TaskView = self.client.get(&format!("/api/tasks/{}", asked.task_id)).await?;
        let mut before = Some(before).filter(|_| task.is_over());
        while let Some(id) = before {
            let page = self.page(&format!("?before={id}")).await?;
            before = find(page, asked, answer);
        }
        Ok(())
    }

    async fn page(&self, query: &str) -> anyhow::Result<MessageList> {
        let path = format!("/api/conversations/{}/messages{query}", self.conversation);
        self.client.get(&path).await
    }

    /// Connects again, first to the feed and then to the record, so that nothing falls between.
    async fn reconnect(&mut self, asked: &Accepted, answer: &mut Answer) -> anyhow::Result<()> {
        let since = *self.away_since.get_or_insert_with(Instant::now);
        match Feed::open(self.client, self.conversation).await {
            Ok(feed) => {
                self.feed = Some(feed);
                self.refetch(asked, answer).await
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

/// Takes the stored answer where the page has it; else tells before which message to look for it: it
/// stands behind its question.
fn find(page: MessageList, asked: &Accepted, answer: &mut Answer) -> Option<String> {
    let is_asked_here = page.messages.iter().any(|message| message.id == asked.message_id);
    let stored = page.messages.into_iter().find(|message| message.id == asked.answer_id);
    let is_there = stored.is_some();
    if let Some(message) = stored {
        answer.complete(message);
    }
    page.next_before.filter(|_| !is_there && !is_asked_here)
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

    #[test]
    fn an_answer_is_looked_for_back_to_its_question() {
        let asked = Accepted { message_id: "q".into(), task_id: "t".into(), answer_id: "a".into() };
        let mut answer = Answer::default();
        let mut look = |ids: &[&str]| find(page(ids), &asked, &mut answer);
        assert_eq!(look(&["x", "y"]).as_deref(), Some("x"));
        assert_eq!(look(&["q", "y"]), None, "it is not there yet");
        assert_eq!(look(&["a", "y"]), None);
        assert!(answer.stored().is_some());
    }

    fn page(ids: &[&str]) -> MessageList {
        MessageList {
            messages: ids.iter().map(|id| said(id)).collect(),
            in_flight: Vec::new(),
            next_before: ids.first().map(|&id| id.to_owned()),
            epoch: 7,
            live_seq: 4,
        }
    }

    fn said(id: &str) -> MessageView {
        MessageView {
            id: id.to_owned(),
            conversation_id: String::new(),
            seq: 1,
            role: String::new(),
            content: String::new(),
            agent: None,
            answers: None,
            task_id: None,
            citations: Vec::new(),
            model: None,
            stopped: false,
            cut_off: None,
            created_at: String::new(),
        }
    }
}
