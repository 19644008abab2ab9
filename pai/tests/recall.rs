//! The rules of recall: nothing committed is missed, nobody else's is shown, each hit says why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::{Arc, atomic::Ordering};

use appliance_core::{
    AgentName, ErrorKind, MemoryHit, MemoryKind, MessageId, SearchFilter, UserId,
    ports::{MemorySearch, SearchError, VectorIndex},
};
use support::{Desk, search_over, texts};
use vector::ExactIndex;

const HERON: &str = "remember that the staging database is called heron";
const ASKED: &str = "what is the staging database called?";

async fn search(desk: &Desk, query: &str) -> Vec<MemoryHit> {
    desk.search.search(desk.owner, query, SearchFilter::default(), 10).await.unwrap().hits
}

#[tokio::test]
async fn what_was_committed_before_a_search_is_found_by_it() {
    let desk = Desk::new();
    assert!(search(&desk, ASKED).await.is_empty());
    desk.remember(MemoryKind::Said, HERON);
    assert_eq!(texts(&search(&desk, ASKED).await), [HERON]);
    for n in 0..600 {
        desk.remember(MemoryKind::Said, &format!("ticket {n} is closed"));
    }
    desk.remember(MemoryKind::Said, "the staging database moved to rack nine");
    let hits = search(&desk, "which rack has the staging database?").await;
    assert!(texts(&hits)[0].ends_with("nine"), "{hits:#?}");
    assert_eq!(desk.index.count(), 602);
}

#[tokio::test]
async fn a_restart_rebuilds_the_index_from_the_records() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    let index = Arc::new(ExactIndex::new(256));
    let after = search_over(desk.memories.clone(), index.clone());
    after.warm_up().await.unwrap();
    assert_eq!(index.count(), 1);
    let hits = after.search(desk.owner, ASKED, SearchFilter::default(), 5).await.unwrap();
    assert_eq!(texts(&hits), [HERON]);
}

#[tokio::test]
async fn many_searches_at_once_read_the_records_once() {
    let desk = Desk::new();
    for n in 0..500 {
        desk.remember(MemoryKind::Said, &format!("ticket {n} is closed"));
    }
    let searches = (0..20).map(|_| search(&desk, "which ticket is closed?"));
    futures_util::future::join_all(searches).await;
    let reads = desk.memories.reads.load(Ordering::SeqCst);
    assert_eq!(reads, 2 + 5, "500 memories are two pages of words and five of vectors");
}

#[tokio::test]
async fn a_store_that_fails_makes_an_error_and_the_next_search_goes_on() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    desk.memories.failures_left.store(1, Ordering::SeqCst);
    let failed = desk.search.search(desk.owner, ASKED, SearchFilter::default(), 5).await;
    let Err(SearchError::Store(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(texts(&search(&desk, ASKED).await), [HERON]);
}

#[tokio::test]
async fn a_memory_that_is_gone_from_the_records_is_not_shown() {
    let desk = Desk::new();
    let gone = desk.remember(MemoryKind::Said, HERON);
    assert_eq!(search(&desk, ASKED).await.len(), 1);
    desk.memories.lose(gone.id);
    assert!(search(&desk, ASKED).await.is_empty());
}

#[tokio::test]
async fn nothing_of_another_owner_is_found() {
    let desk = Desk::new();
    let stranger = desk.mint.next(UserId::from_uuid);
    let message = desk.mint.next(MessageId::from_uuid);
    desk.remember_of(stranger, MemoryKind::Note, HERON, message);
    assert!(search(&desk, ASKED).await.is_empty());
    let theirs = desk.search.search(stranger, ASKED, SearchFilter::default(), 5).await.unwrap();
    assert_eq!(texts(&theirs), [HERON]);
}

#[tokio::test]
async fn the_statement_comes_before_the_answer_and_both_before_the_question() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, ASKED);
    desk.remember(MemoryKind::Answer, "The staging database is called heron. [1]");
    let denial = "I do not know what the staging database is called.";
    desk.remember(MemoryKind::Answer, denial);
    desk.remember(MemoryKind::Said, HERON);
    let hits = search(&desk, ASKED).await;
    assert_eq!(texts(&hits)[..2], [HERON, "The staging database is called heron. [1]"]);
    assert!(hits[1].why.contains("answered by research 2026-11-20"), "{}", hits[1].why);
    assert!(hits.iter().any(|hit| hit.why.contains("asked 2026-11-20")));
}

