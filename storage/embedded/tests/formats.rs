//! A file written by an earlier version opens, and everything in it reads as it was written.
//!
//! `fixtures/v1/state.redb` was written by the first version and is never written again; a change
//! that cannot read it needs a new frozen struct and a new version byte, not a new fixture.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use appliance_core::{
    Actor, AgentName, ApiToken, AuditEvent, AuditId, AuditOutcome, Batch, BatchKey, Citation,
    Conversation, ConversationId, ConversationStatus, Envelope, EnvelopeId, EnvelopeKind,
    EventType, Incarnation, IncarnationId, Labels, Memory, MemoryId, MemoryKind, MemoryTier,
    Message, MessageId, PageRequest, Pai, Payload, Phase, Priority, Provenance, RiskLevel, Role,
    Session, SessionId, SetupLink, Standing, StreamName, Task, TaskId, TaskKind, TaskOutcome,
    TaskStatus, Timestamp, TokenHash, TokenId, TokenScope, User, UserId, UserRole, Write,
    bus::AGENTS_GROUP,
    envelope::Sender,
    ports::{
        AuditTrail as _, Change, Changed, Conversations, Memories, Records as _, Streams as _,
        Take, TaskFilter, Tasks, Users,
    },
    time::ManualClock,
};
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1/state.redb")
}

/// Written by the first version that had tokens for programs.
fn fixture_of_tokens() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v4/state.redb")
}

fn open(folder: &TempDir) -> Store {
    let dir = DataDir::open(folder.path()).unwrap();
    Store::open(&dir, Arc::new(ManualClock::at_millis(MILLIS)), appliance_tasks::Tasks::new())
        .unwrap()
}

const MILLIS: u64 = 1_793_000_000_000;

/// An id of version 7 whose last byte is `n`.
const fn id(n: u8) -> [u8; 16] {
    [0x01, 0xa1, 0x77, 0x01, 0x76, 0x00, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n]
}

const fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_793_000_000_000_000 + second * 1_000_000 + 7)
}

fn user() -> User {
    User {
        id: UserId::from_bytes(id(1)),
        email: Some("ada@example.org".to_owned()),
        password_hash: Some("$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA".to_owned()),
        display_name: "Ada \u{1f980}".to_owned(),
        role: UserRole::Admin,
        is_active: true,
        created_at: at(1),
        updated_at: at(2),
        last_login_at: Some(at(3)),
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_bytes(id(2)),
        user_id: user().id,
        token_hash: TokenHash([2; 32]),
        ip_address: Some("127.0.0.1".to_owned()),
        user_agent: Some("tests".to_owned()),
        created_at: at(4),
        expires_at: at(5),
        revoked_at: None,
    }
}

fn link() -> SetupLink {
    SetupLink { token_hash: TokenHash([3; 32]), user_id: user().id, expires_at: at(6) }
}

fn token() -> ApiToken {
    ApiToken {
        id: TokenId::from_bytes(id(13)),
        user_id: user().id,
        name: "editor \u{1f58b}".to_owned(),
        token_hash: TokenHash([4; 32]),
        scopes: TokenScope::ALL.to_vec(),
        created_at: at(14),
        expires_at: Some(at(15)),
        last_used_at: Some(at(16)),
    }
}

fn token_for_good() -> ApiToken {
    ApiToken {
        id: TokenId::from_bytes(id(14)),
        name: "shell".to_owned(),
        token_hash: TokenHash([5; 32]),
        scopes: vec![TokenScope::MemoryRead],
        expires_at: None,
        last_used_at: None,
        ..token()
    }
}

fn thread() -> Conversation {
    Conversation {
        id: ConversationId::from_bytes(id(4)),
        owner: user().id,
        title: Some("staging".to_owned()),
        status: ConversationStatus::Active,
        once: false,
        updated_seq: 2, // one for making it, one for the message
        created_at: at(7),
        updated_at: at(8),
    }
}

fn citation() -> Citation {
    Citation { number: 1, memory_id: memory().id, quote: "called heron".to_owned() }
}

fn message() -> Message {
    Message {
        id: MessageId::from_bytes(id(5)),
        conversation_id: thread().id,
        seq: 1,
        role: Role::Assistant,
        content: "It is called heron [1].\n`&&` <b>".to_owned(),
        agent: Some(AgentName::Data),
        parent_message_id: Some(MessageId::from_bytes(id(6))),
        task_id: Some(task().id),
        citations: vec![citation()],
        leans_on: Vec::new(),
        cut_off: None,
        model: Some("demo".to_owned()),
        created_at: at(8),
    }
}

