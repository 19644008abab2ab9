//! A question's and an answer's text lies in the file once, in its message, and whatever says the same
//! refers to it; a file in which each had its own copy reads as it was written.
//!
//! `fixtures/v3/state.redb` was written by the version before texts were referred to, and is never
//! written again: a question that was delegated and answered, and what is remembered of both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, path::PathBuf, sync::Arc};

use appliance_core::{
    AgentName, Batch, BatchKey, Citation, Conversation, ConversationId, ConversationStatus,
    Envelope, EnvelopeId, EnvelopeKind, Memory, MemoryId, MemoryKind, MemoryTier, Message,
    MessageId, PageRequest, Pai, Payload, Phase, Priority, Provenance, Role, SearchFilter, Task,
    TaskId, TaskKind, TaskOutcome, TaskStatus, Timestamp, User, UserId, UserRole, Write,
    batch::ToParent,
    envelope::Sender,
    ports::{
        Changed, Conversations as _, Memories, MemoryTiers as _, Records as _, StoreDamage as _,
        TaskFilter, Tasks,
    },
    time::ManualClock,
};
use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _};
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const MILLIS: u64 = 1_793_000_000_000;

const QUESTION: &str = "/ask data what is the staging database called?";
const ASKED: &str = "what is the staging database called?";
const ANSWER: &str = "It is called heron [1]. The production one is called osprey.";
const NEWS: &str = "The production one is called osprey.";

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v3/state.redb")
}

/// An id of version 7 whose last byte is `n`.
const fn id(n: u8) -> [u8; 16] {
    [0x01, 0xa1, 0x77, 0x01, 0x76, 0x00, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n]
}

const fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_793_000_000_000_000 + second * 1_000_000 + 7)
}

const fn owner() -> UserId {
    UserId::from_bytes(id(1))
}

const fn thread() -> ConversationId {
    ConversationId::from_bytes(id(2))
}

fn open(folder: &TempDir) -> Store {
    let dir = DataDir::open(folder.path()).unwrap();
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    Store::open(&dir, clock, appliance_tasks::Tasks::new()).unwrap()
}

fn person() -> Vec<Write> {
    let user = User {
        id: owner(),
        email: None,
        password_hash: None,
        display_name: "Ada".to_owned(),
        role: UserRole::Admin,
        is_active: true,
        created_at: at(1),
        updated_at: at(1),
        last_login_at: None,
    };
    let conversation = Conversation {
        id: thread(),
        owner: owner(),
        title: Some("databases".to_owned()),
        status: ConversationStatus::Active,
        once: false,
        updated_seq: 0,
        created_at: at(2),
        updated_at: at(2),
    };
    vec![Write::PutUser(user), Write::PutConversation(conversation)]
}

fn question() -> Message {
    Message {
        id: MessageId::from_bytes(id(3)),
        conversation_id: thread(),
        seq: 1,
        role: Role::User,
        content: QUESTION.to_owned(),
        agent: None,
        parent_message_id: None,
        task_id: Some(root().id),
        citations: Vec::new(),
        leans_on: Vec::new(),
        cut_off: None,
        model: None,
        created_at: at(3),
    }
}

fn citation() -> Citation {
    Citation { number: 1, memory_id: remembered().id, quote: "is called heron".to_owned() }
}

fn answer() -> Message {
    Message {
        id: MessageId::from_bytes(id(4)),
        seq: 2,
        role: Role::Assistant,
        content: ANSWER.to_owned(),
        agent: Some(AgentName::Data),
        parent_message_id: Some(question().id),
        citations: vec![citation()],
        model: Some("demo".to_owned()),
        created_at: at(5),
        ..question()
    }
}

/// The person's message as a task, as it is made.
fn root() -> Task {
    Task {
        id: TaskId::from_bytes(id(5)),
        owner: owner(),
        conversation_id: thread(),
        message_id: MessageId::from_bytes(id(3)),
        answer_id: MessageId::from_bytes(id(4)),
        parent_task_id: None,
        assigned_agent: AgentName::Supervisor,
        kind: TaskKind::Message,
        priority: Priority::NORMAL,
        status: TaskStatus::Waiting,
        attempt: 1,
        input: QUESTION.to_owned(),
        outcome: None,
        pai_phase: Some(Phase::Execute),
        wait: None,
        started_at: Some(at(3)),
        completed_at: None,
        created_at: at(3),
        updated_at: at(4),
    }
}

