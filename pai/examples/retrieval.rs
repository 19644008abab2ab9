//! Measures recall over conversations in a folder, each sign of relevance on and off.
//!
//! `cargo run -p pai --example retrieval -- FOLDER` reads `*.json` files with `session_N` (a list of
//! `{speaker, dia_id, text, blip_caption?}`), `session_N_date_time` and `qa` (`{question, evidence,
//! category}`). Every turn becomes one memory; each question is asked; counted is how much of its
//! evidence is among the first k. The search sees neither evidence nor answers. `docs/retrieval.md`
//! has the result. The product's own interface is measured by `benches/locomo/run.py`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measure run by hand")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use appliance_core::{
    ConversationId, IdMint, Memory, MemoryId, MemoryKind, Provenance, SearchFilter, Timestamp,
    UserId,
    ports::{MemorySearch as _, VectorHome as _, VectorIndex},
    time::ManualClock,
};
use pai::memory::{Indexes as _, Search, Weights};
use serde_json::Value;
use support::{ListedMemories, MORNING_MILLIS};
use vector::{ExactIndex, Home, StaticEmbedder, TextIndex};

const DEPTHS: [usize; 4] = [5, 10, 25, 50];

struct Talk {
    turns: Vec<(String, usize, String, String)>,
    questions: Vec<(String, Vec<String>)>,
}

fn read(path: &Path, captions: bool) -> Talk {
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut turns = Vec::new();
    for session in 1..100 {
        let Some(said) = file[format!("session_{session}")].as_array() else { continue };
        for turn in said {
            let mut text = turn["text"].as_str().unwrap_or_default().to_owned();
            if let (true, Some(caption)) = (captions, turn["blip_caption"].as_str()) {
                text = format!("{text} [photo: {caption}]");
            }
            let (id, by) = (turn["dia_id"].as_str().unwrap(), turn["speaker"].as_str().unwrap());
            turns.push((id.to_owned(), session, by.to_owned(), text));
        }
    }
    let mut questions = Vec::new();
    for asked in file["qa"].as_array().unwrap() {
        let mut evidence: Vec<String> = Vec::new();
        for id in asked["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if turns.iter().any(|turn| turn.0 == id) && !evidence.iter().any(|one| one == id) {
                evidence.push(id.to_owned());
            }
        }
        if asked["category"].as_u64().is_some_and(|n| n <= 4) && !evidence.is_empty() {
            questions.push((asked["question"].as_str().unwrap().to_owned(), evidence));
        }
    }
    Talk { turns, questions }
}

fn store(
    talk: &Talk,
    mint: &IdMint,
    owner: UserId,
    to: &ListedMemories,
) -> HashMap<MemoryId, String> {
    let mut sessions: HashMap<usize, ConversationId> = HashMap::new();
    let mut names = HashMap::new();
    for (id, session, by, text) in &talk.turns {
        let conversation =
            *sessions.entry(*session).or_insert_with(|| mint.next(ConversationId::from_uuid));
        let provenance = Provenance {
            conversation_id: Some(conversation),
            author: Some(by.clone()),
            ..Provenance::default()
        };
        let at = Timestamp::from_unix_micros(*session as i64 * 7 * 86_400_000_000);
        let new = mint.next(MemoryId::from_uuid);
        let said = MemoryKind::Said;
        let memory = to.put(Memory::new(new, owner, said, text.clone(), provenance, at));
        names.insert(memory.id, id.clone());
    }
    names
}

#[derive(Default)]
struct Score {
    recall: [f64; 4],
    reciprocal: f64,
    questions: f64,
    times: Vec<Duration>,
}

async fn ask(
    talk: &Talk,
    search: &Search,
    owner: UserId,
    names: &HashMap<MemoryId, String>,
    score: &mut Score,
) {
    for (question, evidence) in &talk.questions {
        let start = Instant::now();
        let hits = search.search(owner, question, SearchFilter::default(), 50).await.unwrap();
        score.times.push(start.elapsed());
        let found: Vec<&str> =
            hits.iter().filter_map(|hit| names.get(&hit.memory.id)).map(String::as_str).collect();
        let ranks: Vec<usize> =
            evidence.iter().filter_map(|id| found.iter().position(|one| one == id)).collect();
        for (sum, depth) in score.recall.iter_mut().zip(DEPTHS) {
            *sum +=
                ranks.iter().filter(|rank| **rank < depth).count() as f64 / evidence.len() as f64;
        }
        score.reciprocal += ranks.iter().min().map_or(0.0, |rank| 1.0 / (*rank as f64 + 1.0));
        score.questions += 1.0;
    }
}

