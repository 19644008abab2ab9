//! One row that cannot be read, whichever it is: a purge goes on, and no row holds the text any more
//! that is not named as damaged.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

use std::{fs, path::Path, sync::Arc};

use appliance_core::{
    AgentName, Batch, BatchKey, Citation, ConversationId, IdMint, Memory, MemoryId, MemoryKind,
    Message, MessageId, PageRequest, Provenance, Role, SearchFilter, Task, TaskOutcome, TaskStatus,
    UserId, Write,
    ports::{Compared, Conversations, Deeds as _, Memories, Records as _, StoreDamage as _},
    time::ManualClock,
};
use appliance_tasks::Tasks as Home;
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const MILLIS: u64 = 1_793_000_000_000;

/// What must be found in no row.
const SECRET: &str = "the vault code is 47q1";
const OTHER: &str = "the cat is called Minka";

type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Every row of the file: its table, key and value.
type Rows = Vec<(String, Vec<u8>, Vec<u8>)>;

/// A closed store in which somebody said something, was answered, and asked about it in another thread.
struct Kept {
    folder: TempDir,
    bytes: Vec<u8>,
    owner: UserId,
    thread: ConversationId,
    memory: MemoryId,
}

impl Kept {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (store, mint) = open(folder.path());
        let user = given::user(&mint);
        let owner = user.id;
        let [thread, other] = [(); 2].map(|()| given::thread(&mint, owner));
        let (here, there) = (thread.id, other.id);
        let mut writes = vec![Write::PutUser(user)];
        writes.extend([thread, other].map(Write::PutConversation));
        let (memory, said) = exchange(&mint, owner, here, (SECRET, "Noted: 47q1."), &[]);
        writes.extend(said);
        writes.extend(exchange(&mint, owner, there, ("which code?", "It is 47q1."), &[memory]).1);
        writes.extend(exchange(&mint, owner, there, (OTHER, "Noted."), &[]).1);
        let mut batch = Batch::new();
        batch.writes = writes;
        store.apply(batch).await.unwrap();
        store.close();
        drop(store);
        let bytes = fs::read(folder.path().join("state.redb")).unwrap();
        Self { folder, bytes, owner, thread: here, memory }
    }

    /// Puts the file as it was written, with the checksum of one row wrong, and opens it.
    async fn open_with(&self, wrong: Option<&(String, Vec<u8>, Vec<u8>)>) -> Store {
        let file = self.folder.path().join("state.redb");
        fs::write(&file, &self.bytes).unwrap();
        if let Some((table, key, value)) = wrong {
            let db = Database::create(&file).unwrap();
            let txn = db.begin_write().unwrap();
            {
                let mut rows = txn.open_table(Raw::new(table.clone().leak())).unwrap();
                let mut value = value.clone();
                value[4] ^= 1;
                rows.insert(key.as_slice(), value.as_slice()).unwrap();
            }
            txn.commit().unwrap();
        }
        open(self.folder.path()).0
    }

    /// Closes `store` and returns how many rows hold what the secret alone says.
    fn holding(&self, store: Store) -> Vec<String> {
        store.close();
        drop(store);
        let rows = rows(&self.folder.path().join("state.redb")).into_iter();
        let holds = |value: &[u8]| value.windows(4).any(|it| it == b"47q1");
        rows.filter(|(_, _, value)| holds(value)).map(|(table, ..)| table).collect()
    }
}

fn open(folder: &Path) -> (Store, IdMint) {
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    let dir = DataDir::open(folder).unwrap();
    let store = Store::open(&dir, clock.clone(), Home::new()).unwrap();
    let mint = IdMint::new(clock, store.newest_millis());
    (store, mint)
}

