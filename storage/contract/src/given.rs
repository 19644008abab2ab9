//! What the rules start from: people, threads, tasks, memories and envelopes with plain contents.

use std::future::Future;

use appliance_core::{
    ActionId, Actor, AgentName, Applied, AuditEvent, AuditOutcome, Conflict, Conversation,
    ConversationId, Deed, Envelope, EnvelopeKind, ErrorKind, EventType, IdMint, Memory,
    MemoryAction, MemoryKind, Message, MessageId, Page, PageRequest, Pai, Payload, Priority,
    Provenance, RiskLevel, Role, SearchFilter, StoreError, StreamName, Task, TaskId, TaskKind,
    TaskStatus, User, UserId, UserRole, Write,
    envelope::Sender,
    ids::{AuditId, EnvelopeId, MemoryId},
    intake,
};

use crate::{Checked, StoreFixture};

/// Makes a user who has not been set up.
///
/// # Errors
/// As the port; so for all that store something here.
pub async fn a_user(it: &impl StoreFixture) -> Result<UserId, StoreError> {
    let user = user(&it.mint());
    let id = user.id;
    it.write(vec![Write::PutUser(user)]).await?;
    Ok(id)
}

/// Makes a thread of `owner`.
///
/// # Errors
/// As the port.
pub async fn a_thread(it: &impl StoreFixture, owner: UserId) -> Result<ConversationId, StoreError> {
    let thread = thread(&it.mint(), owner);
    let id = thread.id;
    it.write(vec![Write::PutConversation(thread)]).await?;
    Ok(id)
}

/// Makes a user with a thread.
///
/// # Errors
/// As the port.
pub async fn a_person(it: &impl StoreFixture) -> Result<(UserId, ConversationId), StoreError> {
    let owner = a_user(it).await?;
    Ok((owner, a_thread(it, owner).await?))
}

/// Makes a pending task of a new person.
///
/// # Errors
/// As the port.
pub async fn a_task(it: &impl StoreFixture) -> Result<Task, StoreError> {
    let (owner, thread) = a_person(it).await?;
    let task = task(&it.mint(), owner, thread);
    it.write(vec![Write::PutTask(task.clone())]).await?;
    Ok(task)
}

/// Appends `count` entries to `stream`; their actions are `1`, `2`, ...
///
/// # Errors
/// As the port.
pub async fn entries(it: &impl StoreFixture, stream: &StreamName, count: usize) -> Checked {
    for number in 1..=count {
        it.write(vec![append(&it.mint(), stream, &number.to_string())]).await?;
    }
    Ok(())
}

/// Returns a user who is not stored yet.
#[must_use]
pub fn user(mint: &IdMint) -> User {
    let now = mint.clock().now();
    User {
        id: mint.next(UserId::from_uuid),
        email: None,
        password_hash: None,
        display_name: "Ada".to_owned(),
        role: UserRole::User,
        is_active: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    }
}

/// Returns a thread that is not stored yet.
#[must_use]
pub fn thread(mint: &IdMint, owner: UserId) -> Conversation {
    intake::conversation(mint, owner, None)
}

/// Returns a person's message that is not stored yet.
#[must_use]
pub fn message(mint: &IdMint, thread: ConversationId, content: &str) -> Message {
    Message {
        id: mint.next(MessageId::from_uuid),
        conversation_id: thread,
        seq: 0,
        role: Role::User,
        content: content.to_owned(),
        agent: None,
        parent_message_id: None,
        task_id: None,
        citations: Vec::new(),
        leans_on: Vec::new(),
        cut_off: None,
        model: None,
        created_at: mint.clock().now(),
    }
}

