//! The rules of the text index: every owner alone, what was put in is found, a damaged folder heals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::HashSet, fs, path::Path};

use appliance_core::{
    HistoryId, MemoryId, UserId,
    memory::Origin,
    ports::{TakenOut, TextChanges, TextEntry, TextIndex as _},
};
use appliance_tasks::Tasks;
use tokio::time::Instant;
use vector::TextIndex;

const OURS: Origin = Origin { history: HistoryId::from_bytes([7; 16]), latest: 1_000_000 };
const ADA: UserId = UserId::from_bytes([1; 16]);
const BOB: UserId = UserId::from_bytes([2; 16]);

fn id(n: u64) -> MemoryId {
    MemoryId::from_bytes((u128::from(n) << 70 | u128::from(n)).to_be_bytes())
}

fn entry(n: u64, owner: UserId, text: &str) -> TextEntry {
    TextEntry { id: id(n), owner, author: None, text: text.to_owned() }
}

async fn put(index: &TextIndex, position: u64, put: impl IntoIterator<Item = TextEntry>) {
    let put = put.into_iter().collect();
    index.take_in(TextChanges { put, position, ..TextChanges::default() }).await.unwrap();
}

async fn take(index: &TextIndex, position: u64, gone: impl IntoIterator<Item = u64>) {
    let gone = gone.into_iter().map(id).collect();
    index.take_in(TextChanges { gone, position, ..TextChanges::default() }).await.unwrap();
}

async fn found(index: &TextIndex, owner: UserId, query: &str) -> Vec<MemoryId> {
    let hits = index.search(owner, query, 10).await.unwrap();
    assert!(hits.is_sorted_by(|a, b| a.1 >= b.1), "{hits:?}");
    hits.into_iter().map(|hit| hit.0).collect()
}

#[tokio::test]
async fn words_are_found_whatever_their_ending_and_nothing_of_another_owner() {
    let index = TextIndex::in_memory().unwrap();
    let texts = ["Painting sunsets is what I like", "the kiln fired twice", "it's Ada's café"];
    let mine = texts.iter().zip(1..).map(|(text, n)| entry(n, ADA, text));
    put(&index, 9, mine.chain([entry(9, BOB, "paint")])).await;
    assert_eq!(found(&index, ADA, "who painted the sunset?").await, [id(1)]);
    assert_eq!(found(&index, ADA, "KILNS").await, [id(2)]);
    assert_eq!(found(&index, ADA, "cafe").await, [id(3)]);
    assert_eq!(found(&index, BOB, "paint kiln cafe").await, [id(9)]);
    assert!(found(&index, ADA, "what is it? \u{1F426} (AND) \" OR owner:*").await.is_empty());
    assert!(found(&index, UserId::from_bytes([3; 16]), "paint").await.is_empty());
    assert_eq!((index.count(), index.position()), (4, 9));
}

#[tokio::test]
async fn a_text_is_replaced_and_taken_out() {
    let index = TextIndex::in_memory().unwrap();
    put(&index, 1, [entry(1, ADA, "the meeting is at two")]).await;
    assert_eq!(found(&index, ADA, "two").await, [id(1)]);
    put(&index, 5, [entry(1, ADA, "it is at three")]).await;
    assert!(found(&index, ADA, "two").await.is_empty());
    assert_eq!(found(&index, ADA, "three").await, [id(1)]);
    assert_eq!((index.count(), index.position()), (1, 5));
    assert!(index.holds(id(1)) && !index.holds(id(7)));
    take(&index, 8, [1, 7]).await;
    assert!(found(&index, ADA, "three").await.is_empty());
    assert!(index.count() == 0 && !index.holds(id(1)));
    assert_eq!(index.position(), 8);
    take(&index, 7, []).await;
    assert_eq!(index.position(), 8, "it never goes back");
    put(&index, 9, [entry(6, ADA, "at four")]).await;
    index.clear().await.unwrap();
    assert!(found(&index, ADA, "four").await.is_empty());
    assert_eq!((index.count(), index.position()), (0, 0));
}

