//! Measures a search among many memories of one person, and a restart with them.
//!
//! `cargo run --release -p pai --example speed -- [COUNT] [FOLDER]` (50,000 if not said): fills the
//! segment index and the text index in FOLDER (a temporary one if not said), saves, opens them again
//! as a restart does, and asks. Records are a list in memory, so this is what recall itself costs.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measure run by hand")]

#[path = "../../vector/tests/support/sentence.rs"]
mod sentence;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use appliance_core::{
    ConversationId, HistoryId, IdMint, Memory, MemoryId, MemoryKind, Provenance, SearchFilter,
    UserId,
    memory::Origin,
    ports::{Embedder as _, Memories as _, MemorySearch as _},
    time::ManualClock,
};
use pai::memory::{Indexes as _, Search};
use support::{ListedMemories, MORNING_MILLIS, embedders::WatchedEmbedder};
use vector::{Options, SegmentIndex, TextIndex};

const QUESTIONS: usize = 500;

/// Memories said in one conversation.
const TALK: u32 = 20;

fn fill(memories: &ListedMemories, mint: &IdMint, owner: UserId, count: u32) {
    let mut thread = mint.next(ConversationId::from_uuid);
    for n in 0..count {
        if n % TALK == 0 {
            thread = mint.next(ConversationId::from_uuid);
        }
        let provenance = Provenance { conversation_id: Some(thread), ..Provenance::default() };
        let (id, at) = (mint.next(MemoryId::from_uuid), mint.clock().now());
        let text = sentence::nth(n);
        memories.put(Memory::new(id, owner, MemoryKind::Said, text, provenance, at));
    }
}

fn open(memories: &Arc<ListedMemories>, embedder: &Arc<WatchedEmbedder>, folder: &Path) -> Search {
    let options = Options { model: embedder.model().to_owned(), ..Options::default() };
    let start = Instant::now();
    let index = SegmentIndex::open(
        &folder.join("vectors"),
        embedder.dim(),
        options,
        appliance_tasks::Tasks::new(),
    )
    .unwrap()
    .index;
    let history = HistoryId::from_bytes([7; 16]);
    let origin = Origin { history, latest: memories.latest() };
    let texts = TextIndex::open(&folder.join("texts"), &origin, appliance_tasks::Tasks::new())
        .unwrap()
        .index;
    println!("indexes opened in {:?}", start.elapsed());
    Search::new(memories.clone(), embedder.clone(), Arc::new(index), appliance_tasks::Tasks::new())
        .with_texts(Arc::new(texts))
}

async fn asked(name: &str, search: &Search, owner: UserId, count: u32, filter: SearchFilter) {
    let mut times: Vec<Duration> = Vec::new();
    let mut first = 0;
    for n in 0..QUESTIONS {
        let text = sentence::nth((n as u32 * 7_919) % count);
        let start = Instant::now();
        let hits = search.search(owner, &text, filter.clone(), 10).await.unwrap();
        times.push(start.elapsed());
        first += usize::from(hits.first().is_some_and(|hit| hit.memory.text == text));
    }
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100];
    println!(
        "{name}: p50 {:?}, p95 {:?}, p99 {:?}; the text itself first {first} of {QUESTIONS}",
        at(50),
        at(95),
        at(99)
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: u32 = arguments.next().map_or(50_000, |text| text.parse().unwrap());
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments.next().map_or(temporary.path().to_owned(), Into::into);
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(MORNING_MILLIS)), 0);
    let memories = Arc::new(ListedMemories::default());
    let owner = mint.next(UserId::from_uuid);
    fill(&memories, &mint, owner, count);
    let embedder = Arc::new(WatchedEmbedder::new("minilm-static-256"));

    let search = open(&memories, &embedder, &folder);
    let start = Instant::now();
    search.warm_up().await.unwrap();
    println!("{count} memories embedded and indexed in {:?}", start.elapsed());
    let start = Instant::now();
    search.save().await.unwrap();
    println!("saved in {:?}", start.elapsed());
    drop(search);

    let before = embedder.kept();
    let search = open(&memories, &embedder, &folder);
    let start = Instant::now();
    search.warm_up().await.unwrap();
    let again = embedder.kept() - before;
    println!("a restart is level after {:?}, {again} memories embedded again", start.elapsed());
    asked("searches", &search, owner, count, SearchFilter::default()).await;
    let agent = Some(appliance_core::AgentName::Code);
    let narrow = SearchFilter { agent, ..SearchFilter::default() };
    asked("searches that nothing passes", &search, owner, count, narrow).await;

    let ids: Vec<MemoryId> = memories.ids().into_iter().step_by(50).collect();
    let start = Instant::now();
    for id in &ids {
        memories.change(*id, |memory| memory.standing.accesses += 1);
    }
    search.warm_up().await.unwrap();
    println!("{} changed memories taken in in {:?}", ids.len(), start.elapsed());
}