fn task() -> Task {
    Task {
        id: TaskId::from_bytes(id(7)),
        owner: user().id,
        conversation_id: ConversationId::from_bytes(id(4)),
        message_id: MessageId::from_bytes(id(6)),
        answer_id: MessageId::from_bytes(id(5)),
        parent_task_id: None,
        assigned_agent: AgentName::Supervisor,
        kind: TaskKind::Message,
        priority: Priority::NORMAL,
        status: TaskStatus::Completed,
        attempt: 2,
        input: "what is it called?".to_owned(),
        outcome: Some(TaskOutcome::Completed {
            text: "It is called heron [1].".to_owned(),
            citations: vec![citation()],
            model: "demo".to_owned(),
            agent: AgentName::Data,
        }),
        pai_phase: Some(Phase::Verify),
        wait: None,
        started_at: Some(at(9)),
        completed_at: Some(at(10)),
        created_at: at(8),
        updated_at: at(10),
    }
}

fn child() -> Task {
    Task {
        id: TaskId::from_bytes(id(8)),
        parent_task_id: Some(task().id),
        assigned_agent: AgentName::Qa,
        kind: TaskKind::Answer,
        status: TaskStatus::Failed,
        outcome: Some(TaskOutcome::Failed { error: "no model; try again".to_owned() }),
        ..task()
    }
}

fn memory() -> Memory {
    Memory {
        id: MemoryId::from_bytes(id(9)),
        owner: user().id,
        seq: 1,
        text: "the staging database is called heron".to_owned(),
        kind: MemoryKind::Note,
        tier: MemoryTier::Warm,
        provenance: Provenance {
            conversation_id: Some(ConversationId::from_bytes(id(4))),
            message_id: Some(MessageId::from_bytes(id(6))),
            agent: Some(AgentName::Supervisor),
            ..Provenance::default()
        },
        labels: Labels::default(),
        created_at: at(11),
        standing: Standing::new(at(11)),
    }
}

fn audit() -> AuditEvent {
    AuditEvent {
        id: AuditId::from_bytes(id(10)),
        timestamp: at(12),
        event_type: EventType::Auth,
        actor: Actor::User(user().id),
        actor_ip: Some("::1".to_owned()),
        resource_type: Some("session".to_owned()),
        resource_path: Some("2".to_owned()),
        action: "auth.login".to_owned(),
        outcome: AuditOutcome::Denied,
        risk_level: RiskLevel::Medium,
    }
}

fn envelope() -> Envelope {
    Envelope {
        id: EnvelopeId::from_bytes(id(11)),
        timestamp: at(13),
        source: Sender::Agent(AgentName::Supervisor),
        target: AgentName::Research,
        kind: EnvelopeKind::Handoff,
        priority: Priority::NORMAL,
        payload: Payload {
            task_id: task().id,
            action: "answer".to_owned(),
            context: "{\"depth\":2}".to_owned(),
            memory_refs: vec![memory().id],
        },
        pai: Pai {
            algorithm_phase: Some(Phase::Plan),
            verification_criteria: vec!["cites".to_owned()],
            learning_signals: vec!["asked twice".to_owned()],
        },
    }
}

fn stream() -> StreamName {
    StreamName::of_agent(AgentName::Research, Priority::NORMAL)
}

fn key() -> BatchKey {
    BatchKey::of_a_day("user 1 post /x".to_owned(), [9; 32])
}

fn take() -> Take {
    let id = IncarnationId::from_bytes(id(12));
    let taker = Incarnation { agent: AgentName::Research, id };
    let (streams, group) = (vec![stream()], AGENTS_GROUP.to_owned());
    Take { taker, streams, group, wait: Duration::ZERO }
}

/// Writes the fixture of this version. Run by hand, once a version, with `--ignored`.
#[tokio::test]
#[ignore = "writes the fixture; the test below reads it"]
async fn write_the_fixture() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let mut batch = Batch::new().key(key());
    batch.ids = vec![id(5), id(7)];
    batch.writes = vec![
        Write::PutUser(user()),
        Write::PutSession(session()),
        Write::PutSetupLink(link()),
        Write::PutConversation(thread()),
        Write::AppendMessage(message()),
        Write::PutTask(task()),
        Write::PutTask(child()),
        Write::PutMemory(memory()),
        Write::AppendAudit(audit()),
        Write::PutAgentWanted { agent: AgentName::Infra, wanted: false },
        Write::AppendBus { stream: stream(), envelope: envelope() },
        Write::AppendBus { stream: stream(), envelope: envelope() },
    ];
    store.apply(batch).await.unwrap();
    store.take(take(), Box::new(|_| vec![])).await.unwrap().unwrap();
    store.close();
    assert!(!fixture().exists(), "the fixture of a version is written once");
    fs::create_dir_all(fixture().parent().unwrap()).unwrap();
    fs::copy(folder.path().join("state.redb"), fixture()).unwrap();
}

