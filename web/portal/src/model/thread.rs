//! One conversation on the screen: pages and frames in, a list of bubbles out.
//!
//! A page says up to which place of the live feed it is complete; frames up to there are dropped,
//! frames after it must follow without a gap. While a page is on its way frames are held and
//! replayed on top of it. Whatever does not fit asks for a refetch, and a refetch heals everything.
//!
//! Invariant: text is never shown twice and never with a hole in it, and messages stand in the
//! conversation's order, in which a page brings them too.

use std::collections::VecDeque;

use web_dto::{ChunkPayload, MessageList, MessagePayload, Place, ServerFrame, ServerPayload};

use super::{Bubble, Delivery, bubble::Appended, order::settle};

/// Most frames held while a page is on its way; more than that and we fetch once more instead.
const MOST_HELD: usize = 2_000;

/// What a frame or a page did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// Nothing to see.
    Same,
    /// The screen changed.
    Changed,
    /// An answer is finished: announce it, and the list of conversations has a new order.
    Finished,
    /// Something is missing: get the newest page and [`Thread::load`] it.
    Refetch,
}

/// One conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thread {
    /// Which one; empty for one that the server has not heard of.
    pub conversation_id: String,
    /// Its messages in the conversation's order: each answer right behind its question.
    pub bubbles: Vec<Bubble>,
    /// The answer that was finished last, wherever it stands.
    pub ended: Option<String>,
    /// Pass as `before` for older ones; absent at the beginning.
    pub older: Option<String>,
    /// Up to where the live feed is in `bubbles`; absent until the first page.
    place: Option<Place>,
    /// Where the server began to send, if it did.
    follows_from: Option<Place>,
    /// Frames that came while a page was on its way.
    held: VecDeque<ServerFrame>,
    /// Whether a page is on its way.
    fetching: bool,
}

impl Thread {
    /// Opens a conversation; the caller fetches its newest page.
    #[must_use]
    pub fn opening(conversation_id: impl Into<String>) -> Self {
        Self { conversation_id: conversation_id.into(), fetching: true, ..Self::default() }
    }