fn rows(file: &Path) -> Rows {
    let db = Database::create(file).unwrap();
    let txn = db.begin_read().unwrap();
    let names: Vec<String> = txn.list_tables().unwrap().map(|it| it.name().to_owned()).collect();
    let mut found = Vec::new();
    for name in names {
        let table = txn.open_table(Raw::new(name.clone().leak())).unwrap();
        for row in table.iter().unwrap() {
            let (key, value) = row.unwrap();
            found.push((name.clone(), key.value().to_vec(), value.value().to_vec()));
        }
    }
    found
}

/// A question and its answer, both remembered; returns the question's memory and what writes it all.
fn exchange(
    mint: &IdMint,
    owner: UserId,
    thread: ConversationId,
    (asked, answered): (&str, &str),
    cited: &[MemoryId],
) -> (MemoryId, Vec<Write>) {
    let question = given::message(mint, thread, asked);
    let task = Task { message_id: question.id, ..given::task(mint, owner, thread) };
    let task = Task { input: asked.to_owned(), ..task };
    let question = Message { task_id: Some(task.id), ..question };
    let cite = |id: &MemoryId| Citation { number: 1, memory_id: *id, quote: answered.to_owned() };
    let citations: Vec<Citation> = cited.iter().map(cite).collect();
    let answer = Message {
        id: task.answer_id,
        role: Role::Assistant,
        parent_message_id: Some(question.id),
        task_id: Some(task.id),
        citations: citations.clone(),
        ..given::message(mint, thread, answered)
    };
    let outcome = TaskOutcome::Completed {
        text: answered.to_owned(),
        citations,
        model: "demo".to_owned(),
        agent: AgentName::Research,
    };
    let said = remembered(mint, owner, thread, question.id, (MemoryKind::Said, asked));
    let drawn = remembered(mint, owner, thread, answer.id, (MemoryKind::Answer, answered));
    let (memory, id, at) = (said.id, task.id, mint.clock().now());
    let writes = vec![
        Write::AppendMessage(question),
        Write::PutTask(task),
        Write::PutMemory(said),
        Write::TransitionTask { id, to: TaskStatus::InProgress, attempt: Some(1), phase: None, at },
        Write::CompleteTask { id, outcome, at, to_parent: None },
        Write::AppendMessage(answer),
        Write::PutMemory(drawn),
    ];
    (memory, writes)
}

fn remembered(
    mint: &IdMint,
    owner: UserId,
    thread: ConversationId,
    message: MessageId,
    (kind, text): (MemoryKind, &str),
) -> Memory {
    let (conversation_id, message_id) = (Some(thread), Some(message));
    let provenance = Provenance { conversation_id, message_id, ..Provenance::default() };
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    Memory::new(id, owner, kind, text.to_owned(), provenance, now)
}

/// The kinds of rows that say what people said, or stand for it.
const TOLD: [&str; 5] =
    ["conversations.v1", "memories.v1", "memory_standing.v1", "messages.v1", "tasks.v1"];

/// The keys that lead to these.
const LEADING: [&str; 10] = [
    "conversations_by_change.v1",
    "memories_by_conversation.v1",
    "memories_by_form.v1",
    "memories_by_id.v1",
    "memories_by_owner.v1",
    "memories_by_shelf.v1",
    "messages_by_cited.v1",
    "messages_by_id.v1",
    "tasks_by_owner.v1",
    "tasks_by_parent.v1",
];

#[tokio::test]
async fn a_purge_with_a_damaged_row_leaves_nothing_or_says_what() {
    let kept = Kept::new().await;
    let rows = rows(&kept.folder.path().join("state.redb"));
    let told = rows.iter().filter(|row| TOLD.contains(&row.0.as_str()));
    let (mut whole, mut named) = (0, 0);
    for wrong in std::iter::once(None).chain(told.map(Some)) {
        for purge in &kept.purges() {
            let what = format!("{purge:?} with {:?}", wrong.map(|row| (&row.0, &row.1)));
            let store = kept.open_with(wrong).await;
            store.compare().await.unwrap();
            assert!(matches!(store.damage().compared, Compared::Done { .. }));
            let (held, is_named) = kept.purge(store, purge, &what).await;
            *(if held { &mut named } else { &mut whole }) += 1;
            if !is_named {
                assert!(kept_whole(&kept).await, "{what}: the next start finds damage");
            }
        }
    }
    assert!(whole > 4 * named, "{whole} purges left nothing, {named} named what may be left");
}