/// Writes the fixture of tokens. Run by hand, once, with `--ignored`.
#[tokio::test]
#[ignore = "writes the fixture; the test below reads it"]
async fn write_the_fixture_of_tokens() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let put = |token| Write::PutToken { token, at: at(14) };
    let mut batch = Batch::new().write(Write::PutUser(user()));
    batch.writes.extend([put(token()), put(token_for_good())]);
    store.apply(batch).await.unwrap();
    store.close();
    assert!(!fixture_of_tokens().exists(), "the fixture of a version is written once");
    fs::create_dir_all(fixture_of_tokens().parent().unwrap()).unwrap();
    fs::copy(folder.path().join("state.redb"), fixture_of_tokens()).unwrap();
}

#[tokio::test]
async fn tokens_for_programs_read_as_they_were_written() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture_of_tokens(), folder.path().join("state.redb")).unwrap();
    let store = open(&folder);
    assert_eq!(store.tokens(user().id).await.unwrap(), [token(), token_for_good()]);
    assert_eq!(store.token(token().id).await.unwrap(), Some(token()));
    let found = store.token_by_hash(token_for_good().token_hash).await.unwrap();
    assert_eq!(found, Some(token_for_good()));
}

#[tokio::test]
async fn a_file_of_version_1_reads_as_it_was_written() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture(), folder.path().join("state.redb")).unwrap();
    let store = open(&folder);
    let (owner, page) = (user().id, PageRequest::new(10, None));

    assert_eq!(Users::get(&store, owner).await.unwrap(), Some(user()));
    assert_eq!(store.by_email("ADA@example.org").await.unwrap(), Some(user()));
    assert_eq!(store.first().await.unwrap(), Some(user()));
    assert_eq!(store.session_by_token(TokenHash([2; 32])).await.unwrap(), Some(session()));
    assert_eq!(store.setup_link(TokenHash([3; 32])).await.unwrap(), Some(link()));
    let active = ConversationStatus::Active;
    let threads = Conversations::list(&store, owner, active, page).await.unwrap();
    assert_eq!(threads.items, [thread()]);
    assert_eq!(store.messages(owner, thread().id, page).await.unwrap().items, [message()]);
    assert_eq!(store.message(owner, message().id).await.unwrap(), Some(message()));
    let tasks = Tasks::list(&store, owner, TaskFilter::default(), page).await.unwrap();
    assert_eq!(tasks.items, [child(), task()]);
    assert_eq!(store.children(task().id).await.unwrap(), [child()]);
    assert_eq!(Memories::get(&store, owner, memory().id).await.unwrap(), Some(memory()));
    let now = Changed::Live(Box::new(memory()));
    let change = Change { position: 1, text_at: 1, id: memory().id, owner, now };
    assert_eq!(store.since(0, 10).await.unwrap(), [change]);
    assert_eq!(store.events(page).await.unwrap().items, [audit()]);
    assert!(!store.agent_wanted(AgentName::Infra).await.unwrap());
}

#[tokio::test]
async fn a_file_of_version_1_goes_on_where_it_stood() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture(), folder.path().join("state.redb")).unwrap();
    let store = open(&folder);
    let again = store.apply(Batch::new().key(key())).await.unwrap();
    assert!(again.repeated && again.memories.is_empty());
    assert_eq!((again.commit, again.ids), (1, vec![id(5), id(7)]));

    let mut taken = Vec::new();
    while let Some(delivery) = store.take(take(), Box::new(|_| vec![])).await.unwrap() {
        assert_eq!(delivery.envelope, envelope());
        taken.push((delivery.seq, delivery.deliveries));
    }
    assert_eq!(taken, [(1, 2), (2, 1)]);
    assert_eq!((store.latest(), store.newest_millis()), (1, 0x01a1_7701_7600));
    let more = Batch::new().write(Write::AppendAudit(audit())).write(Write::PutMemory(memory()));
    let applied = store.apply(more).await.unwrap();
    assert_eq!(applied.sequences, [Some(2), Some(1)], "a memory keeps its place");
    assert_eq!((applied.memories, store.latest()), (vec![memory().id], 2));
}
