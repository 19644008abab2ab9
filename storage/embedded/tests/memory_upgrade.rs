//! A file whose memories had no standing yet opens, and they stand as they would have.
//!
//! `fixtures/v2/state.redb` was written by the version before memories had a standing, and is never
//! written again: a memory that was put twice, two that say the same, authors and an agent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use appliance_core::{
    AgentName, Batch, BatchKey, Conversation, ConversationId, Deed, ErrorKind, IdMint, Memory,
    MemoryId, MemoryKind, MemoryTier, PageRequest, Provenance, SearchFilter, Timestamp, UserId,
    Write,
    ports::{Changed, Memories as _, MemoryTiers as _, Records as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const MILLIS: u64 = 1_793_000_000_000;

/// An id of version 7 whose last byte is `n`.
const fn id(n: u8) -> [u8; 16] {
    [0x01, 0xa1, 0x77, 0x01, 0x76, 0x00, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n]
}

const fn owner() -> UserId {
    UserId::from_bytes(id(1))
}

/// What the fixture holds, in the order of arrival.
fn written() -> Vec<Memory> {
    vec![
        memory(20, 1, MemoryKind::Said, "I moved to Lisbon", Some("Gwen \u{1f980}")),
        memory(21, 2, MemoryKind::Said, "the db is called heron", None),
        memory(22, 3, MemoryKind::Said, "The DB is called Heron.", None),
        memory(24, 5, MemoryKind::Answer, "It is called heron [1].", None),
        memory(23, 6, MemoryKind::Note, "the meeting is at three", None), // put at 4 before
        memory(25, 7, MemoryKind::Said, "keyed", None),
    ]
}

fn memory(n: u8, seq: u64, kind: MemoryKind, text: &str, author: Option<&str>) -> Memory {
    let provenance = Provenance {
        conversation_id: Some(ConversationId::from_bytes(id(4))),
        agent: (kind == MemoryKind::Answer).then_some(AgentName::Data),
        author: author.map(str::to_owned),
        ..Provenance::default()
    };
    let second = i64::from(n);
    let at = Timestamp::from_unix_micros(1_793_000_000_000_000 + second * 1_000_000 + 7);
    let id = MemoryId::from_bytes(id(n));
    let memory = Memory::new(id, owner(), kind, text.to_owned(), provenance, at);
    Memory { seq, tier: MemoryTier::Warm, ..memory }
}

fn before() -> TempDir {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v2/state.redb");
    let folder = TempDir::new().unwrap();
    fs::copy(fixture, folder.path().join("state.redb")).unwrap();
    folder
}

fn open(folder: &TempDir) -> (Store, IdMint) {
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    let store = Store::open(
        &DataDir::open(folder.path()).unwrap(),
        clock.clone(),
        appliance_tasks::Tasks::new(),
    )
    .unwrap();
    let mint = IdMint::new(clock, store.newest_millis());
    (store, mint)
}

async fn assert_as_written(store: &Store) {
    let told = store.since(0, 10).await.unwrap();
    let positions: Vec<u64> = told.iter().map(|change| change.position).collect();
    assert_eq!(positions, [1, 2, 3, 5, 6, 7]);
    let live = written().into_iter().map(|memory| Changed::Live(Box::new(memory)));
    assert!(told.iter().map(|change| change.now.clone()).eq(live));
    assert!(told.iter().all(|change| change.owner == owner()));
    let (page, all) = (PageRequest::new(10, None), SearchFilter::default());
    let list = store.list(owner(), &all, page).await.unwrap();
    assert!(list.items.into_iter().rev().eq(written()));
    for memory in written() {
        assert_eq!(store.get(owner(), memory.id).await.unwrap(), Some(memory));
    }
    assert_eq!(store.latest(), 7);
    for whose in [None, Some(owner())] {
        let counts = store.counts(whose).await.unwrap();
        assert_eq!((counts.hot.len(), counts.warm, counts.cold, counts.forgotten), (0, 6, 0, 0));
    }
}

#[tokio::test]
async fn memories_of_version_2_stand_as_they_would_have() {
    let folder = before();
    for _ in 0..2 {
        let (store, _) = open(&folder);
        assert_as_written(&store).await;
        store.close();
    }
}

#[tokio::test]
async fn what_is_done_after_the_upgrade_is_not_undone_by_the_next_opening() {
    let folder = before();
    let (store, mint) = open(&folder);
    let ids = written().iter().take(2).map(|memory| memory.id).collect();
    let action = given::action(&mint, owner(), Deed::Forget { ids });
    store.apply(Batch::new().write(Write::ActOnMemory(action))).await.unwrap();
    let told = store.since(0, 10).await.unwrap();
    store.close();
    drop(store);
    let (store, _) = open(&folder);
    assert_eq!(store.since(0, 10).await.unwrap(), told);
    let counts = store.counts(None).await.unwrap();
    assert_eq!((counts.warm, counts.forgotten), (4, 2));
}

#[tokio::test]
async fn what_was_kept_before_and_has_ended_is_known_when_it_is_put_again() {
    let folder = before();
    let (store, mint) = open(&folder);
    let old = written().remove(4);
    let new = Memory { id: mint.next(MemoryId::from_uuid), ..old.clone() };
    let new = Box::new(Memory { text: "the meeting is at four".to_owned(), ..new });
    let action = given::action(&mint, owner(), Deed::Correct { old: old.id, new });
    store.apply(Batch::new().write(Write::ActOnMemory(action))).await.unwrap();
    let ended = store.get(owner(), old.id).await.unwrap().unwrap();
    assert!(ended.standing.valid_until.is_some());
    let again = Memory { id: mint.next(MemoryId::from_uuid), ..ended.clone() };
    let told = store.apply(Batch::new().write(Write::PutMemory(again))).await.unwrap();
    assert_eq!(told.memories, [old.id], "found by a key that it did not declare");
    assert_eq!(store.get(owner(), old.id).await.unwrap(), Some(ended));
}

#[tokio::test]
async fn what_version_2_kept_of_a_conversation_goes_with_it() {
    let folder = before();
    let (store, mint) = open(&folder);
    let thread = ConversationId::from_bytes(id(4));
    let row = Conversation { id: thread, ..given::thread(&mint, owner()) };
    let purge = Write::PurgeConversation { id: thread, owner: owner() };
    let batch = Batch::new().write(Write::PutConversation(row)).write(purge);
    let gone = store.apply(batch).await.unwrap().memories;
    let all: BTreeSet<MemoryId> = written().iter().map(|memory| memory.id).collect();
    assert_eq!(gone.into_iter().collect::<BTreeSet<_>>(), all, "found by keys it did not declare");
}

#[tokio::test]
async fn a_damaged_memory_of_version_2_keeps_nobody_from_the_others() {
    let folder = before();
    let path = folder.path().join("state.redb");
    let mut bytes = fs::read(&path).unwrap();
    let needle = b"I moved to Lisbon";
    let places: Vec<usize> =
        (0..bytes.len() - needle.len()).filter(|at| bytes[*at..].starts_with(needle)).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    let (store, _) = open(&folder);
    let [damaged, others @ ..] = &written()[..] else { return };
    for memory in others {
        assert_eq!(store.get(owner(), memory.id).await.unwrap().as_ref(), Some(memory));
    }
    let error = store.get(owner(), damaged.id).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    assert_eq!(store.since(0, 10).await.unwrap().len(), others.len());
}

#[tokio::test]
async fn memories_of_version_2_go_on_like_any_other() {
    let folder = before();
    let (store, mint) = open(&folder);
    let [_, heron, again, ..] = &written()[..] else { return };
    let mut said = given::memory(&mint, owner(), "THE DB is called heron");
    said.provenance = heron.provenance.clone();
    let applied = store.apply(Batch::new().write(Write::PutMemory(said.clone()))).await.unwrap();
    assert_eq!((applied.memories, applied.sequences), (vec![heron.id], vec![Some(2)]));
    assert_eq!(store.latest(), 8);

    let forget = Deed::Forget { ids: vec![heron.id, again.id] };
    let action = given::action(&mint, owner(), forget);
    store.apply(Batch::new().write(Write::ActOnMemory(action))).await.unwrap();
    assert_eq!(store.get(owner(), heron.id).await.unwrap(), None);
    let counts = store.counts(None).await.unwrap();
    assert_eq!((counts.warm, counts.forgotten), (4, 2));
    let applied = store.apply(Batch::new().write(Write::PutMemory(said.clone()))).await.unwrap();
    assert_eq!(applied.memories, [said.id]);
}

#[tokio::test]
async fn a_key_of_version_2_is_still_known() {
    let folder = before();
    let (store, _) = open(&folder);
    let key = BatchKey::of_a_day("user 1 post /y".to_owned(), [8; 32]);
    let again = store.apply(Batch::new().key(key)).await.unwrap();
    assert_eq!((again.repeated, again.sequences, again.memories), (true, vec![Some(7)], vec![]));
}
