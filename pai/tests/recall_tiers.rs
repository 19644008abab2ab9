//! Recall over three tiers and through time: archived memories are found by their words, ended ones
//! only as of their day, and what is gone is gone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use appliance_core::{
    Collection, ConversationId, MemoryHit, MemoryId, MemoryKind, MemoryTier, SearchFilter,
    Timestamp,
    ports::{MemorySearch as _, TextIndex as _, VectorIndex as _},
};
use pai::memory::{Indexes as _, Search, Space};
use support::{Desk, embedders::Meanwhile, texts};
use vector::{ExactIndex, StaticEmbedder, TextIndex};

const HERON: &str = "the staging database is called heron";
const ASKED: &str = "what is the staging database called?";

fn only(tier: MemoryTier) -> SearchFilter {
    SearchFilter { tier: Some(tier), ..SearchFilter::default() }
}

fn days_later(at: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_unix_micros(at.unix_micros() + days * 86_400_000_000)
}

#[tokio::test]
async fn an_archived_memory_is_found_by_its_words_with_its_text_and_says_where_it_is() {
    let desk = Desk::new();
    let old = desk.remember(MemoryKind::Said, HERON);
    desk.remember(MemoryKind::Said, "the canteen closes at three");
    assert_eq!(desk.found(ASKED).await.len(), 1);
    desk.memories.archive(old.id);
    let hits = desk.found(ASKED).await;
    assert_eq!(texts(&hits), [HERON]);
    assert!(hits[0].why.starts_with("cosine 0.") && hits[0].why.contains("bm25 "));
    assert!(hits[0].why.ends_with("from the archive"), "{}", hits[0].why);
    assert_eq!(desk.index.count(), 1, "its vector is gone from the index");
    assert_eq!(texts(&desk.found_in(ASKED, only(MemoryTier::Cold)).await), [HERON]);
    assert!(desk.found_in(ASKED, only(MemoryTier::Warm)).await.is_empty());
    let counts = desk.search.collections(desk.owner).await.unwrap();
    let said = counts.iter().find(|it| it.collection == Collection::Conversations).unwrap();
    assert_eq!((said.memories, said.dim), (1, 256));
}

/// Searches for the heron, and has it moved in the middle of that.
async fn found_while_moved(desk: &Desk, id: MemoryId, to: MemoryTier) -> Vec<MemoryHit> {
    let words = Arc::new(Meanwhile::new());
    let space =
        Space::new(Arc::new(StaticEmbedder::load().unwrap()), Arc::new(ExactIndex::new(256)));
    let tasks = appliance_tasks::Tasks::new();
    let search = Search::over(desk.memories.clone(), words.clone(), Some(space), tasks)
        .with_texts(Arc::new(TextIndex::in_memory().unwrap()));
    let search = Arc::new(search);
    search.search(desk.owner, ASKED, SearchFilter::default(), 5).await.unwrap();
    let (memories, other) = (desk.memories.clone(), search.clone());
    words.once(async move {
        memories.change(id, |memory| memory.tier = to);
        other.warm_up().await.unwrap();
    });
    let found = search.search(desk.owner, ASKED, SearchFilter::default(), 5).await.unwrap();
    assert!(words.is_done(), "nothing was moved meanwhile");
    found.hits
}

#[tokio::test]
async fn what_is_archived_or_comes_back_while_a_search_is_at_work_is_found_all_the_same() {
    let desk = Desk::new();
    let old = desk.remember(MemoryKind::Said, HERON).id;
    let hits = found_while_moved(&desk, old, MemoryTier::Cold).await;
    assert_eq!(texts(&hits), [HERON]);
    assert!(hits[0].why.ends_with("from the archive"), "{}", hits[0].why);
    let hits = found_while_moved(&desk, old, MemoryTier::Warm).await;
    assert_eq!(texts(&hits), [HERON]);
}

#[tokio::test]
async fn what_comes_back_from_the_archive_is_found_by_its_meaning_again() {
    let desk = Desk::new();
    let old = desk.remember(MemoryKind::Said, HERON);
    desk.memories.archive(old.id);
    assert_eq!(desk.found(ASKED).await.len(), 1);
    desk.memories.change(old.id, |memory| memory.tier = MemoryTier::Warm);
    let hits = desk.found(ASKED).await;
    assert_eq!(texts(&hits), [HERON]);
    assert!(!hits[0].why.contains("archive"), "{}", hits[0].why);
    assert_eq!(desk.index.count(), 1);
}

#[tokio::test]
async fn an_index_that_never_saw_an_archived_memory_reads_its_text() {
    let desk = Desk::new();
    let old = desk.remember(MemoryKind::Said, HERON);
    desk.memories.archive(old.id);
    let texts_index = Arc::new(TextIndex::in_memory().unwrap());
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let search = Search::new(
        desk.memories.clone(),
        embedder,
        Arc::new(ExactIndex::new(256)),
        appliance_tasks::Tasks::new(),
    )
    .with_texts(texts_index.clone());
    let hits = search.search(desk.owner, ASKED, SearchFilter::default(), 5).await.unwrap();
    assert_eq!(texts(&hits), [HERON]);
    assert!(texts_index.holds(old.id));
}

