//! The text index while its files are cut short or taken away under it: it answers as before, says what
//! happened, and is whole again once it was emptied and filled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs::{self, File},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use appliance_core::{
    HistoryId, MemoryId, UserId,
    memory::Origin,
    ports::{TakenOut, TextChanges, TextEntry, TextFault, TextIndex as _},
};
use appliance_tasks::Tasks;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use vector::TextIndex;

const ADA: UserId = UserId::from_bytes([1; 16]);
const OURS: Origin = Origin { history: HistoryId::from_bytes([7; 16]), latest: 100_000 };

fn id(n: u64) -> MemoryId {
    MemoryId::from_bytes(u128::from(n).to_be_bytes())
}

async fn fill(index: &TextIndex) {
    let text = |n| format!("ticket{n} about the lift is closed");
    let entry = |n| TextEntry { id: id(n), owner: ADA, author: None, text: text(n) };
    let put = (1..=600).map(entry).collect();
    index.take_in(TextChanges { put, gone: Vec::new(), position: 600 }).await.unwrap();
    index.flush(TakenOut::MayStay).await.unwrap();
}

async fn finds(index: &TextIndex) -> bool {
    let mut all = true;
    for n in [1, 300, 600] {
        let hits = index.search(ADA, &format!("ticket{n}"), 3).await;
        all &= hits.is_ok_and(|hits| hits.first().is_some_and(|hit| hit.0 == id(n)));
    }
    all
}

fn open(folder: &Path) -> TextIndex {
    TextIndex::open(folder, &OURS, Tasks::new()).unwrap().index
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Waits until the index says that it is damaged.
async fn damaged(index: &TextIndex) -> String {
    loop {
        if let Some(TextFault::Damaged(why)) = index.fault() {
            return why;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn made_anew(index: TextIndex, folder: &Path) {
    let refused = TextChanges { position: 700, ..TextChanges::default() };
    assert!(index.take_in(refused).await.is_err(), "it would be lost");
    index.clear().await.unwrap();
    assert_eq!((index.count(), index.position()), (0, 0));
    assert!(matches!(index.fault(), Some(TextFault::Filling(_))));
    fill(&index).await;
    assert!(index.fault().is_none() && finds(&index).await);
    drop(index);
    let again = TextIndex::open(folder, &OURS, Tasks::new()).unwrap();
    assert_eq!((again.rebuilt, again.index.count()), (None, 600));
    assert!(finds(&again.index).await);
}

#[tokio::test]
async fn files_that_are_cut_short_while_it_serves_change_no_answer_and_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    fill(&index).await;
    for path in files(folder.path()).iter().filter(|path| path.as_os_str().len() > 40) {
        File::options().write(true).open(path).unwrap().set_len(1).unwrap();
    }
    assert!(finds(&index).await, "what was read stays");
    let why = damaged(&index).await;
    assert!(why.contains("cut short") || why.contains("meta.json"), "{why}");
    assert!(index.search(ADA, "ticket7", 3).await.is_err(), "and it says that it lacks");
    made_anew(index, folder.path()).await;
}

#[tokio::test]
async fn a_folder_that_is_taken_away_while_it_serves_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("texts");
    let index = open(&folder);
    fill(&index).await;
    fs::remove_dir_all(&folder).unwrap();
    assert!(finds(&index).await);
    damaged(&index).await;
    made_anew(index, &folder).await;
}

#[tokio::test]
async fn whatever_stands_in_the_place_of_its_files_it_starts() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("texts");
    let fifo = |path: &Path| mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    fifo(&folder);
    drop(open(&folder));
    assert!(home.path().join("texts.aside").exists());
    for odd in ["meta.json", ".managed.json", ".tantivy-writer.lock", ".tantivy-meta.lock"] {
        for is_fifo in [true, false] {
            let index = open(&folder);
            fill(&index).await;
            drop(index);
            let path = folder.join(odd);
            fs::remove_file(&path).unwrap();
            if is_fifo {
                fifo(&path);
            } else {
                fs::create_dir(&path).unwrap();
            }
            let index = open(&folder);
            fill(&index).await;
            assert!(finds(&index).await, "{odd}");
        }
    }
    let segment =
        files(&folder).into_iter().find(|path| path.as_os_str().as_bytes().ends_with(b".idx"));
    let segment = segment.unwrap();
    fs::remove_file(&segment).unwrap();
    fifo(&segment);
    let opened = TextIndex::open(&folder, &OURS, Tasks::new()).unwrap();
    assert!(opened.rebuilt.is_some_and(|why| why.contains("FIFO")));
}

#[tokio::test]
async fn what_an_earlier_life_was_cut_off_at_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    fill(&index).await;
    drop(index);
    fs::write(folder.path().join(".tmpAbCdEf"), "half a file").unwrap();
    let again = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert!(again.rebuilt.is_none() && finds(&again.index).await);
    assert!(!files(folder.path()).iter().any(|path| path.ends_with(".tmpAbCdEf")));
}
