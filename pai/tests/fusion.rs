//! The signs of relevance, each on its own: what it brings forward, and that its weight turns it off.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use appliance_core::{
    ConversationId, Memory, MemoryHit, MemoryId, MemoryKind, Provenance, SearchFilter, Timestamp,
    UserId, Utility,
    ports::{MemorySearch as _, TextChanges, TextEntry, TextIndex as _},
};
use pai::memory::{Search, Weights};
use support::{Desk, MORNING_MILLIS};
use vector::{ExactIndex, StaticEmbedder, TextIndex};

const TALK: [&str; 6] = [
    "the train to Oslo leaves at noon",
    "the oven is broken again",
    "we painted the fence green",
    "the meeting about rents was moved",
    "my bicycle has a flat tyre",
    "the lake was frozen this morning",
];

fn say(desk: &Desk, thread: Option<ConversationId>, author: Option<&str>, text: &str) -> MemoryId {
    let created_at = Timestamp::from_unix_micros(MORNING_MILLIS as i64 * 1_000);
    say_at(desk, thread, author, text, created_at)
}

fn say_at(
    desk: &Desk,
    thread: Option<ConversationId>,
    author: Option<&str>,
    text: &str,
    created_at: Timestamp,
) -> MemoryId {
    let provenance = Provenance {
        conversation_id: thread,
        author: author.map(str::to_owned),
        ..Provenance::default()
    };
    let id = desk.mint.next(MemoryId::from_uuid);
    let text = text.to_owned();
    let memory = Memory::new(id, desk.owner, MemoryKind::Said, text, provenance, created_at);
    desk.memories.put(memory).id
}

fn talk(desk: &Desk) {
    for text in TALK {
        say(desk, None, None, text);
    }
}

fn weighed(desk: &Desk, weights: Weights) -> Search {
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let texts = Arc::new(TextIndex::in_memory().unwrap());
    Search::new(
        desk.memories.clone(),
        embedder,
        Arc::new(ExactIndex::new(256)),
        appliance_tasks::Tasks::new(),
    )
    .with_texts(texts)
    .with_weights(weights)
}

async fn found(search: &Search, owner: UserId, query: &str) -> Vec<MemoryHit> {
    search.search(owner, query, SearchFilter::default(), 10).await.unwrap().hits
}

fn place(hits: &[MemoryHit], id: MemoryId) -> Option<usize> {
    hits.iter().position(|hit| hit.memory.id == id)
}

#[tokio::test]
async fn an_answer_that_repeats_no_word_is_found_through_its_question() {
    let desk = Desk::new();
    let thread = Some(desk.mint.next(ConversationId::from_uuid));
    talk(&desk);
    say(&desk, thread, Some("Ida"), "Which instrument would you like to learn, Tom?");
    let answer = say(&desk, thread, Some("Tom"), "Probably that one, after such an evening!");
    let ask = "which instrument does he want to learn?";
    let hits = found(&desk.search, desk.owner, ask).await;
    assert_eq!(place(&hits, answer), Some(0), "{hits:#?}");
    assert!(hits[0].why.contains("neighbours +"), "{}", hits[0].why);
    let off = Weights {
        before: 0.0,
        before_asking: 0.0,
        two_before: 0.0,
        after: 0.0,
        ..Weights::default()
    };
    let alone = found(&weighed(&desk, off), desk.owner, ask).await;
    assert_ne!(place(&alone, answer), Some(0), "{alone:#?}");
}

#[tokio::test]
async fn who_is_named_comes_first_whether_said_by_them_or_about_them() {
    let desk = Desk::new();
    talk(&desk);
    let hers = say(&desk, None, Some("Gwen Hill"), "I am allergic to peanuts");
    let his = say(&desk, None, Some("Tom"), "I am allergic to walnuts");
    let noted = say(&desk, None, None, "Gwen is allergic to hazelnuts");
    let hits = found(&desk.search, desk.owner, "what is gwen allergic to?").await;
    let (hers, his, noted) = (place(&hits, hers), place(&hits, his), place(&hits, noted));
    assert!(hers < his && noted < his && hers.is_some(), "{hits:#?}");
    let said = &hits[hers.unwrap()].why;
    assert!(said.contains("author named") && said.contains("said by Gwen Hill 2026-"), "{said}");
}

