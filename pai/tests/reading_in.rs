//! The first searches after a start, while memory is still being read in: what is there answers, and
//! the answer says what it lacks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::{Arc, atomic::Ordering};

use appliance_core::{
    MemoryKind, SearchFilter,
    memory::{MemoryHits, SearchPart},
    ports::{Embedder, MemorySearch as _, TextIndex as _, VectorIndex as _},
};
use appliance_tasks::Tasks;
use pai::memory::Search;
use support::Desk;
use vector::{ExactIndex, StaticEmbedder, TextIndex};

const HERON: &str = "the staging database is called heron";
const ASKED: &str = "what is the staging database called?";
const MANY: usize = 4_000;

/// A person with many memories, in indexes that outlive the search which filled them.
async fn filled() -> (Desk, Arc<TextIndex>, Arc<dyn Embedder>) {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    for n in 1..MANY {
        desk.remember(MemoryKind::Said, &format!("ticket {n} about the lift is closed"));
    }
    let texts = Arc::new(TextIndex::in_memory().unwrap());
    let embedder: Arc<dyn Embedder> = Arc::new(StaticEmbedder::load().unwrap());
    let first =
        Search::new(desk.memories.clone(), embedder.clone(), desk.index.clone(), Tasks::new())
            .with_texts(texts.clone());
    first.warm_up().await.unwrap();
    assert_eq!((texts.count(), desk.index.count()), (MANY, MANY));
    (desk, texts, embedder)
}

async fn ask(search: &Search, desk: &Desk) -> MemoryHits {
    search.search(desk.owner, ASKED, SearchFilter::default(), 5).await.unwrap()
}

#[tokio::test]
async fn words_answer_while_memory_is_read_in_and_the_answer_says_so() {
    let (desk, texts, embedder) = filled().await;
    let again = Search::new(desk.memories.clone(), embedder, desk.index.clone(), Tasks::new())
        .with_texts(texts);
    desk.memories.slow.store(60, Ordering::SeqCst);
    let first = ask(&again, &desk).await;
    assert_eq!(first.missing, [SearchPart::Vectors]);
    assert_eq!(first[0].memory.text, HERON);
    assert!(
        first[0].why.starts_with("by words alone, memory is still being read in: "),
        "{first:?}"
    );
    desk.memories.slow.store(0, Ordering::SeqCst);
    again.warm_up().await.unwrap();
    let whole = ask(&again, &desk).await;
    assert!(whole.missing.is_empty() && whole[0].why.starts_with("cosine "), "{whole:?}");
    assert_eq!((whole[0].memory.text.as_str(), desk.index.count()), (HERON, MANY));
}

#[tokio::test]
async fn vectors_answer_while_words_are_filled_again_and_lose_nothing_by_it() {
    let (desk, _, embedder) = filled().await;
    let empty = Arc::new(TextIndex::in_memory().unwrap());
    let again = Search::new(desk.memories.clone(), embedder, desk.index.clone(), Tasks::new())
        .with_texts(empty.clone());
    desk.memories.slow.store(60, Ordering::SeqCst);
    let first = ask(&again, &desk).await;
    assert_eq!(first.missing, [SearchPart::Words]);
    assert_eq!(first[0].memory.text, HERON);
    assert_eq!(desk.index.count(), MANY, "what no shelf has yet is no stray vector");
    desk.memories.slow.store(0, Ordering::SeqCst);
    again.warm_up().await.unwrap();
    assert!(ask(&again, &desk).await.missing.is_empty());
    assert_eq!(empty.count(), MANY);
}

#[tokio::test]
async fn without_any_index_of_words_a_search_waits_as_it_always_did() {
    let (desk, _, embedder) = filled().await;
    let index = Arc::new(ExactIndex::new(256));
    let alone = Search::new(desk.memories.clone(), embedder, index.clone(), Tasks::new());
    let found = ask(&alone, &desk).await;
    assert!(found.missing.is_empty() && found[0].memory.text == HERON, "{found:?}");
    assert_eq!(index.count(), MANY);
}
