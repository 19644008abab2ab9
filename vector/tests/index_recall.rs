//! The segment index on sentence vectors: recall as a number, through changes, and beside them.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use appliance_core::{
    AgentName, Embedding, MemoryId, SearchFilter,
    ports::{Embedder, IndexEntry, VectorIndex},
};
use support::{facets, id, owner, run, sentence};
use vector::{ExactIndex, Options, SegmentIndex, StaticEmbedder};

const COUNT: u32 = 12_000;

/// Sentences `from..to` as entries; every tenth of the data agent, every hundredth of QA.
fn entries(from: u32, to: u32) -> Vec<IndexEntry> {
    let embedder = StaticEmbedder::load().unwrap();
    let texts: Vec<String> = (from..to).map(sentence::nth).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = run(embedder.embed(&texts)).unwrap();
    let agent = |n| match n % 100 {
        0 => Some(AgentName::Qa),
        1..=10 => Some(AgentName::Data),
        11..=60 => Some(AgentName::Code),
        _ => None,
    };
    let entry = |(n, embedding): (u32, Option<Embedding>)| IndexEntry {
        id: id(n),
        facets: facets(owner(1), agent(n)),
        embedding: embedding.unwrap(),
    };
    (from..to).zip(vectors).map(entry).collect()
}

fn recall(
    index: &dyn VectorIndex,
    exact: &ExactIndex,
    queries: &[IndexEntry],
    agent: Option<AgentName>,
) -> f64 {
    let filter = SearchFilter { agent, ..SearchFilter::default() };
    let mut hits = 0;
    for query in queries {
        let found = run(index.search(owner(1), &query.embedding, &filter, 10)).unwrap();
        let best = run(exact.search(owner(1), &query.embedding, &filter, 10)).unwrap();
        assert_eq!(found.len(), best.len());
        hits += found.iter().filter(|(id, _)| best.iter().any(|(other, _)| other == id)).count();
    }
    hits as f64 / (queries.len() * 10) as f64
}

#[test]
fn recall_stays_high_through_deletes_filters_replacements_and_a_restart() {
    // Walks even where a scan would be as fast: the walk is what is tested.
    let options = Options { scan_up_to: 1_000, walk_cost: 0, ..Options::default() };
    let dir = tempfile::tempdir().unwrap();
    let index = SegmentIndex::open(dir.path(), 256, options.clone(), appliance_tasks::Tasks::new())
        .unwrap()
        .index;
    let exact = ExactIndex::new(256);
    let both = |entries: Vec<IndexEntry>| {
        run(index.upsert(entries.clone())).unwrap();
        run(exact.upsert(entries)).unwrap();
    };
    both(entries(0, COUNT));
    index.consolidate();
    let queries = entries(COUNT, COUNT + 100);
    let built = recall(&index, &exact, &queries, None);

    let gone: Vec<MemoryId> = (3..COUNT).step_by(5).map(id).collect();
    assert_eq!(run(index.delete(owner(1), &gone)).unwrap(), gone.len());
    run(exact.delete(owner(1), &gone)).unwrap();
    let thinned = recall(&index, &exact, &queries, None);
    let filtered = [AgentName::Qa, AgentName::Data, AgentName::Code]
        .map(|agent| recall(&index, &exact, &queries, Some(agent)));

    // Other vectors under known ids, and more than the fresh segment holds.
    let mut changed = entries(COUNT + 100, COUNT + 5_100);
    for (n, entry) in (1_000..).zip(&mut changed) {
        entry.id = id(n);
    }
    both(changed);
    let replaced = recall(&index, &exact, &queries, None);
    run(index.save(7)).unwrap();
    let opened =
        SegmentIndex::open(dir.path(), 256, options, appliance_tasks::Tasks::new()).unwrap();
    assert_eq!((opened.rebuilt, opened.index.position()), (None, 7));
    let reopened = recall(&opened.index, &exact, &queries, None);

    println!("built {built}, a fifth deleted {thinned}, filtered to 1/10/50% {filtered:?}");
    println!("a third replaced {replaced}, opened again {reopened}");
    assert!(built - thinned <= 0.005, "a fifth deleted costs recall: {built} then {thinned}");
    for recall in [built, thinned, replaced, reopened].iter().chain(&filtered) {
        assert!(*recall > 0.95, "recall {recall}");
    }
    assert!(filtered[0] > 0.99, "a short list is scanned: {}", filtered[0]);
}

#[test]
fn a_long_list_that_is_scanned_misses_next_to_nothing() {
    // Never walks: signs alone choose what is compared.
    let options = Options { scan_up_to: usize::MAX, ..Options::default() };
    let (index, exact) =
        (SegmentIndex::new(256, options, appliance_tasks::Tasks::new()), ExactIndex::new(256));
    run(index.upsert(entries(0, COUNT))).unwrap();
    run(exact.upsert(entries(0, COUNT))).unwrap();
    index.consolidate();
    let queries = entries(COUNT, COUNT + 100);
    for agent in [Some(AgentName::Data), Some(AgentName::Code), None] {
        let found = recall(&index, &exact, &queries, agent);
        println!("{agent:?} {found}");
        assert!(found > 0.98, "{agent:?}: {found}");
    }
}

#[test]
fn searches_beside_changes_and_merges_find_every_memory_exactly_once() {
    let options = Options { fresh_rows: 64, graph_from: 200, ..Options::default() };
    let index = Arc::new(SegmentIndex::new(256, options, appliance_tasks::Tasks::new()));
    let first = entries(0, 400);
    run(index.upsert(first.clone())).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (index, done, all) = (Arc::clone(&index), Arc::clone(&done), first.clone());
        thread::spawn(move || {
            let (mut searches, everything) = (0, SearchFilter::default());
            while !done.load(Ordering::Relaxed) || searches < 10 {
                let query = &all[searches * 31 % all.len()].embedding;
                let search = index.search(owner(1), query, &everything, 1_000);
                let mut found: Vec<MemoryId> =
                    run(search).unwrap().into_iter().map(|(id, _)| id).collect();
                assert_eq!(found.len(), 400, "search {searches}");
                found.sort();
                found.dedup();
                assert_eq!(found.len(), 400, "search {searches}: one twice");
                searches += 1;
            }
            searches
        })
    };
    for round in 0..8 {
        for chunk in first.chunks(50) {
            run(index.upsert(chunk.to_vec())).unwrap();
        }
        assert_eq!(index.count(), 400, "round {round}");
    }
    done.store(true, Ordering::Relaxed);
    println!("{} searches beside 3,200 replacements", reader.join().unwrap());
}