#[tokio::test]
async fn a_rare_word_is_found_by_its_letters_and_a_like_one_by_its_meaning() {
    let desk = Desk::new();
    talk(&desk);
    let ticket = say(&desk, None, None, "somebody should have a look at QX-4417 tomorrow or so");
    let cello = say(&desk, None, None, "Anna bought a new violin");
    let hits = found(&desk.search, desk.owner, "QX-4417").await;
    assert_eq!(place(&hits, ticket), Some(0), "{hits:#?}");
    assert!(hits[0].why.contains("bm25 "), "{}", hits[0].why);
    let hits = found(&desk.search, desk.owner, "which instruments did she buy?").await;
    assert_eq!(place(&hits, cello), Some(0), "{hits:#?}");
    assert!(hits[0].why.contains("words "), "{}", hits[0].why);
}

#[tokio::test]
async fn of_two_like_memories_the_newer_comes_first_unless_age_does_not_count() {
    let desk = Desk::new();
    talk(&desk);
    let year_ago = Timestamp::from_unix_micros((MORNING_MILLIS as i64 - 365 * 86_400_000) * 1_000);
    let new = say(&desk, None, None, "the office is in the Harbour street");
    let old = say_at(&desk, None, None, "the office is in the Station street", year_ago);
    let weights = Weights { recency: 3.0, ..Weights::default() };
    let hits = found(&weighed(&desk, weights), desk.owner, "in which street is the office?").await;
    assert!(place(&hits, new) < place(&hits, old), "{hits:#?}");
}

#[tokio::test]
async fn of_two_like_memories_the_more_useful_comes_first_and_says_so() {
    let desk = Desk::new();
    talk(&desk);
    let poor = say(&desk, None, None, "the office is in the Harbour street");
    let good = say(&desk, None, None, "the office is in the Station street");
    found(&desk.search, desk.owner, "in which street is the office?").await;
    desk.memories.change(poor, |memory| memory.standing.utility = Utility::START.plus(-5_000));
    desk.memories.change(good, |memory| memory.standing.utility = Utility::MOST);
    let hits = found(&desk.search, desk.owner, "in which street is the office?").await;
    assert!(place(&hits, good) < place(&hits, poor), "{hits:#?}");
    assert!(hits[0].why.contains("useful +0.5"), "{}", hits[0].why);
    assert!(hits.iter().any(|hit| hit.why.contains("useful -0.5")), "{hits:#?}");
}

#[tokio::test]
async fn an_index_of_words_that_is_ahead_of_the_records_is_filled_again() {
    let desk = Desk::new();
    let kept = say(&desk, None, None, "the spare key is under the pot");
    let texts = Arc::new(TextIndex::in_memory().unwrap());
    let of_another_life = TextEntry {
        id: desk.mint.next(MemoryId::from_uuid),
        owner: desk.owner,
        author: None,
        text: "the spare key is in the shed".to_owned(),
    };
    let changes = TextChanges { put: vec![of_another_life], position: 900, ..Default::default() };
    texts.take_in(changes).await.unwrap();
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let search = Search::new(
        desk.memories.clone(),
        embedder,
        Arc::new(ExactIndex::new(256)),
        appliance_tasks::Tasks::new(),
    )
    .with_texts(texts.clone());
    let hits = found(&search, desk.owner, "where is the spare key?").await;
    assert_eq!((hits.len(), hits[0].memory.id), (1, kept));
    assert_eq!((texts.count(), texts.position()), (1, 1));
}
