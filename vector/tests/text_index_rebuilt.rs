//! The text index after a rebuild: the same answers in the same order as the one that grew, for a
//! folder that other records filled or a bit changed in too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, path::Path};

use appliance_core::{
    HistoryId, MemoryId, UserId,
    memory::Origin,
    ports::{TakenOut, TextChanges, TextEntry, TextIndex as _},
};
use appliance_tasks::Tasks;
use vector::TextIndex;

const ADA: UserId = UserId::from_bytes([1; 16]);
const BOB: UserId = UserId::from_bytes([2; 16]);
const OURS: Origin = Origin { history: HistoryId::from_bytes([7; 16]), latest: 100_000 };

const NOUNS: [&str; 12] = [
    "heron", "osprey", "kestrel", "gull", "proxy", "mailer", "backup", "release", "ticket", "lift",
    "canteen", "database",
];
const VERBS: [&str; 7] = ["runs", "moved", "failed", "is closed", "was renamed", "waits", "ended"];

/// A text that shares its words, and its length, with many others.
fn text(n: u64) -> String {
    let noun = |n: u64| NOUNS[(n % 12) as usize];
    let verb = VERBS[(n / 5 % 7) as usize];
    let tail = " again".repeat((n % 4) as usize);
    format!("the {} of the {} {verb}{tail}", noun(n * 7), noun(n / 3))
}

fn id(n: u64) -> MemoryId {
    MemoryId::from_bytes((u128::from(n.wrapping_mul(0x9e37_79b9)) << 64 | 1).to_be_bytes())
}

fn entry(n: u64, text: String) -> TextEntry {
    let owner = if n.is_multiple_of(9) { BOB } else { ADA };
    TextEntry { id: id(n), owner, author: None, text }
}

async fn put(index: &TextIndex, position: u64, put: Vec<TextEntry>) {
    index.take_in(TextChanges { put, gone: Vec::new(), position }).await.unwrap();
}

async fn take(index: &TextIndex, position: u64, gone: Vec<MemoryId>) {
    index.take_in(TextChanges { put: Vec::new(), gone, position }).await.unwrap();
}

/// What an index answers to 36 questions, each of them with many texts of one score.
async fn answers(index: &TextIndex) -> Vec<Vec<(MemoryId, f32)>> {
    let mut answers = Vec::new();
    for n in 0..36 {
        let question = format!("{} {}", NOUNS[n % 12], VERBS[n % 7]);
        let owner = if n % 6 == 5 { BOB } else { ADA };
        answers.push(index.search(owner, &question, 20).await.unwrap());
    }
    answers
}

/// Grows an index by additions, edits and removals with commits between them.
async fn grown(index: &TextIndex) {
    for from in (0..900).step_by(60) {
        put(index, from + 1, (from..from + 60).map(|n| entry(n, text(n + 3))).collect()).await;
        let edited = (0..from).step_by(11).map(|n| entry(n, text(n))).collect();
        put(index, from + 2, edited).await;
        take(index, from + 3, (0..from).step_by(13).map(id).collect()).await;
        if from % 180 == 0 {
            index.flush(TakenOut::MayStay).await.unwrap();
        }
    }
    put(index, 2_000, (0..900).filter(|n| n % 13 != 0).map(|n| entry(n, text(n))).collect()).await;
}

/// What the grown one holds in the end, put in at once.
async fn rebuilt(index: &TextIndex) {
    let gone = |n: &u64| n.is_multiple_of(13) && *n < 840;
    let left = (0..900).filter(|n| !gone(n));
    let now = |n: u64| if n.is_multiple_of(13) { text(n + 3) } else { text(n) };
    put(index, 2_000, left.map(|n| entry(n, now(n))).collect()).await;
}

#[tokio::test]
async fn an_index_that_grew_answers_as_one_that_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap().index,
        TextIndex::in_memory(),
    );
    let new = new.unwrap();
    grown(&old).await;
    rebuilt(&new).await;
    assert_eq!(old.count(), new.count());
    let waiting = answers(&new).await;
    assert_eq!(answers(&old).await, waiting, "some of it waits to be committed");
    assert!(waiting.iter().filter(|hits| hits.len() >= 10).count() >= 25, "{waiting:?}");
    for index in [&old, &new] {
        index.flush(TakenOut::MayStay).await.unwrap();
    }
    assert_eq!(answers(&old).await, waiting);
    assert_eq!(answers(&new).await, waiting);
    drop(old);
    let again = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert_eq!(again.rebuilt, None);
    assert_eq!(answers(&again.index).await, waiting, "after a restart");
}