fn child() -> Task {
    Task {
        id: TaskId::from_bytes(id(6)),
        parent_task_id: Some(root().id),
        assigned_agent: AgentName::Data,
        kind: TaskKind::Answer,
        status: TaskStatus::InProgress,
        input: ASKED.to_owned(),
        ..root()
    }
}

fn outcome() -> TaskOutcome {
    TaskOutcome::Completed {
        text: ANSWER.to_owned(),
        citations: vec![citation()],
        model: "demo".to_owned(),
        agent: AgentName::Data,
    }
}

fn ended(task: Task) -> Task {
    let (status, outcome) = (TaskStatus::Completed, Some(outcome()));
    Task { status, outcome, completed_at: Some(at(5)), updated_at: at(5), ..task }
}

fn memory(n: u8, seq: u64, kind: MemoryKind, text: &str, of: &Message) -> Memory {
    let provenance = Provenance {
        conversation_id: Some(thread()),
        message_id: Some(of.id),
        agent: of.agent,
        ..Provenance::default()
    };
    let id = MemoryId::from_bytes(id(n));
    let memory = Memory::new(id, owner(), kind, text.to_owned(), provenance, of.created_at);
    Memory { seq, tier: MemoryTier::Warm, ..memory }
}

fn remembered() -> Memory {
    memory(7, 1, MemoryKind::Said, ASKED, &question())
}

fn news() -> Memory {
    memory(8, 2, MemoryKind::Answer, NEWS, &answer())
}

fn wakes() -> Envelope {
    Envelope {
        id: EnvelopeId::from_bytes(id(9)),
        timestamp: at(5),
        source: Sender::Agent(AgentName::Data),
        target: AgentName::Supervisor,
        kind: EnvelopeKind::Result,
        priority: Priority::NORMAL,
        payload: Payload {
            task_id: root().id,
            action: "return".to_owned(),
            context: "{}".to_owned(),
            memory_refs: Vec::new(),
        },
        pai: Pai::default(),
    }
}

/// Everything up to the end of the message, in the batches and the order in which it comes about.
async fn talk(store: &Store) {
    let mut asked = person();
    asked.extend([
        Write::AppendMessage(question()),
        Write::PutTask(root()),
        Write::PutMemory(remembered()),
        Write::PutTask(child()),
    ]);
    let ends = vec![Write::AppendMessage(answer()), Write::PutMemory(news())];
    let (wakes, id, at) = (wakes(), child().id, at(5));
    let to_parent = Some(Box::new(ToParent { ends, wakes }));
    let end = Write::CompleteTask { id, outcome: outcome(), at, to_parent };
    for writes in [asked, vec![end]] {
        store.apply(Batch { writes, ..Batch::new() }).await.unwrap();
    }
}

async fn assert_as_written(store: &Store) {
    assert_eq!(store.message(owner(), question().id).await.unwrap(), Some(question()));
    assert_eq!(store.message(owner(), answer().id).await.unwrap(), Some(answer()));
    assert_eq!(Tasks::get(store, root().id).await.unwrap(), Some(ended(root())));
    assert_eq!(store.children(root().id).await.unwrap(), [ended(child())]);
    for memory in [remembered(), news()] {
        assert_eq!(Memories::get(store, owner(), memory.id).await.unwrap(), Some(memory));
    }
}

/// Writes the fixture of this version. Run by hand, once a version, with `--ignored`.
#[tokio::test]
#[ignore = "writes the fixture; the test below reads it"]
async fn write_the_fixture() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    talk(&store).await;
    assert_as_written(&store).await;
    store.close();
    assert!(!fixture().exists(), "the fixture of a version is written once");
    fs::create_dir_all(fixture().parent().unwrap()).unwrap();
    fs::copy(folder.path().join("state.redb"), fixture()).unwrap();
}

#[tokio::test]
async fn a_file_in_which_each_had_its_own_copy_reads_as_it_was_written() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture(), folder.path().join("state.redb")).unwrap();
    assert_as_written(&open(&folder)).await;
}

/// How often a text lies in the rows of a closed store, or in their ids.
fn copies(folder: &TempDir, text: &str) -> usize {
    let db = redb::Database::open(folder.path().join("state.redb")).unwrap();
    let txn = db.begin_read().unwrap();
    let mut found = 0;
    for table in txn.list_tables().unwrap() {
        let raw: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(table.name());
        for row in txn.open_table(raw).unwrap().iter().unwrap() {
            let (id, value) = row.unwrap();
            let says = |at: &&[u8]| *at == text.as_bytes();
            found += id.value().windows(text.len()).filter(says).count();
            found += value.value().windows(text.len()).filter(says).count();
        }
    }
    found
}