async fn measure(name: &str, talks: &[Talk], weights: Weights, texts: bool, pooled: bool) {
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(MORNING_MILLIS)), 0);
    let mut score = Score::default();
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    for group in if pooled { vec![talks] } else { talks.chunks(1).collect() } {
        let memories = Arc::new(ListedMemories::default());
        let index: Arc<dyn VectorIndex> = Arc::new(ExactIndex::new(256));
        let mut search =
            Search::new(memories.clone(), embedder.clone(), index, appliance_tasks::Tasks::new())
                .with_weights(weights);
        if texts {
            search = search.with_texts(Arc::new(TextIndex::in_memory().unwrap()));
        }
        let owner = mint.next(UserId::from_uuid);
        let stored: Vec<_> =
            group.iter().map(|talk| store(talk, &mint, owner, &memories)).collect();
        search.warm_up().await.unwrap();
        for (talk, names) in group.iter().zip(&stored) {
            ask(talk, &search, owner, names, &mut score).await;
        }
    }
    score.times.sort_unstable();
    let at =
        |part: f64| score.times[(score.times.len() as f64 * part) as usize].as_secs_f64() * 1e3;
    let cells: Vec<String> =
        score.recall.iter().map(|sum| format!("{:.3}", sum / score.questions)).collect();
    println!(
        "| {name} | {} | {:.3} | {:.2} / {:.2} |",
        cells.join(" | "),
        score.reciprocal / score.questions,
        at(0.5),
        at(0.95)
    );
}

/// Prints where relevance would begin if the built-in embedder's floor were calibrated.
async fn calibrate(talks: &[Talk]) {
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(MORNING_MILLIS)), 0);
    let (memories, folder) = (Arc::new(ListedMemories::default()), tempfile::tempdir().unwrap());
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let search = Search::new(
        memories.clone(),
        embedder,
        Arc::new(ExactIndex::new(256)),
        appliance_tasks::Tasks::new(),
    )
    .with_home(Arc::new(Home::at(folder.path())));
    let owner = mint.next(UserId::from_uuid);
    for talk in talks {
        store(talk, &mint, owner, &memories);
    }
    search.warm_up().await.unwrap();
    for (question, _) in talks.iter().flat_map(|talk| &talk.questions) {
        search.search(owner, question, SearchFilter::default(), 10).await.unwrap();
    }
    search.save().await.unwrap();
    let spread = Home::at(folder.path()).serving().unwrap().spread;
    println!("\nunrelated texts: {spread:?}, mean {:.3}", spread.sum / spread.pairs as f64);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    let read_all = |captions| files.iter().map(|path| read(path, captions)).collect::<Vec<_>>();
    let (talks, bare) = (read_all(true), read_all(false));
    let all = Weights::default();
    let none = Weights {
        words: 0.0,
        meaning: 0.0,
        alike: 0.0,
        before: 0.0,
        before_asking: 0.0,
        two_before: 0.0,
        after: 0.0,
        author: 0.0,
        recency: 0.0,
        empty: 0.0,
        floor: -9.0,
        ..all
    };
    println!(
        "| signs | @5 | @10 | @25 | @50 | MRR | ms p50 / p95 |\n|---|---|---|---|---|---|---|"
    );
    let meaning = Weights { meaning: 1.0, ..none };
    measure("meaning alone", &talks, meaning, false, false).await;
    let words = Weights { words: 1.0, meaning: 1e-6, ..none };
    measure("words alone (BM25)", &talks, words, true, false).await;
    let both = Weights { words: 1.0, meaning: all.meaning, ..none };
    measure("both, z-score sum", &talks, both, true, false).await;
    let near = Weights {
        before: all.before,
        before_asking: all.before_asking,
        two_before: all.two_before,
        after: all.after,
        ..both
    };
    measure("+ neighbours", &talks, near, true, false).await;
    let plain = Weights { before: 0.5, before_asking: 0.5, after: 0.3, two_before: 0.0, ..both };
    measure("  (neighbours .5 / .3 whatever they end with)", &talks, plain, true, false).await;
    let author = Weights { author: all.author, ..near };
    measure("+ author named", &talks, author, true, false).await;
    let alike = Weights { alike: all.alike, ..author };
    measure("+ words alike", &talks, alike, true, false).await;
    measure("+ kind of evidence", &talks, Weights { empty: all.empty, ..alike }, true, false).await;
    let recent = Weights { empty: all.empty, recency: all.recency, ..alike };
    measure("+ recency", &talks, recent, true, false).await;
    measure("**default** (+ floor)", &talks, all, true, false).await;
    for (name, weights) in [
        ("default without words", Weights { words: 0.0, ..all }),
        ("default without meaning", Weights { meaning: 0.0, ..all }),
        ("default without words alike", Weights { alike: 0.0, floor: 0.35, ..all }),
        (
            "default without neighbours",
            Weights { before: 0.0, before_asking: 0.0, two_before: 0.0, after: 0.0, ..all },
        ),
        ("default without author", Weights { author: 0.0, ..all }),
        ("default, author 2", Weights { author: 2.0, ..all }),
        ("default, author 5", Weights { author: 5.0, ..all }),
        ("default, words alike .7", Weights { alike: 0.7, ..all }),
        ("default, meaning 1", Weights { meaning: 1.0, ..all }),
        ("default, pool 300", Weights { pool: 300, ..all }),
        ("default, floor .65", Weights { floor: 0.65, ..all }),
        ("default, floor .75", Weights { floor: 0.75, ..all }),
        ("default, floor off", Weights { floor: -9.0, ..all }),
        ("default, kind off", Weights { empty: 0.0, ..all }),
    ] {
        measure(name, &talks, weights, true, false).await;
    }
    measure("default, no photo captions", &bare, all, true, false).await;
    measure("default, all conversations of one person", &talks, all, true, true).await;
    calibrate(&talks).await;
}