#[tokio::test]
async fn a_purge_goes_past_a_damaged_place_before_it_is_mended() {
    let kept = Kept::new().await;
    let rows = rows(&kept.folder.path().join("state.redb"));
    for wrong in rows.iter().filter(|row| LEADING.contains(&row.0.as_str())) {
        for purge in &kept.purges() {
            let what = format!("{purge:?} with {:?}", (&wrong.0, &wrong.1));
            let store = kept.open_with(Some(wrong)).await;
            let (held, _) = kept.purge(store, purge, &what).await;
            assert!(!held, "{what}");
        }
    }
}

#[tokio::test]
async fn a_repeat_of_a_purge_tells_what_went_unread_as_the_first_did() {
    let kept = Kept::new().await;
    let rows = rows(&kept.folder.path().join("state.redb"));
    let wrong = rows.iter().find(|(table, key, _)| is_first(table, key)).unwrap();
    let store = kept.open_with(Some(wrong)).await;
    let mut batch = Batch::new().write(kept.purges()[0].clone());
    batch.key = Some(BatchKey::of_a_day("purge", [7; 32]));
    let first = store.apply(batch.clone()).await.unwrap();
    let again = store.apply(batch).await.unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!((&first.untraced, &again.untraced), (&vec![kept.memory], &vec![kept.memory]));
    assert_eq!(first.memories, again.memories);
}

/// Tells whether it is the row of the memory that is purged: the first that was remembered.
fn is_first(table: &str, key: &[u8]) -> bool {
    table == "memories.v1" && key == 1_u64.to_be_bytes()
}

impl Kept {
    fn purges(&self) -> [Write; 2] {
        let (owner, thread, memory) = (self.owner, self.thread, self.memory);
        [
            Write::PurgeMemories { owner, ids: vec![memory] },
            Write::PurgeConversation { id: thread, owner },
        ]
    }

    /// Purges, and checks that what holds the secret still is named. Returns whether anything does, and
    /// whether anything is named.
    async fn purge(&self, store: Store, purge: &Write, what: &str) -> (bool, bool) {
        let (owner, memory) = (self.owner, self.memory);
        let applied = store.apply(Batch::new().write(purge.clone())).await;
        let applied = applied.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(applied.memories.contains(&memory), "{what}: it went");
        let thread = Conversations::get(&store, owner, self.thread).await;
        let of_memory = matches!(purge, Write::PurgeMemories { .. });
        assert!(of_memory || thread.unwrap().is_none(), "{what}");
        assert!(store.done_to(owner, &[memory]).await.unwrap().is_empty(), "{what}");
        let other =
            Memories::list(&store, owner, &SearchFilter::default(), PageRequest::new(9, None))
                .await;
        let is_there = other.unwrap().items.iter().any(|it| it.text == OTHER);
        let damaged = store.damage().found;
        assert!(is_there || !damaged.is_empty(), "{what}: another went with it");
        let held = self.holding(store);
        // Nobody knows what a memory said that cannot be read.
        let is_said = !damaged.is_empty() || applied.untraced == [memory];
        assert!(held.is_empty() || is_said, "{what}: {held:?} hold it, {damaged:?}");
        (!held.is_empty(), !damaged.is_empty())
    }
}

/// Tells whether the next start finds all as it should be.
async fn kept_whole(kept: &Kept) -> bool {
    let (store, _) = open(kept.folder.path());
    store.compare().await.unwrap();
    let damage = store.damage();
    store.close();
    matches!(damage.compared, Compared::Done { mended: 0 }) && damage.found.is_empty()
}
