//! Taking a message in: the one commit that makes it durable and puts it to work.
//!
//! Step 2 of the walkthrough, as a pure function: message, task, bus entry, audit line and memory,
//! in one [`Batch`]. Checks no size and no right (the edge did), applies nothing (the store does).

use crate::{
    Actor, AgentName, Applied, AuditEvent, AuditOutcome, Batch, BatchKey, Condition, Conversation,
    ConversationId, ConversationStatus, Envelope, EnvelopeKind, EventType, IdMint, Memory,
    MemoryKind, Message, MessageId, Pai, Payload, Priority, Provenance, RiskLevel, Role,
    StreamName, Task, TaskId, TaskKind, TaskStatus, UserId, Write,
    envelope::Sender,
    ids::{AuditId, EnvelopeId, MemoryId},
    memory,
};

/// A person's message that the edge has checked.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Who says it.
    pub owner: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// What, byte for byte.
    pub content: String,
    /// What of it is to be remembered; `None` for what says nothing, such as a command.
    pub remembered: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// From where, for the audit trail.
    pub actor_ip: Option<String>,
    /// Makes a repeat harmless.
    pub key: Option<BatchKey>,
}

/// The ids by which a message that was taken in can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The stored message.
    pub message_id: MessageId,
    /// The supervisor's task.
    pub task_id: TaskId,
    /// The id its answer will have.
    pub answer_id: MessageId,
}

impl Accepted {
    /// Returns the ids to answer with: those of the first batch when this one was a repeat.
    #[must_use]
    pub fn confirmed(self, applied: &Applied) -> Self {
        match (applied.repeated, applied.ids.as_slice()) {
            (true, [message, task, answer, ..]) => Self {
                message_id: MessageId::from_bytes(*message),
                task_id: TaskId::from_bytes(*task),
                answer_id: MessageId::from_bytes(*answer),
            },
            _ => self,
        }
    }
}

/// Builds the batch that takes `incoming` in.
#[must_use]
pub fn message(mint: &IdMint, incoming: &Incoming) -> (Batch, Accepted) {
    let ids = Accepted {
        message_id: mint.next(MessageId::from_uuid),
        task_id: mint.next(TaskId::from_uuid),
        answer_id: mint.next(MessageId::from_uuid),
    };
    let condition =
        Condition::ConversationOf { id: incoming.conversation_id, owner: incoming.owner };
    let task = task(mint, incoming, ids);
    let memory = remembered(mint, incoming, ids).map(Write::PutMemory);
    let batch = Batch {
        key: incoming.key.clone(),
        conditions: vec![condition],
        writes: vec![
            Write::AppendMessage(said(mint, incoming, ids)),
            announce(mint, &task, AgentName::Supervisor, "route"),
            Write::PutTask(task),
            Write::AppendAudit(audited(mint, incoming, ids)),
        ]
        .into_iter()
        .chain(memory)
        .collect(),
        ids: vec![ids.message_id.bytes(), ids.task_id.bytes(), ids.answer_id.bytes()],
    };
    (batch, ids)
}

/// Returns the write that puts `task` on the stream of `target` with the server as sender.
#[must_use]
pub fn announce(mint: &IdMint, task: &Task, target: AgentName, action: &str) -> Write {
    Write::AppendBus {
        stream: StreamName::of_agent(target, task.priority),
        envelope: Envelope {
            id: mint.next(EnvelopeId::from_uuid),
            timestamp: mint.clock().now(),
            source: Sender::Server,
            target,
            kind: EnvelopeKind::Task,
            priority: task.priority,
            payload: Payload {
                task_id: task.id,
                action: action.to_owned(),
                context: "{}".to_owned(),
                memory_refs: Vec::new(),
            },
            pai: Pai::default(),
        },
    }
}

/// Returns a new, empty, active conversation of `owner`.
#[must_use]
pub fn conversation(mint: &IdMint, owner: UserId, title: Option<String>) -> Conversation {
    let now = mint.clock().now();
    Conversation {
        id: mint.next(ConversationId::from_uuid),
        owner,
        title,
        status: ConversationStatus::Active,
        once: false,
        updated_seq: 0,
        created_at: now,
        updated_at: now,
    }
}

fn said(mint: &IdMint, incoming: &Incoming, ids: Accepted) -> Message {
    Message {
        id: ids.message_id,
        conversation_id: incoming.conversation_id,
        seq: 0,
        role: Role::User,
        content: incoming.content.clone(),
        agent: None,
        parent_message_id: None,
        task_id: Some(ids.task_id),
        citations: Vec::new(),
        leans_on: Vec::new(),
        cut_off: None,
        model: None,
        created_at: mint.clock().now(),
    }
}

fn task(mint: &IdMint, incoming: &Incoming, ids: Accepted) -> Task {
    let now = mint.clock().now();
    Task {
        id: ids.task_id,
        owner: incoming.owner,
        conversation_id: incoming.conversation_id,
        message_id: ids.message_id,
        answer_id: ids.answer_id,
        parent_task_id: None,
        assigned_agent: AgentName::Supervisor,
        kind: TaskKind::Message,
        priority: incoming.priority,
        status: TaskStatus::Pending,
        attempt: 0,
        input: incoming.content.clone(),
        outcome: None,
        pai_phase: None,
        wait: None,
        started_at: None,
        completed_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn remembered(mint: &IdMint, incoming: &Incoming, ids: Accepted) -> Option<Memory> {
    let said = incoming.remembered.as_deref()?;
    let provenance = Provenance {
        conversation_id: Some(incoming.conversation_id),
        message_id: Some(ids.message_id),
        ..Provenance::default()
    };
    let text = memory::fit(said).to_owned();
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    Some(Memory::new(id, incoming.owner, MemoryKind::Said, text, provenance, now))
}

fn audited(mint: &IdMint, incoming: &Incoming, ids: Accepted) -> AuditEvent {
    AuditEvent {
        id: mint.next(AuditId::from_uuid),
        timestamp: mint.clock().now(),
        event_type: EventType::Data,
        actor: Actor::User(incoming.owner),
        actor_ip: incoming.actor_ip.clone(),
        resource_type: Some("message".to_owned()),
        resource_path: Some(ids.message_id.to_string()),
        action: "message.post".to_owned(),
        outcome: AuditOutcome::Success,
        risk_level: RiskLevel::Low,
    }
}
