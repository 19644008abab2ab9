//! A page of an earlier time in the place of the newest, which is whole in itself: no number is given a
//! second time because of it, nothing is written over, and it is named.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use appliance_core::{
    Batch, ConversationId, IdMint, MessageId, StreamName, UserId, Write,
    ports::{Conversations as _, Memories as _, Records as _, StoreDamage as _},
    time::ManualClock,
};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A store that is closed and opened between rounds of writing.
struct House {
    folder: TempDir,
    clock: Arc<ManualClock>,
    mint: IdMint,
    owner: UserId,
    thread: ConversationId,
    said: Vec<MessageId>,
    /// Every number that was given, with what it was given to.
    given: BTreeSet<(usize, u64)>,
    rounds: usize,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let (user, folder) = (given::user(&mint), TempDir::new().unwrap());
        let thread = given::thread(&mint, user.id);
        let (owner, id, said) = (user.id, thread.id, Vec::new());
        let given = BTreeSet::new();
        let house = Self { folder, clock, mint, owner, thread: id, said, given, rounds: 0 };
        let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutConversation(thread));
        let store = house.open();
        store.apply(batch).await.unwrap();
        store.close();
        house
    }

    fn open(&self) -> Store {
        let dir = DataDir::open(self.folder.path()).unwrap();
        Store::open(&dir, self.clock.clone(), appliance_tasks::Tasks::new()).unwrap()
    }

    /// Writes some of everything that gets a number.
    async fn round(&mut self, store: &Store) {
        let (stream, mint) = (StreamName::new("ai:agent:code").unwrap(), &self.mint);
        for _ in 0..3 {
            let message = given::message(mint, self.thread, "what was said");
            self.said.push(message.id);
            let batch = Batch::new()
                .write(Write::AppendMessage(message))
                .write(given::append(mint, &stream, "look"))
                .write(Write::AppendAudit(given::audit(mint, "looked")))
                .write(Write::PutMemory(given::memory(mint, self.owner, &format!("{mint:?}"))));
            let applied = store.apply(batch).await.unwrap();
            for (what, number) in applied.sequences.iter().enumerate() {
                let is_new = number.is_none_or(|number| self.given.insert((what, number)));
                assert!(is_new, "{number:?} was given twice to {what}");
            }
        }
        self.rounds += 1;
    }

    async fn written(&mut self) {
        let store = self.open();
        self.round(&store).await;
        store.close();
    }

    /// Checks that everything ever said is there.
    async fn has_all(&self, store: &Store) {
        for id in &self.said {
            assert!(store.message(self.owner, *id).await.unwrap().is_some());
        }
        let changes = store.since(0, 1_000).await.unwrap();
        assert_eq!(changes.len(), self.rounds * 3, "no memory took another one's place");
    }

    fn rows(&self, table: &'static str) -> Rows {
        let db = self.raw();
        let rows = db.begin_read().unwrap().open_table(Raw::new(table)).unwrap();
        let own = |row: Result<(redb::AccessGuard<'_, _>, redb::AccessGuard<'_, _>), _>| {
            let (at, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>) =
                row.unwrap();
            (at.value().to_vec(), value.value().to_vec())
        };
        let rows = rows.iter().unwrap().map(own);
        rows.collect()
    }

    /// Puts a table as it was earlier.
    fn put(&self, table: &'static str, rows: &Rows) {
        let db = self.raw();
        let txn = db.begin_write().unwrap();
        {
            let mut open = txn.open_table(Raw::new(table)).unwrap();
            open.retain(|_, _| false).unwrap();
            for (at, value) in rows {
                open.insert(at.as_slice(), value.as_slice()).unwrap();
            }
        }
        txn.commit().unwrap();
    }

    fn raw(&self) -> Database {
        let file: PathBuf = self.folder.path().join("state.redb");
        Database::open(file).unwrap()
    }
}

#[tokio::test]
async fn no_number_is_given_twice_and_the_older_page_is_named() {
    for table in ["counters.v1", "bus_streams.v1", "conversations.v1"] {
        let mut house = House::new().await;
        house.written().await;
        let earlier = house.rows(table);
        house.written().await;
        house.put(table, &earlier);

        let store = house.open();
        house.round(&store).await;
        house.has_all(&store).await;
        let named = store.damage().found;
        assert!(named.iter().any(|it| it.place.starts_with(table)), "{table}: {named:?}");
        store.close();
        drop(store);
        let store = house.open();
        assert!(store.damage().found.is_empty(), "{table}: it is in order again");
        house.round(&store).await;
        house.has_all(&store).await;
    }
}

#[tokio::test]
async fn numbers_that_are_missing_altogether_are_counted_on_too() {
    for table in ["counters.v1", "bus_streams.v1"] {
        let mut house = House::new().await;
        house.written().await;
        house.put(table, &Rows::new());
        let store = house.open();
        house.round(&store).await;
        house.has_all(&store).await;
    }
}