    /// The place to resume the live feed from.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Whether the first page is still to come.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.fetching && self.place.is_none()
    }

    /// Whether a page is on its way, the first or another.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        self.fetching
    }

    /// Who is writing, if anybody is.
    #[must_use]
    pub fn writer(&self) -> Option<&str> {
        self.bubbles.iter().rev().find(|b| b.is_open()).and_then(|b| b.agent.as_deref())
    }

    /// Whether an answer is awaited or being written.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.bubbles.iter().any(Bubble::is_open)
    }

    /// Takes the newest page in: it replaces what the server has told before.
    ///
    /// What was typed here and not yet confirmed stays at the end. Two pages may be on their way, and
    /// one that comes when the thread is further than it changes nothing.
    pub fn load(&mut self, page: MessageList) -> Folded {
        if self.is_further_than(&page) {
            return Folded::Same;
        }
        let mut bubbles: Vec<Bubble> = page.messages.into_iter().map(Bubble::from).collect();
        for answer in page.in_flight.into_iter().map(Bubble::from) {
            if !bubbles.iter().any(|b| b.id == answer.id) {
                bubbles.push(answer);
            }
        }
        let ours = std::mem::take(&mut self.bubbles).into_iter();
        for bubble in ours.filter(is_of_here) {
            let is_asked = |b: &Bubble| bubble.answers.as_ref() == Some(&b.id);
            // An answer whose question is on an older page may have been there long since.
            let may_come = bubble.delivery != Delivery::Waiting || bubbles.iter().any(is_asked);
            if may_come && !bubbles.iter().any(|b| b.id == bubble.id) {
                bubbles.push(bubble);
            }
        }
        settle(&mut bubbles);
        self.bubbles = bubbles;
        self.older = page.next_before;
        self.place = Some(Place { epoch: page.epoch, seq: page.live_seq });
        self.fetching = false;
        self.replay()
    }

    /// Puts an older page before what is there.
    pub fn prepend(&mut self, page: MessageList) {
        let known = |id: &str| self.bubbles.iter().any(|b| b.id == id);
        let mut older: Vec<Bubble> =
            page.messages.into_iter().filter(|m| !known(&m.id)).map(Bubble::from).collect();
        older.append(&mut self.bubbles);
        settle(&mut older);
        self.bubbles = older;
        self.older = page.next_before;
    }

    /// Takes a frame of this conversation in; frames about other things change nothing.
    pub fn fold(&mut self, frame: &ServerFrame) -> Folded {
        if !self.concerns(&frame.payload) {
            return Folded::Same;
        }
        if self.fetching {
            return self.hold(frame);
        }
        match self.order(frame) {
            Order::Next => self.apply(frame),
            Order::Known => Folded::Same,
            Order::Broken => self.refetch(),
        }
    }

    /// Shows what the person sends, before the server has it.
    pub fn typed(&mut self, key: &str, text: &str) {
        self.bubbles.retain(|b| b.id != key);
        self.bubbles.push(Bubble::typed(key, text));
    }

    /// The server has it: it is `message_id` now and `answer_id` will answer it.
    pub fn accepted(&mut self, key: &str, message_id: &str, answer_id: &str) {
        let known = self.bubbles.iter().any(|b| b.id == message_id);
        if known {
            self.bubbles.retain(|b| b.id != key);
        } else if let Some(ours) = self.bubbles.iter_mut().find(|b| b.id == key) {
            message_id.clone_into(&mut ours.id);
            ours.delivery = Delivery::Confirmed;
        }
        if !self.bubbles.iter().any(|b| b.id == answer_id) {
            self.bubbles.push(Bubble::awaited(answer_id, message_id));
        }
        settle(&mut self.bubbles);
    }

    /// Gives each of these answers (task and id) its place behind its question, whoever asked it. Tells
    /// whether that was news.
    pub fn await_all(&mut self, answers: Vec<(String, String)>) -> bool {
        let before = self.bubbles.len();
        for (task, id) in answers {
            let asks = |b: &Bubble| b.role == "user" && b.task_id.as_ref() == Some(&task);
            let question = self.bubbles.iter().position(asks);
            if let Some(at) = question.filter(|_| !self.bubbles.iter().any(|b| b.id == id)) {
                let asked = self.bubbles[at].id.clone();
                self.bubbles.insert(at + 1, Bubble::awaited(id, asked));
            }
        }
        settle(&mut self.bubbles);
        self.bubbles.len() > before
    }

    /// The server refused it or was not reached; the text stays for another try.
    pub fn failed(&mut self, key: &str) {
        if let Some(ours) = self.bubbles.iter_mut().find(|b| b.id == key) {
            ours.delivery = Delivery::Failed;
        }
        settle(&mut self.bubbles);
    }

    /// Marks that a page is on its way; frames are held until it is there.
    pub fn refetch(&mut self) -> Folded {
        self.fetching = true;
        Folded::Refetch
    }

    fn concerns(&self, payload: &ServerPayload) -> bool {
        let id = match payload {
            ServerPayload::Message(m) | ServerPayload::MessageComplete(m) => &m.conversation_id,
            ServerPayload::MessageChunk(c) => &c.conversation_id,
            ServerPayload::Subscribed(s) => {
                return s.conversation_id.as_ref() == Some(&self.conversation_id);
            }
            ServerPayload::Resync(r) => {
                return r.conversation_id.as_ref() == Some(&self.conversation_id);
            }
            _ => return false,
        };
        *id == self.conversation_id
    }

    fn hold(&mut self, frame: &ServerFrame) -> Folded {
        if let ServerPayload::Subscribed(subscribed) = &frame.payload {
            self.follows_from = subscribed.active.then_some(subscribed.from);
            return Folded::Same;
        }
        if self.held.len() == MOST_HELD {
            self.held.pop_front(); // the gap this leaves asks for another page
        }
        self.held.push_back(frame.clone());
        Folded::Same
    }

    /// Folds the held frames on top of a fresh page.
    fn replay(&mut self) -> Folded {
        if self.missed_the_start() {
            return self.refetch();
        }
        let mut result = Folded::Changed;
        for frame in std::mem::take(&mut self.held) {
            // A resync that came before this page is answered by it.
            if matches!(frame.payload, ServerPayload::Resync(_)) {
                continue;
            }
            match self.fold(&frame) {
                Folded::Refetch => return Folded::Refetch,
                Folded::Finished => result = Folded::Finished,
                _ => {}
            }
        }
        result
    }

    /// Whether frames that came after what `page` holds were taken in.
    fn is_further_than(&self, page: &MessageList) -> bool {
        self.place.is_some_and(|ours| ours.epoch == page.epoch && ours.seq > page.live_seq)
    }

    /// Whether the server began to send after the place our page is complete to.
    fn missed_the_start(&mut self) -> bool {
        let (Some(from), Some(place)) = (self.follows_from.take(), self.place) else {
            return false;
        };
        from.epoch != place.epoch || from.seq > place.seq
    }

    /// Where a frame stands against what we have; moves our place when it is the next.
    fn order(&mut self, frame: &ServerFrame) -> Order {
        let Some(theirs) = frame.place else { return Order::Next };
        let Some(ours) = self.place else { return Order::Broken };
        if theirs.epoch != ours.epoch || theirs.seq > ours.seq + 1 {
            return Order::Broken;
        }
        if theirs.seq <= ours.seq {
            return Order::Known;
        }
        self.place = Some(theirs);
        Order::Next
    }

    fn apply(&mut self, frame: &ServerFrame) -> Folded {
        match &frame.payload {
            ServerPayload::MessageChunk(chunk) => self.chunk(chunk),
            ServerPayload::Message(message) => {
                self.store(message, &frame.timestamp, Folded::Changed)
            }
            ServerPayload::MessageComplete(message) => {
                self.ended = Some(message.message_id.clone());
                self.store(message, &frame.timestamp, Folded::Finished)
            }
            ServerPayload::Resync(_) => self.refetch(),
            ServerPayload::Subscribed(subscribed) => {
                self.follows_from = subscribed.active.then_some(subscribed.from);
                if self.missed_the_start() { self.refetch() } else { Folded::Same }
            }
            _ => Folded::Same,
        }
    }

    fn chunk(&mut self, chunk: &ChunkPayload) -> Folded {
        let is_it = |b: &Bubble| b.id == chunk.message_id;
        if !self.bubbles.iter().any(is_it) {
            self.bubbles.push(Bubble::awaited(&chunk.message_id, &chunk.answers));
            settle(&mut self.bubbles);
        }
        let Some(at) = self.bubbles.iter().position(is_it) else { return Folded::Same };
        match self.bubbles[at].append(chunk) {
            Appended::Grew => Folded::Changed,
            Appended::Known => Folded::Same,
            Appended::Gap => self.refetch(),
        }
    }

    /// Puts a record in the place of what stood for it.
    fn store(&mut self, message: &MessagePayload, at: &str, result: Folded) -> Folded {
        let stored = Bubble::of_frame(message, at);
        let stands_for = |b: &Bubble| {
            b.id == stored.id
                || (stored.role == "user"
                    && b.delivery == Delivery::Sending
                    && b.text == stored.text)
        };
        match self.bubbles.iter().position(stands_for) {
            Some(index) => self.bubbles[index] = stored,
            None => self.bubbles.push(stored),
        }
        settle(&mut self.bubbles);
        result
    }
}

/// Whether a page that does not have this bubble may simply be older than it.
fn is_of_here(bubble: &Bubble) -> bool {
    !matches!(bubble.delivery, Delivery::Writing(_) | Delivery::Stored)
}

/// Where a frame stands against the place we have.
enum Order {
    Next,
    Known,
    Broken,
}

#[cfg(test)]
#[path = "thread_tests.rs"]
mod tests;
