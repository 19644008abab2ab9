//! Words that no embedder knows: what stands nowhere finds nothing, and what was typed badly, in part or in
//! another script finds what has it. With vectors and without.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod support;

use std::sync::Arc;

use appliance_core::{MemoryKind, SearchFilter, ports::MemorySearch as _};
use corpus::{PAIRS, TALK};
use pai::memory::Search;
use support::{Desk, texts};
use vector::{StaticEmbedder, TextIndex};

/// What stands there, each with what is typed for it.
const ASKED: [(&str, &str); 14] = [
    ("the quartermaster is Ludmilla", "quarterm"),
    ("the quartermaster is Ludmilla", "quatermaster"),
    ("our mailer is postmark", "postmrak"),
    ("our mailer is postmark", "Postmark"),
    ("the tenant id is 3f2a9c1b-77d0-4e51-9a2e-b1c2d3e4f506", "3f2a9c"),
    ("the tenant id is 3f2a9c1b-77d0-4e51-9a2e-b1c2d3e4f506", "a2e-b1c2d3e4"),
    ("the tenant id is 3f2a9c1b-77d0-4e51-9a2e-b1c2d3e4f506", "77d0-4e51"),
    ("Krzysztof Wojciechowski keeps the spare keys", "Wojciechowski"),
    ("Krzysztof Wojciechowski keeps the spare keys", "Krzystof"),
    (
        "\u{6211}\u{4eec}\u{7684}\u{6570}\u{636e}\u{5e93}\u{53eb}\u{82cd}\u{9e6d}",
        "\u{6570}\u{636e}\u{5e93}",
    ),
    ("\u{732b}\u{306f}\u{53f0}\u{6240}\u{3067}\u{5bdd}\u{308b}", "\u{53f0}\u{6240}"),
    (
        "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c} \u{43b}\u{435}\u{436}\u{438}\u{442} \u{432} \u{441}\u{435}\u{439}\u{444}\u{435}",
        "\u{43f}\u{430}\u{440}\u{43e}\u{43b}",
    ),
    ("der Schl\u{fc}ssel liegt im Tresor", "Schl\u{fc}ssl"),
    ("the runbook is xyzzy-plugh", "xyzzy"),
];

/// Mash, keys and nonsense of several scripts, none of which stands there.
const NOWHERE: [&str; 22] = [
    "zzzqqqxxx",
    "asdfgh",
    "asdf jkl",
    "qwrtz",
    "qwertzuiop",
    "hjkl",
    "xkcdqwv blorptang",
    "lorem ipsum dolor amet consectetur",
    "flibbertigibbet",
    "9f8e7d6c5b4a",
    "0xdeadbeef",
    "deadc0de-1111-2222-3333-444455556666",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "z",
    "???",
    "\u{1f980}\u{1f980}",
    "\u{9f49}\u{9f98}\u{9750}\u{9c7b}",
    "\u{304b}\u{304d}\u{304f}\u{3051}\u{3053}\u{306c}\u{306c}",
    "\u{444}\u{44b}\u{432}\u{430}\u{43f}\u{440}\u{43e}\u{43b}\u{434}",
    "\u{3c7}\u{3c8}\u{3be}\u{3b6}\u{3b8}\u{3c6}",
];

fn furnished() -> Desk {
    let desk = Desk::new();
    for pair in PAIRS {
        desk.remember(MemoryKind::Said, pair.asked);
        desk.remember(MemoryKind::Answer, &corpus::unhelpful(pair.asked));
        desk.remember(MemoryKind::Note, pair.stated);
        desk.remember(MemoryKind::Said, pair.distractor);
    }
    for talk in TALK {
        desk.remember(MemoryKind::Said, talk);
    }
    let mut said: Vec<&str> = ASKED.iter().map(|(text, _)| *text).collect();
    said.dedup();
    for text in said {
        desk.remember(MemoryKind::Said, text);
    }
    desk
}

/// The desk's search, and one over the same memories that has no vectors.
fn both(desk: &Desk) -> [(&'static str, Arc<Search>); 2] {
    let words = Arc::new(StaticEmbedder::load().unwrap());
    let tasks = appliance_tasks::Tasks::new();
    let bare = Search::over(desk.memories.clone(), words, None, tasks)
        .with_texts(Arc::new(TextIndex::in_memory().unwrap()));
    [("with vectors", desk.search.clone()), ("without", Arc::new(bare))]
}

#[tokio::test]
async fn what_stands_nowhere_finds_nothing() {
    let desk = furnished();
    let mut wrong = Vec::new();
    for (how, search) in both(&desk) {
        for asked in NOWHERE {
            let all = SearchFilter::default();
            let hits = search.search(desk.owner, asked, all, 20).await.unwrap().hits;
            if let Some(hit) = hits.first() {
                wrong.push(format!(
                    "{how}, {asked}: {} hits, {:.2} {} | {}",
                    hits.len(),
                    hit.score,
                    hit.why,
                    hit.memory.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_stands_there_is_found_by_a_part_of_it_or_a_slip_and_nothing_unrelated_with_it() {
    let desk = furnished();
    let mut wrong = Vec::new();
    for (how, search) in both(&desk) {
        for (text, asked) in ASKED {
            let all = SearchFilter::default();
            let hits = search.search(desk.owner, asked, all, 20).await.unwrap().hits;
            let found = texts(&hits);
            if found.first() != Some(&text) {
                wrong.push(format!("{how}, {asked}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_beginning_finds_whatever_begins_like_it() {
    let desk = furnished();
    for (how, search) in both(&desk) {
        let all = SearchFilter::default();
        let hits = search.search(desk.owner, "certif", all, 20).await.unwrap().hits;
        let has = |text: &&str| text.to_lowercase().contains("certificate");
        assert!(!hits.is_empty() && texts(&hits).iter().all(has), "{how}: {hits:?}");
    }
}

#[tokio::test]
async fn what_is_typed_among_known_words_does_not_hide_them() {
    let desk = furnished();
    let hits = desk.found("zzzqqqxxx spare keys").await;
    let text = "Krzysztof Wojciechowski keeps the spare keys";
    assert_eq!(texts(&hits).first(), Some(&text), "{hits:?}");
    // A word that may be another of somebody else's is none here.
    let other = Desk::new();
    other.remember(MemoryKind::Said, "our mailer is postmark");
    assert!(
        desk.search
            .search(other.owner, "postmrak", SearchFilter::default(), 5)
            .await
            .unwrap()
            .hits
            .is_empty()
    );
}