#[tokio::test]
async fn repeats_are_joined_counted_and_dated_by_the_first() {
    let desk = Desk::new();
    let first = desk.remember(MemoryKind::Said, "The staging database is called heron.");
    desk.remember(MemoryKind::Said, HERON);
    desk.remember(MemoryKind::Said, "the staging  database is called Heron");
    let hits = search(&desk, ASKED).await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].memory.id, first.id);
    assert!(hits[0].why.ends_with("said 2026-11-20, 3 times"), "{}", hits[0].why);
    assert!(hits[0].why.starts_with("cosine "), "{}", hits[0].why);
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score), "best first");
}

#[tokio::test]
async fn a_note_and_the_message_that_asked_for_it_are_one_memory() {
    let desk = Desk::new();
    let message = desk.mint.next(MessageId::from_uuid);
    let said = "/remember the staging database is called heron";
    desk.remember_of(desk.owner, MemoryKind::Said, said, message);
    let note = "the staging database is called heron";
    desk.remember_of(desk.owner, MemoryKind::Note, note, message);
    let hits = search(&desk, ASKED).await;
    assert_eq!(texts(&hits), [note]);
    assert!(hits[0].why.ends_with("noted 2026-11-20"), "{}", hits[0].why);
}

#[tokio::test]
async fn filters_narrow_the_search() {
    let desk = Desk::new();
    let said = desk.remember(MemoryKind::Said, HERON);
    desk.remember(MemoryKind::Answer, "Heron is the name of the staging database.");
    let only_research =
        SearchFilter { agent: Some(AgentName::Research), ..SearchFilter::default() };
    let hits = desk.search.search(desk.owner, ASKED, only_research, 5).await.unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].memory.kind, MemoryKind::Answer);
    let except_message = said.provenance.message_id;
    let but_not = SearchFilter { except_message, ..SearchFilter::default() };
    let hits = desk.search.search(desk.owner, ASKED, but_not, 5).await.unwrap();
    assert!(!texts(&hits).contains(&HERON));
}

#[tokio::test]
async fn a_wrong_question_is_refused_and_an_odd_one_finds_nothing() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    let ask =
        async |query: &str| desk.search.search(desk.owner, query, SearchFilter::default(), 5).await;
    assert!(matches!(ask(" \n").await, Err(SearchError::Empty)));
    let long = "a".repeat(8 * 1024 + 1);
    let too_long = ask(&long).await;
    assert!(matches!(too_long, Err(SearchError::TooLong { got: 8193, limit: 8192 })));
    assert!(ask(&long[1..]).await.is_ok());
    assert!(ask("\u{1F426}").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_limit_holds_and_repeats_do_not_crowd_a_fact_out() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    for n in 0..40 {
        desk.remember(MemoryKind::Said, ASKED);
        desk.remember(MemoryKind::Said, &format!("what is the staging database called, part {n}?"));
    }
    let hits = desk.search.search(desk.owner, ASKED, SearchFilter::default(), 1).await.unwrap();
    assert_eq!(texts(&hits), [HERON]);
}

#[tokio::test]
async fn a_search_among_ten_thousand_memories_is_quick() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    for n in 0..10_000 {
        desk.remember(MemoryKind::Said, &format!("server {n} of the staging area was rebooted"));
    }
    let start = tokio::time::Instant::now();
    desk.search.warm_up().await.unwrap();
    println!("10,000 memories embedded and indexed in {:?}", start.elapsed());
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(texts(&search(&desk, ASKED).await)[0], HERON);
    }
    let each = start.elapsed() / 10;
    println!("{each:?} a search");
    assert!(each < std::time::Duration::from_millis(200), "{each:?}");
}