/// The texts of the talk, and how often each lies in the file now and before texts were referred to.
const TEXTS: [(&str, usize, usize); 4] =
    [(QUESTION, 1, 2), (ASKED, 1, 4), (ANSWER, 1, 3), (NEWS, 1, 4)];

#[tokio::test]
async fn a_text_lies_in_the_file_once() {
    let before = TempDir::new().unwrap();
    fs::copy(fixture(), before.path().join("state.redb")).unwrap();
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    talk(&store).await;
    assert_as_written(&store).await;
    close(store);
    for (text, now, then) in TEXTS {
        assert_eq!((copies(&folder, text), copies(&before, text)), (now, then), "{text}");
    }
    assert_as_written(&open(&folder)).await;
}

#[tokio::test]
async fn a_text_that_comes_back_from_the_archive_is_referred_to_again() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    talk(&store).await;
    let ids = [remembered().id, news().id];
    assert_eq!(store.archive(&ids, at(9)).await.unwrap().memories, 2);
    for memory in [remembered(), news()] {
        let found = Memories::get(&store, owner(), memory.id).await.unwrap().unwrap();
        assert_eq!((found.tier, found.text), (MemoryTier::Cold, memory.text));
    }
    assert_eq!(store.warm(&ids, at(10)).await.unwrap().memories, 2);
    for memory in [remembered(), news()] {
        let found = Memories::get(&store, owner(), memory.id).await.unwrap().unwrap();
        assert_eq!((found.tier, found.text), (MemoryTier::Warm, memory.text));
    }
    close(store);
    for (text, now, _) in TEXTS {
        assert_eq!(copies(&folder, text), now, "{text}");
    }
}

#[tokio::test]
async fn a_damaged_message_leaves_out_what_refers_to_it_and_names_it() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    talk(&store).await;
    close(store);
    damage_message(&folder, answer().seq);
    let store = open(&folder);
    store.compare().await.unwrap();
    let (page, all) = (PageRequest::new(10, None), SearchFilter::default());
    let listed = Memories::list(&store, owner(), &all, page).await.unwrap().items;
    assert_eq!(listed, [remembered()], "the question's is whole");
    let told = store.since(0, 10).await.unwrap();
    assert!(matches!(&told[1].now, Changed::Damaged { .. }), "{told:?}");
    let tasks = Tasks::list(&store, owner(), TaskFilter::default(), page).await.unwrap().items;
    assert!(tasks.is_empty(), "both ended with that answer: {tasks:?}");
    let ended = Tasks::get(&store, root().id).await.unwrap().unwrap();
    assert!(ended.status.is_final() && !ended.input.is_empty(), "asked for alone: {ended:?}");
    let named = store.damage().found;
    assert!(named.iter().any(|it| it.memory == Some(news().id)), "{named:?}");
    let more = memory(10, 0, MemoryKind::Said, QUESTION, &question());
    store.apply(Batch::new().write(Write::PutMemory(more))).await.unwrap();
}

#[tokio::test]
async fn a_key_lies_in_the_file_as_its_digest_alone() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let key = BatchKey::of_a_day("messages.post:ada:a-key-of-some-length".to_owned(), [9; 32]);
    store.apply(Batch { writes: person(), ..Batch::new() }.key(key.clone())).await.unwrap();
    assert!(store.apply(Batch::new().key(key.clone())).await.unwrap().repeated);
    let other = BatchKey { digest: [8; 32], ..key.clone() };
    assert!(
        store.apply(Batch::new().key(other)).await.is_err(),
        "the same key for another request"
    );
    close(store);
    assert_eq!(copies(&folder, &key.name), 0);
}

/// Flips a bit of a message of the thread.
fn damage_message(folder: &TempDir, seq: u64) {
    let db = redb::Database::open(folder.path().join("state.redb")).unwrap();
    let txn = db.begin_write().unwrap();
    {
        let raw: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("messages.v1");
        let mut rows = txn.open_table(raw).unwrap();
        let key = [thread().bytes().as_slice(), &seq.to_be_bytes()].concat();
        let mut bytes = rows.get(key.as_slice()).unwrap().unwrap().value().to_vec();
        bytes[40] ^= 1;
        rows.insert(key.as_slice(), bytes.as_slice()).unwrap();
    }
    txn.commit().unwrap();
}

fn close(store: Store) {
    store.close();
    drop(store);
}