#[tokio::test]
async fn a_folder_of_other_records_or_ahead_of_them_is_emptied_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let fill = async |origin: &Origin| {
        let opened = TextIndex::open(folder.path(), origin, Tasks::new()).unwrap();
        put(&opened.index, 500, vec![entry(1, text(1))]).await;
        opened.index.flush(TakenOut::MayStay).await.unwrap();
        opened.rebuilt
    };
    assert_eq!(fill(&OURS).await, None);
    let other = Origin { history: HistoryId::from_bytes([8; 16]), ..OURS };
    assert!(fill(&other).await.is_some_and(|why| why.contains("another history")));
    let earlier = Origin { latest: 499, ..other };
    let opened = TextIndex::open(folder.path(), &earlier, Tasks::new()).unwrap();
    assert!(opened.rebuilt.is_some_and(|why| why.contains("ahead of the records")));
    assert_eq!((opened.index.count(), opened.index.position()), (0, 0));
}

#[tokio::test]
async fn a_changed_bit_in_any_file_is_found_or_changes_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let index = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap().index;
    grown(&index).await;
    index.flush(TakenOut::MayStay).await.unwrap();
    let right = answers(&index).await;
    drop(index);
    let whole = files(folder.path());
    let mut refused = 0;
    for (name, bytes) in &whole {
        for at in (0..bytes.len()).step_by((bytes.len() / 12).max(1)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(folder.path().join(name), &changed).unwrap();
            let opened = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
            match opened.rebuilt {
                Some(_) => refused += 1,
                None => {
                    let stands = opened.index.position() == 2_000;
                    assert!(stands && answers(&opened.index).await == right, "{name}, byte {at}");
                }
            }
            drop(opened.index);
            restore(folder.path(), &whole);
        }
    }
    assert!(refused > 50, "{refused}");
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn restore(folder: &Path, whole: &[(String, Vec<u8>)]) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in whole {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

#[tokio::test]
async fn what_was_read_ahead_is_taken_for_its_own_records_alone() {
    let folder = tempfile::tempdir().unwrap();
    let other = HistoryId::from_bytes([8; 16]);
    let ahead = |history| TextIndex::ahead(folder.path(), history);
    let opened = |ahead, origin: &Origin| {
        TextIndex::open_ahead(ahead, folder.path(), origin, Tasks::new()).unwrap()
    };
    assert!(ahead(OURS.history).is_none(), "there is none yet");
    let first = opened(None, &OURS);
    put(&first.index, 500, vec![entry(1, text(1))]).await;
    first.index.flush(TakenOut::MayStay).await.unwrap();
    drop(first);

    assert!(ahead(other).is_none(), "it is of other records, and stays");
    let read = ahead(OURS.history);
    assert!(read.is_some());
    fs::remove_file(folder.path().join("meta.json")).unwrap();
    let taken = opened(read, &OURS);
    assert_eq!((taken.rebuilt, taken.index.count()), (None, 1), "nothing is read twice");
    assert_eq!(taken.index.position(), 500);
    put(&taken.index, 501, vec![entry(2, text(2))]).await;
    taken.index.flush(TakenOut::MayStay).await.unwrap();
    drop(taken.index);

    let earlier = Origin { latest: 500, ..OURS };
    for (origin, why) in
        [(earlier, "ahead of the records"), (Origin { history: other, ..OURS }, "another history")]
    {
        let read = ahead(OURS.history);
        assert!(read.is_some(), "{why}");
        let refused = opened(read, &origin);
        assert!(refused.rebuilt.is_some_and(|told| told.contains(why)), "{why}");
        assert_eq!((refused.index.count(), refused.index.position()), (0, 0));
        drop(refused.index);
        let again = opened(None, &OURS);
        put(&again.index, 501, vec![entry(1, text(1))]).await;
        again.index.flush(TakenOut::MayStay).await.unwrap();
    }
}