#[tokio::test]
async fn an_archive_full_of_the_same_words_hides_no_live_memory_and_is_read_in_part() {
    let desk = Desk::new();
    let mut archived = Vec::new();
    for n in 0..400 {
        archived.push(desk.remember(MemoryKind::Said, &format!("staging database {n}")).id);
    }
    let live = "some say that the staging database of the northern branch is the one named heron";
    desk.remember(MemoryKind::Said, live);
    desk.search.warm_up().await.unwrap();
    archived.iter().for_each(|id| desk.memories.archive(*id));
    desk.search.warm_up().await.unwrap();
    let before = desk.memories.gets.load(Ordering::SeqCst);
    let hits = desk.search.search(desk.owner, "the staging database", SearchFilter::default(), 50);
    let hits = hits.await.unwrap();
    assert!(texts(&hits).contains(&live), "{:?}", texts(&hits));
    let read = desk.memories.gets.load(Ordering::SeqCst) - before;
    assert!(read <= 31, "{read} memories read");
}

#[tokio::test]
async fn a_narrow_search_asks_the_texts_until_enough_pass() {
    let desk = Desk::new();
    let wanted =
        desk.remember(MemoryKind::Said, "heron, seen from far away by many, in a long text");
    for _ in 0..1_500 {
        desk.remember(MemoryKind::Said, "heron");
    }
    let conversation_id: Option<ConversationId> = wanted.provenance.conversation_id;
    let filter = SearchFilter { conversation_id, ..SearchFilter::default() };
    let hits = desk.found_in("heron", filter).await;
    assert_eq!(hits.len(), 1);
    assert!(hits[0].why.contains("bm25 "), "found by its words too: {}", hits[0].why);
}

#[tokio::test]
async fn an_ended_memory_is_shown_as_of_its_time_only() {
    let desk = Desk::new();
    let old = desk.remember(MemoryKind::Said, HERON);
    let (start, end) = (old.created_at, days_later(old.created_at, 10));
    desk.memories.change(old.id, |memory| memory.standing.valid_until = Some(end));
    let new = desk.remember(MemoryKind::Note, "the staging database is called osprey");
    desk.memories.change(new.id, |memory| memory.standing.valid_from = end);
    let as_of = |at| SearchFilter { as_of: Some(at), ..SearchFilter::default() };
    assert_eq!(texts(&desk.found(ASKED).await), [new.text.as_str()]);
    let then = desk.found_in(ASKED, as_of(days_later(start, 1))).await;
    assert_eq!(texts(&then), [HERON]);
    assert!(then[0].why.contains("held until 2026-11-30"), "{}", then[0].why);
    assert_eq!(texts(&desk.found_in(ASKED, as_of(end)).await), [new.text.as_str()]);
    assert!(desk.found_in(ASKED, as_of(days_later(start, -1))).await.is_empty());
    desk.memories.archive(old.id);
    assert_eq!(texts(&desk.found(ASKED).await), [new.text.as_str()]);
    assert_eq!(texts(&desk.found_in(ASKED, as_of(days_later(start, 1))).await), [HERON]);
}

#[tokio::test]
async fn what_is_forgotten_or_purged_is_found_by_nothing_and_comes_back_when_undone() {
    let desk = Desk::new();
    let memory = desk.remember(MemoryKind::Said, HERON);
    let at = memory.created_at;
    assert_eq!(desk.found(ASKED).await.len(), 1);
    desk.memories.change(memory.id, |memory| memory.standing.forgotten_at = Some(at));
    assert!(desk.found(ASKED).await.is_empty());
    assert!(desk.index.count() == 0);
    desk.memories.change(memory.id, |memory| memory.standing.forgotten_at = None);
    assert_eq!(desk.found(ASKED).await.len(), 1);
    desk.memories.archive(memory.id);
    assert_eq!(desk.found(ASKED).await.len(), 1);
    desk.memories.purge(memory.id);
    assert!(desk.found(ASKED).await.is_empty());
}

#[tokio::test]
async fn a_memory_that_says_something_else_now_is_found_by_that() {
    let desk = Desk::new();
    let memory = desk.remember(MemoryKind::Answer, "The staging database is called heron.");
    assert_eq!(desk.found(ASKED).await.len(), 1);
    let mut other = memory.clone();
    other.text = "The canteen closes at three in the afternoon.".to_owned();
    desk.memories.put(other);
    assert!(desk.found(ASKED).await.is_empty());
    assert_eq!(desk.found("when does the canteen close?").await[0].memory.id, memory.id);
    assert_eq!(desk.index.count(), 1);
}

#[tokio::test]
async fn searching_and_touching_all_the_time_embeds_nothing_twice_and_stays_level() {
    let desk = Desk::new();
    let memory = desk.remember(MemoryKind::Said, HERON);
    for n in 1..50 {
        desk.memories.change(memory.id, |memory| memory.standing.accesses = n);
        let found = tokio::time::timeout(Duration::from_secs(5), desk.found(ASKED)).await;
        assert_eq!(found.unwrap()[0].memory.standing.accesses, n);
    }
    assert_eq!(desk.index.count(), 1);
}