#[tokio::test]
async fn an_author_is_a_word() {
    let index = TextIndex::in_memory().unwrap();
    let said = TextEntry { author: Some("Gwen".to_owned()), ..entry(4, ADA, "the lake") };
    put(&index, 5, [said, entry(5, ADA, "heron database")]).await;
    assert_eq!(found(&index, ADA, "what did Gwen say?").await, [id(4)]);
}

#[tokio::test]
async fn what_was_flushed_is_there_after_a_restart_with_its_position() {
    let folder = tempfile::tempdir().unwrap();
    let index = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap().index;
    put(&index, 2, [entry(1, ADA, "heron"), entry(2, ADA, "osprey")]).await;
    index.flush(TakenOut::MayStay).await.unwrap();
    take(&index, 3, [1]).await;
    put(&index, 4, [entry(4, ADA, "kestrel")]).await;
    index.flush(TakenOut::MayStay).await.unwrap();
    take(&index, 9, []).await;
    index.flush(TakenOut::MayStay).await.unwrap();
    put(&index, 10, [entry(10, ADA, "gull")]).await;
    drop(index);
    let again = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert_eq!((again.rebuilt, again.index.count(), again.index.position()), (None, 2, 9));
    assert!(!again.index.holds(id(1)) && again.index.holds(id(4)) && !again.index.holds(id(10)));
    assert_eq!(found(&again.index, ADA, "heron osprey kestrel gull").await.len(), 2);
}

#[tokio::test]
async fn what_was_taken_out_leaves_no_word_in_the_files_once_they_are_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let index = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap().index;
    for round in 0..4 {
        let texts = (0..300_u64).map(|n| {
            let n = round * 300 + n;
            entry(n, ADA, &format!("zqx{n:05} stands in the tower"))
        });
        put(&index, round + 1, texts).await;
    }
    index.flush(TakenOut::MustGo).await.unwrap();
    let before = words(folder.path());
    let word = |n: u64| format!("zqx{n:05}");
    assert!((0..1_200).all(|n| before.contains(&word(n))), "each is found before");
    take(&index, 5, (0..1_200).step_by(2)).await;
    index.flush(TakenOut::MustGo).await.unwrap();
    let after = words(folder.path());
    for n in 0..1_200 {
        assert_eq!(after.contains(&word(n)), n % 2 == 1, "{n}");
        assert_eq!(found(&index, ADA, &word(n)).await.len() as u64, n % 2, "{n}");
    }
    take(&index, 6, (0..1_200).skip(1).step_by(2)).await;
    index.flush(TakenOut::MustGo).await.unwrap();
    assert!(words(folder.path()).is_empty(), "nothing is left of nothing");
    drop(index);
    let again = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert_eq!((again.rebuilt, again.index.count(), again.index.position()), (None, 0, 6));
}

/// Every word in the files of an index, of whatever texts; no file that the index does not name.
fn words(folder: &Path) -> HashSet<String> {
    let index = tantivy::Index::open_in_dir(folder).unwrap();
    let field = index.schema().get_field("text").unwrap();
    let (mut words, mut named) = (HashSet::new(), HashSet::new());
    for segment in index.reader().unwrap().searcher().segment_readers() {
        named.insert(segment.segment_id().uuid_string());
        let known = segment.inverted_index(field).unwrap();
        let mut terms = known.terms().stream().unwrap();
        while let Some((word, _)) = terms.next() {
            words.insert(String::from_utf8(word.to_vec()).unwrap());
        }
    }
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let of = name.split('.').next().unwrap();
        assert!(of.len() != 32 || named.contains(of), "{name} is nobody's");
    }
    words
}

#[tokio::test]
async fn a_folder_of_another_layout_is_emptied_and_filled_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap());
    let meta = folder.path().join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    assert!(text.contains("\"owner\""));
    fs::write(&meta, text.replace("\"owner\"", "\"tier\"")).unwrap();
    let opened = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert_eq!(opened.rebuilt.as_deref(), Some("it was written by another version"));
    assert_eq!((opened.index.count(), opened.index.position()), (0, 0));
}

