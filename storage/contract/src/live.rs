//! Rules of the port `Live`: a feed without gaps, and the answers in flight.

use appliance_core::{
    AgentName, ConversationId, EventBody, IdMint, InFlight, Message, MessageId, Topic,
    time::ManualClock,
};

use crate::{Checked, LiveFixture, given};

/// Events reach every watcher of their topic in order, with sequences from 1 without gaps.
pub async fn events_come_in_order_without_gaps(it: &mut impl LiveFixture) -> Checked {
    let (live, answer) = (it.live(), Answer::new());
    let mut watchers = [live.subscribe(answer.topic()), live.subscribe(answer.topic())];
    let mut elsewhere = live.subscribe(Topic::Agents);
    for number in 0..50_u64 {
        let seq = live.publish(answer.topic(), answer.chunk(1, number, "x"));
        assert_eq!(seq, Some(number + 1));
    }
    live.publish(Topic::Agents, answer.complete("for others"));
    for watcher in &mut watchers {
        for seq in 1..=50 {
            let Some(Ok(event)) = watcher.next().await else { return none() };
            assert_eq!((event.seq, event.topic), (seq, answer.topic()));
            assert_eq!(event.epoch, live.position(answer.topic()).0);
        }
    }
    let Some(Ok(event)) = elsewhere.next().await else { return none() };
    assert_eq!((event.seq, event.topic), (1, Topic::Agents));
    Ok(())
}

/// Sequences count on while nobody watches, and a watcher sees what comes after it began.
pub async fn sequences_count_on_unwatched(it: &mut impl LiveFixture) -> Checked {
    let (live, answer) = (it.live(), Answer::new());
    assert_eq!(live.position(answer.topic()).1, 0);
    for number in 0..5 {
        drop(live.subscribe(answer.topic()));
        live.publish(answer.topic(), answer.chunk(1, number, "x"));
    }
    assert_eq!(live.position(answer.topic()).1, 5);
    let mut watcher = live.subscribe(answer.topic());
    live.publish(answer.topic(), answer.chunk(1, 5, "x"));
    let Some(Ok(event)) = watcher.next().await else { return none() };
    assert_eq!(event.seq, 6);
    Ok(())
}

/// A watcher that is too slow is told how much it lost, once, and goes on without further gaps.
pub async fn a_slow_watcher_is_told_what_it_lost(it: &mut impl LiveFixture) -> Checked {
    const MANY: u64 = 100_000;
    let (live, answer) = (it.live(), Answer::new());
    let mut watcher = live.subscribe(Topic::Agents);
    for _ in 0..MANY {
        live.publish(Topic::Agents, answer.complete("x"));
    }
    let Some(Err(lagged)) = watcher.next().await else { return none() };
    assert!(lagged.0 > 0);
    for seq in lagged.0 + 1..=MANY {
        let Some(Ok(event)) = watcher.next().await else { return none() };
        assert_eq!(event.seq, seq);
    }
    Ok(())
}

/// Pieces at the right offset grow the answer; others are dropped and get no sequence.
pub async fn a_chunk_fits_or_is_dropped(it: &mut impl LiveFixture) -> Checked {
    let (live, answer) = (it.live(), Answer::new());
    let publish =
        |attempt, offset, text| live.publish(answer.topic(), answer.chunk(attempt, offset, text));
    assert_eq!(publish(1, 4, "late"), None, "an answer begins at 0");
    assert_eq!(publish(1, 0, "caf\u{e9} "), Some(1));
    assert_eq!(publish(1, 0, "caf\u{e9} "), None, "a double");
    assert_eq!(publish(1, 5, "x"), None, "offsets count bytes");
    assert_eq!(publish(1, 6, "au lait"), Some(2));
    assert_eq!(answer.flying(&*live), Some((1, "caf\u{e9} au lait".to_owned())));
    assert_eq!(live.position(answer.topic()).1, 2);
    Ok(())
}

/// A newer attempt at offset 0 starts the answer anew; an older one is dropped from then on.
pub async fn a_newer_attempt_starts_anew(it: &mut impl LiveFixture) -> Checked {
    let (live, answer) = (it.live(), Answer::new());
    let publish = |attempt, offset, text| {
        live.publish(answer.topic(), answer.chunk(attempt, offset, text)).is_some()
    };
    assert!(publish(1, 0, "the first try"));
    assert!(!publish(2, 13, " goes on"), "a newer attempt begins at 0");
    assert!(publish(2, 0, "the second"));
    assert!(!publish(1, 13, " goes on") && !publish(1, 10, " goes on") && !publish(1, 0, "again"));
    assert!(publish(2, 10, " try"));
    assert_eq!(answer.flying(&*live), Some((2, "the second try".to_owned())));
    Ok(())
}

/// The record ends the flight; what comes after it is dropped.
pub async fn completion_ends_the_flight(it: &mut impl LiveFixture) -> Checked {
    let (live, answer, other) = (it.live(), Answer::new(), Answer::new());
    let other = Answer { thread: answer.thread, ..other };
    live.publish(answer.topic(), answer.chunk(1, 0, "hello"));
    live.publish(answer.topic(), other.chunk(1, 0, "another"));
    assert_eq!(live.publish(answer.topic(), answer.complete("hello")), Some(3));
    assert_eq!(answer.flying(&*live), None);
    assert!(other.flying(&*live).is_some(), "another answer of the thread flies on");
    assert_eq!(live.publish(answer.topic(), answer.chunk(1, 0, "hello")), None);
    assert_eq!(live.in_flight(answer.thread).1, 3, "read at this position");
    Ok(())
}

/// One answer of one thread.
struct Answer {
    thread: ConversationId,
    id: MessageId,
}

impl Answer {
    fn new() -> Self {
        let mint = mint();
        let id = mint.next(MessageId::from_uuid);
        Self { thread: mint.next(ConversationId::from_uuid), id }
    }

    const fn topic(&self) -> Topic {
        Topic::Conversation(self.thread)
    }

    fn chunk(&self, attempt: u32, offset: u64, text: &str) -> EventBody {
        let (message_id, agent, text) = (self.id, AgentName::Code, text.to_owned());
        let answers = MessageId::from_bytes([9; 16]);
        EventBody::Chunk { message_id, answers, agent, attempt, offset, text }
    }

    fn complete(&self, text: &str) -> EventBody {
        EventBody::Complete(Message { id: self.id, ..given::message(&mint(), self.thread, text) })
    }

    fn flying(&self, live: &dyn appliance_core::ports::Live) -> Option<(u32, String)> {
        let flights: Vec<InFlight> = live.in_flight(self.thread).0;
        let found = flights.into_iter().find(|flight| flight.message_id == self.id);
        found.map(|flight| (flight.attempt, flight.text))
    }
}

fn mint() -> IdMint {
    IdMint::new(std::sync::Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0)
}

fn none() -> Checked {
    Err(appliance_core::StoreError::invalid("contract", "an event was expected and none came"))
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! live_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            live,
            $fixture,
            events_come_in_order_without_gaps,
            sequences_count_on_unwatched,
            a_slow_watcher_is_told_what_it_lost,
            a_chunk_fits_or_is_dropped,
            a_newer_attempt_starts_anew,
            completion_ends_the_flight,
        );
    };
}
