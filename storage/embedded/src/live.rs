//! The live feed: what happens now, for whoever watches now, and the answers that are in flight.
//!
//! All in memory and lossy: a slow watcher is told how much it missed. Stores nothing.
//!
//! Invariant: a topic's sequence has no gaps for as long as the hub lives, watched or not; of a
//! topic nobody watches only that number is kept.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use appliance_core::{
    ConversationId, EventBody, InFlight, LiveEvent, MessageId, Topic,
    ports::{Lagged, Live, Subscription},
};
use async_trait::async_trait;
use tokio::sync::broadcast::{self, error::RecvError};

/// Events a watcher may be behind before it loses some.
const BEHIND: usize = 512;

/// Answers kept in flight at once; beyond it the one that was longest without a chunk falls.
const FLIGHTS: usize = 1024;

/// Bytes kept of one answer in flight; a chunk beyond it is dropped, the record will have it all.
const FLIGHT_BYTES: usize = 1024 * 1024;

/// Ended answers that are remembered, so that a late chunk does not begin them anew.
const ENDED: usize = 4096;

/// The feed. One a server; its epoch tells this life from others.
#[derive(Debug)]
pub struct LiveHub {
    epoch: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    topics: HashMap<Topic, Feed>,
    flights: HashMap<ConversationId, Vec<Flight>>,
    /// Counts chunks; tells which flight was longest without one.
    moment: u64,
    flying: usize,
    ended: HashSet<MessageId>,
    ended_order: VecDeque<MessageId>,
}

#[derive(Debug, Default)]
struct Feed {
    seq: u64,
    watched: Option<broadcast::Sender<Arc<LiveEvent>>>,
}

#[derive(Debug)]
struct Flight {
    answer: InFlight,
    touched: u64,
}

impl LiveHub {
    /// Begins an empty feed in `epoch`, a number no other life of the server had.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self { epoch, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live for LiveHub {
    fn publish(&self, topic: Topic, body: EventBody) -> Option<u64> {
        let mut state = self.state();
        if !state.flight_takes(topic, &body) {
            return None;
        }
        let feed = state.topics.entry(topic).or_default();
        feed.seq += 1;
        let seq = feed.seq;
        if let Some(watched) = &feed.watched {
            let event = LiveEvent { topic, epoch: self.epoch, seq, body };
            if watched.send(Arc::new(event)).is_err() {
                feed.watched = None; // the last watcher has gone
            }
        }
        Some(seq)
    }

    fn subscribe(&self, topic: Topic) -> Box<dyn Subscription> {
        let mut state = self.state();
        let feed = state.topics.entry(topic).or_default();
        let sender = feed.watched.get_or_insert_with(|| broadcast::channel(BEHIND).0);
        Box::new(Watch { events: sender.subscribe() })
    }

    fn position(&self, topic: Topic) -> (u64, u64) {
        (self.epoch, self.state().seq(topic))
    }

    fn in_flight(&self, conversation: ConversationId) -> (Vec<InFlight>, u64) {
        let state = self.state();
        let flights = state.flights.get(&conversation).map_or(&[][..], Vec::as_slice);
        let answers = flights.iter().map(|flight| flight.answer.clone()).collect();
        (answers, state.seq(Topic::Conversation(conversation)))
    }
}

impl State {
    fn seq(&self, topic: Topic) -> u64 {
        self.topics.get(&topic).map_or(0, |feed| feed.seq)
    }

    /// Applies the event to the answers in flight; false when it is a chunk that does not fit.
    fn flight_takes(&mut self, topic: Topic, body: &EventBody) -> bool {
        match (topic, body) {
            (Topic::Conversation(thread), EventBody::Chunk { message_id, .. }) => {
                !self.ended.contains(message_id) && self.chunk(thread, body)
            }
            (_, EventBody::Chunk { .. }) => false,
            (Topic::Conversation(thread), EventBody::Complete(message)) => {
                self.end(thread, message.id);
                true
            }
            (Topic::Conversation(thread), EventBody::Message(message)) => {
                // A note of the appliance may stand where an answer was being written.
                self.land(thread, message.id);
                true
            }
            _ => true,
        }
    }

    fn chunk(&mut self, thread: ConversationId, body: &EventBody) -> bool {
        let EventBody::Chunk { message_id, answers, agent, attempt, offset, text } = body else {
            return false;
        };
        self.moment += 1;
        let touched = self.moment;
        let flights = self.flights.entry(thread).or_default();
        let found = flights.iter_mut().find(|flight| flight.answer.message_id == *message_id);
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
        let fits = offset.saturating_add(text.len()) <= FLIGHT_BYTES;
        match found {
            Some(flight) if *attempt == flight.answer.attempt => {
                if !fits || offset != flight.answer.text.len() {
                    return false;
                }
                flight.answer.text.push_str(text);
                flight.touched = touched;
                true
            }
            Some(flight) if *attempt > flight.answer.attempt && offset == 0 && fits => {
                flight.answer.agent = *agent;
                flight.answer.attempt = *attempt;
                flight.answer.text.clone_from(text);
                flight.touched = touched;
                true
            }
            None if offset == 0 && fits => {
                let (message_id, answers) = (*message_id, *answers);
                let (agent, attempt, text) = (*agent, *attempt, text.clone());
                let answer = InFlight { message_id, answers, agent, attempt, text };
                flights.push(Flight { answer, touched });
                self.flying += 1;
                self.shed();
                true
            }
            _ => {
                if flights.is_empty() {
                    self.flights.remove(&thread);
                }
                false
            }
        }
    }

    fn end(&mut self, thread: ConversationId, id: MessageId) {
        self.land(thread, id);
        if self.ended.insert(id) {
            self.ended_order.push_back(id);
        }
        if self.ended_order.len() > ENDED
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    fn land(&mut self, thread: ConversationId, id: MessageId) {
        let Some(flights) = self.flights.get_mut(&thread) else { return };
        let before = flights.len();
        flights.retain(|flight| flight.answer.message_id != id);
        self.flying -= before - flights.len();
        if flights.is_empty() {
            self.flights.remove(&thread);
        }
    }

    /// Drops the flight that was longest without a chunk when there are too many.
    fn shed(&mut self) {
        if self.flying <= FLIGHTS {
            return;
        }
        let each = self.flights.iter().flat_map(|(thread, flights)| {
            flights.iter().map(|flight| (flight.touched, *thread, flight.answer.message_id))
        });
        if let Some((_, thread, id)) = each.min_by_key(|(touched, ..)| *touched) {
            self.land(thread, id);
        }
    }
}

/// One watcher's end of a feed.
struct Watch {
    events: broadcast::Receiver<Arc<LiveEvent>>,
}

#[async_trait]
impl Subscription for Watch {
    async fn next(&mut self) -> Option<Result<LiveEvent, Lagged>> {
        match self.events.recv().await {
            Ok(event) => Some(Ok(Arc::unwrap_or_clone(event))),
            Err(RecvError::Lagged(missed)) => Some(Err(Lagged(missed))),
            Err(RecvError::Closed) => None,
        }
    }
}