#[tokio::test]
async fn a_folder_is_gone_on_from_and_a_damaged_one_is_filled_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("texts");
    let opened = TextIndex::open(&place, &OURS, Tasks::new()).unwrap();
    assert!(opened.rebuilt.is_none());
    let birds = vec![entry(1, ADA, "heron"), entry(2, ADA, "osprey")];
    let more = (3..=301).map(|n| entry(n, ADA, "a common gull"));
    put(&opened.index, 301, birds.into_iter().chain(more)).await;
    put(&opened.index, 302, [entry(302, ADA, "kestrel")]).await;
    assert_eq!(found(&opened.index, ADA, "kestrel").await, [id(302)]);
    drop(opened);

    let again = TextIndex::open(&place, &OURS, Tasks::new()).unwrap();
    assert!(again.rebuilt.is_none());
    let committed = again.index.count();
    assert_eq!((committed, again.index.position()), (301, 301), "what waited is read again");
    assert_eq!(found(&again.index, ADA, "osprey").await, [id(2)]);
    drop(again);

    damage(&place);
    let healed = TextIndex::open(&place, &OURS, Tasks::new()).unwrap();
    assert!(healed.rebuilt.is_some());
    assert_eq!((healed.index.count(), healed.index.position()), (0, 0));
    put(&healed.index, 1, [entry(1, ADA, "heron")]).await;
    assert_eq!(found(&healed.index, ADA, "heron").await, [id(1)]);
}

/// Flips one bit in the largest file.
fn damage(place: &Path) {
    let files = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let postings = files.filter(|path| path.extension().is_some_and(|kind| kind == "term"));
    for path in postings {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

#[tokio::test]
async fn a_text_has_the_same_score_before_and_after_its_commit() {
    let index = TextIndex::in_memory().unwrap();
    let first =
        (1..=300).map(|n| entry(n, ADA, ["a heron stands", "the gull flew"][n as usize % 2]));
    put(&index, 300, first).await;
    put(&index, 500, [entry(500, ADA, "a heron flew over the heron lake")]).await;
    let ask = async || index.search(ADA, "heron lake", 3).await.unwrap();
    let before = ask().await;
    assert_eq!(before[0].0, id(500));
    let more = (600..900).map(|n| entry(n, BOB, "nothing of the kind"));
    put(&index, 899, more).await;
    take(&index, 900, 600..900).await;
    let after = ask().await;
    assert_eq!(after[0].0, id(500));
    assert!((after[0].1 / before[0].1 - 1.0).abs() < 0.35, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_commit_of_one_text_and_a_search_among_many_are_quick() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = TextIndex::open(&folder.path().join("texts"), &OURS, Tasks::new()).unwrap().index;
    for (place, index) in [("memory", TextIndex::in_memory().unwrap()), ("folder", on_disk)] {
        let start = Instant::now();
        let texts = (0..20_000).map(|n| {
            let text = format!("server {n} of area {} was rebooted after ticket {}", n % 97, n * 7);
            entry(n + 1, ADA, &text)
        });
        put(&index, 20_000, texts).await;
        let first = found(&index, ADA, "ticket 700").await;
        assert_eq!(first[0], id(101));
        println!("{place}: 20,000 texts in {:?}", start.elapsed());
        let start = Instant::now();
        for _ in 0..50 {
            found(&index, ADA, "which server was rebooted after ticket 700?").await;
        }
        println!("{place}: {:?} a search", start.elapsed() / 50);
        let start = Instant::now();
        for n in 0..30 {
            let text = format!("heron {n}");
            put(&index, 30_000 + n, [entry(30_000 + n, ADA, &text)]).await;
            assert_eq!(found(&index, ADA, &text).await[0], id(30_000 + n));
        }
        let each = start.elapsed() / 30;
        println!("{place}: {each:?} a text put in, committed and found");
        assert!(each.as_millis() < 500, "{place}: {each:?}");
    }
}