/// Returns a pending task for the supervisor that is not stored yet.
#[must_use]
pub fn task(mint: &IdMint, owner: UserId, thread: ConversationId) -> Task {
    let now = mint.clock().now();
    Task {
        id: mint.next(TaskId::from_uuid),
        owner,
        conversation_id: thread,
        message_id: mint.next(MessageId::from_uuid),
        answer_id: mint.next(MessageId::from_uuid),
        parent_task_id: None,
        assigned_agent: AgentName::Supervisor,
        kind: TaskKind::Message,
        priority: Priority::NORMAL,
        status: TaskStatus::Pending,
        attempt: 0,
        input: "what is the staging database called?".to_owned(),
        outcome: None,
        pai_phase: None,
        wait: None,
        started_at: None,
        completed_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Returns a memory that is not stored yet.
#[must_use]
pub fn memory(mint: &IdMint, owner: UserId, text: &str) -> Memory {
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    Memory::new(id, owner, MemoryKind::Said, text.to_owned(), Provenance::default(), now)
}

/// Remembers `text` for `owner`; returns the memory as it was put.
///
/// # Errors
/// As the port.
pub async fn remembered(
    it: &impl StoreFixture,
    owner: UserId,
    text: &str,
) -> Result<Memory, StoreError> {
    let memory = memory(&it.mint(), owner, text);
    it.write(vec![Write::PutMemory(memory.clone())]).await?;
    Ok(memory)
}

/// Returns a deed of `owner` that is not done yet.
#[must_use]
pub fn action(mint: &IdMint, owner: UserId, deed: Deed) -> MemoryAction {
    let (id, at) = (mint.next(ActionId::from_uuid), mint.clock().now());
    MemoryAction { id, owner, deed, at, undone_at: None, task_id: None }
}

/// Does `deed` to memories of `owner`.
///
/// # Errors
/// As the port.
pub async fn done(
    it: &impl StoreFixture,
    owner: UserId,
    deed: Deed,
) -> Result<MemoryAction, StoreError> {
    let action = action(&it.mint(), owner, deed);
    it.write(vec![Write::ActOnMemory(action.clone())]).await?;
    Ok(action)
}

/// Returns a memory of `owner` that must be there.
///
/// # Errors
/// As the port, and when it is not there.
pub async fn found(
    it: &impl StoreFixture,
    owner: UserId,
    id: MemoryId,
) -> Result<Memory, StoreError> {
    let memory = it.memories().get(owner, id).await?;
    memory.ok_or_else(|| StoreError::invalid("contract", format!("memory {id} is not there")))
}

/// Reads `owner`'s list narrowed by `filter` to its end, `limit` at a time.
///
/// # Errors
/// As the port.
pub async fn listed(
    it: &impl StoreFixture,
    owner: UserId,
    filter: &SearchFilter,
    limit: usize,
) -> Result<Vec<Memory>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = it.memories().list(owner, filter, PageRequest::new(limit, after)).await?;
        assert!(page.items.len() <= limit, "a page holds at most what was asked for");
        found.extend(page.items);
        let Some(next) = page.next else { return Ok(found) };
        assert!(after.is_none_or(|before| next < before), "the cursor goes down");
        after = Some(next);
    }
}

/// Returns an audit line that is not stored yet.
#[must_use]
pub fn audit(mint: &IdMint, action: &str) -> AuditEvent {
    AuditEvent {
        id: mint.next(AuditId::from_uuid),
        timestamp: mint.clock().now(),
        event_type: EventType::Data,
        actor: Actor::System,
        actor_ip: None,
        resource_type: None,
        resource_path: None,
        action: action.to_owned(),
        outcome: AuditOutcome::Success,
        risk_level: RiskLevel::Low,
    }
}

/// Returns the write that appends an entry with this action.
#[must_use]
pub fn append(mint: &IdMint, stream: &StreamName, action: &str) -> Write {
    about(mint, stream, mint.next(TaskId::from_uuid), action)
}

/// Returns the write that sends somebody to work on a task.
#[must_use]
pub fn work_on(mint: &IdMint, stream: &StreamName, task: TaskId) -> Write {
    about(mint, stream, task, "answer")
}

fn about(mint: &IdMint, stream: &StreamName, task_id: TaskId, action: &str) -> Write {
    let envelope = Envelope {
        id: mint.next(EnvelopeId::from_uuid),
        timestamp: mint.clock().now(),
        source: Sender::Server,
        target: AgentName::Code,
        kind: EnvelopeKind::Task,
        priority: Priority::NORMAL,
        payload: Payload {
            task_id,
            action: action.to_owned(),
            context: "{}".to_owned(),
            memory_refs: Vec::new(),
        },
        pai: Pai::default(),
    };
    Write::AppendBus { stream: stream.clone(), envelope }
}

/// Returns the refusal, after checking that it is one of this kind.
///
/// # Errors
/// When the batch was applied.
pub fn refusal(
    wanted: ErrorKind,
    applied: Result<Applied, StoreError>,
) -> Result<StoreError, StoreError> {
    match applied {
        Ok(applied) => Err(StoreError::invalid("contract", format!("was applied: {applied:?}"))),
        Err(error) => {
            assert_eq!(error.kind, wanted, "{error}");
            Ok(error)
        }
    }
}

/// Checks that the batch lost to exactly this rule.
///
/// # Errors
/// When the batch was applied.
pub fn lost_to(wanted: &Conflict, applied: Result<Applied, StoreError>) -> Checked {
    let error = refusal(ErrorKind::Conflict, applied)?;
    assert_eq!(error.as_conflict(), Some(wanted), "{error}");
    Ok(())
}

/// Reads a list to its end, `limit` at a time.
///
/// # Errors
/// As the port.
pub async fn all<T, Asked>(
    limit: usize,
    ask: impl Fn(PageRequest) -> Asked,
) -> Result<Vec<T>, StoreError>
where
    Asked: Future<Output = Result<Page<T>, StoreError>>,
{
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ask(PageRequest::new(limit, after)).await?;
        assert!(page.items.len() <= limit, "a page holds at most what was asked for");
        assert!(page.next.is_none() || page.items.len() == limit, "only the last page is short");
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}
