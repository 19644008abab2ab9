//! Endings: how a task ends, with an answer or without, and who is told.
//!
//! A child's end is an envelope to the supervisor; a root's end is a message in the conversation.
//! Decides nothing: the commands do.
//!
//! Invariant: whatever ends a task is one batch with the acknowledgement.

use appliance_core::{
    Actor, AgentName, AuditEvent, AuditOutcome, Batch, Envelope, EnvelopeKind, EventBody,
    EventType, IdMint, Incarnation, Memory, MemoryKind, Message, Pai, Payload, Phase, Provenance,
    RiskLevel, Role, StreamName, Task, TaskId, TaskOutcome, Topic, Write,
    bus::MAX_DELIVERIES,
    desk::Lease,
    envelope::Sender,
    ids::{AuditId, EnvelopeId, MemoryId},
    memory,
    ports::DeskError,
};
use serde::{Deserialize, Serialize};

use super::{Service, claim, gate, signals::is_a_command};

/// What a result's context says.
#[derive(Debug, Serialize, Deserialize)]
struct ResultContext {
    child_task_id: TaskId,
}

/// Returns the child that a result envelope is about.
pub(super) fn child_in(context: &str) -> Option<TaskId> {
    serde_json::from_str::<ResultContext>(context).ok().map(|context| context.child_task_id)
}

/// The sentence for a task that was handed out too often.
pub(super) fn worn_out(task: &Task) -> String {
    format!(
        "The {} agent stopped {MAX_DELIVERIES} times while working on this, so it was given up. \
         Send the message again; `ai-infra logs` shows why it stopped.",
        task.assigned_agent
    )
}

impl Service {
    /// Ends `task` and takes its entry off the bus, in `batch`; then shows it.
    pub(super) async fn end(
        &self,
        who: Incarnation,
        lease: &Lease,
        task: &Task,
        outcome: TaskOutcome,
        batch: Batch,
    ) -> Result<(), DeskError> {
        let batch = match task.parent_task_id {
            Some(parent) => self.end_child(who, task, parent, outcome.clone(), batch),
            None => self.end_root(task, outcome.clone(), batch).await?,
        };
        let batch = batch.write(claim::ack(lease));
        let applied = self.parts.records.apply(batch).await;
        let applied = applied.map_err(|e| claim::refused(lease, e))?;
        if task.parent_task_id.is_none() {
            self.show_answer(task).await?;
        }
        self.show_task(task.id).await?;
        if task.parent_task_id.is_none() && !applied.repeated {
            self.note_end(task, &outcome).await;
            self.recalled.drop_of(task);
            self.parts.tree.nudge(task.owner);
        }
        Ok(())
    }

    /// Ends `task` with a sentence to the person.
    pub(super) async fn end_without_answer(
        &self,
        who: Incarnation,
        lease: &Lease,
        task: &Task,
        error: &str,
    ) -> Result<(), DeskError> {
        let outcome = TaskOutcome::Failed { error: error.to_owned() };
        let batch = claim::batch(lease, "give-up", &error);
        self.end(who, lease, task, outcome, batch).await
    }

    fn end_child(
        &self,
        who: Incarnation,
        task: &Task,
        parent: TaskId,
        outcome: TaskOutcome,
        batch: Batch,
    ) -> Batch {
        let at = self.parts.mint.clock().now();
        batch.write(Write::CompleteTask { id: task.id, outcome, at }).write(Write::AppendBus {
            stream: StreamName::of_agent(AgentName::Supervisor, task.priority),
            envelope: result_envelope(&self.parts.mint, who, task, parent),
        })
    }

    async fn end_root(
        &self,
        task: &Task,
        outcome: TaskOutcome,
        batch: Batch,
    ) -> Result<Batch, DeskError> {
        let mint = &self.parts.mint;
        let mut batch = batch;
        // A conversation deleted meanwhile takes no answer; the task still ends.
        let thread = self.parts.conversations.get(task.owner, task.conversation_id).await?;
        if thread.is_some() {
            let answer = answer(mint, task, &outcome);
            let memory = self.remembered(task, &answer, &outcome).await?;
            batch = batch.write(Write::AppendMessage(answer));
            let learned = learned(mint, task, &outcome);
            batch =
                memory.into_iter().chain(learned).map(Write::PutMemory).fold(batch, Batch::write);
        }
        let audit = Write::AppendAudit(audited(mint, task, &outcome));
        let at = mint.clock().now();
        Ok(batch.write(Write::CompleteTask { id: task.id, outcome, at }).write(audit))
    }

    /// What a model's answer says beyond what was recalled for it; a failure and the answer to a
    /// command are not remembered.
    async fn remembered(
        &self,
        task: &Task,
        answer: &Message,
        outcome: &TaskOutcome,
    ) -> Result<Option<Memory>, DeskError> {
        let (Some(agent), false) = (answer.agent, is_a_command(outcome)) else { return Ok(None) };
        let recalled = self.known_texts(task, answer).await?;
        let recalled: Vec<&str> = recalled.iter().map(String::as_str).collect();
        let Some(text) = gate::news(&answer.content, &recalled) else { return Ok(None) };
        let provenance = Provenance {
            conversation_id: Some(task.conversation_id),
            message_id: Some(answer.id),
            agent: Some(agent),
            ..Provenance::default()
        };
        let (mint, text) = (&self.parts.mint, memory::fit(&text).to_owned());
        let (id, at) = (mint.next(MemoryId::from_uuid), mint.clock().now());
        Ok(Some(Memory::new(id, task.owner, MemoryKind::Answer, text, provenance, at)))
    }

    /// The texts that were recalled for a task, and those that its answer cites after a restart.
    async fn known_texts(&self, task: &Task, answer: &Message) -> Result<Vec<String>, DeskError> {
        let recalled = self.recalled.of(task);
        let mut texts: Vec<String> = answer.citations.iter().map(|it| it.quote.clone()).collect();
        for citation in &answer.citations {
            if recalled.iter().any(|hit| hit.memory.id == citation.memory_id) {
                continue;
            }
            let cited = self.parts.memories.get(task.owner, citation.memory_id).await?;
            texts.extend(cited.map(|memory| memory.text));
        }
        texts.extend(recalled.into_iter().map(|hit| hit.memory.text));
        Ok(texts)
    }

    async fn show_answer(&self, task: &Task) -> Result<(), DeskError> {
        let stored = self.parts.conversations.message(task.owner, task.answer_id).await?;
        if let Some(message) = stored {
            let topic = Topic::Conversation(message.conversation_id);
            self.parts.live.publish(topic, EventBody::Complete(message));
        }
        Ok(())
    }
}

fn result_envelope(mint: &IdMint, who: Incarnation, task: &Task, parent: TaskId) -> Envelope {
    let context = ResultContext { child_task_id: task.id };
    Envelope {
        id: mint.next(EnvelopeId::from_uuid),
        timestamp: mint.clock().now(),
        source: Sender::Agent(who.agent),
        target: AgentName::Supervisor,
        kind: EnvelopeKind::Result,
        priority: task.priority,
        payload: Payload {
            task_id: parent,
            action: "return".to_owned(),
            context: serde_json::to_string(&context).unwrap_or_else(|_| "{}".to_owned()),
            memory_refs: Vec::new(),
        },
        pai: Pai { algorithm_phase: Some(Phase::Learn), ..Pai::default() },
    }
}

fn answer(mint: &IdMint, task: &Task, outcome: &TaskOutcome) -> Message {
    let (role, content, agent, citations, model) = match outcome.clone() {
        TaskOutcome::Completed { text, citations, model, agent } => {
            (Role::Assistant, text, Some(agent), citations, Some(model))
        }
        TaskOutcome::Failed { error } => (Role::System, error, None, Vec::new(), None),
    };
    Message {
        id: task.answer_id,
        conversation_id: task.conversation_id,
        seq: 0,
        role,
        content,
        agent,
        parent_message_id: Some(task.message_id),
        task_id: Some(task.id),
        citations,
        model,
        created_at: mint.clock().now(),
    }
}

/// A command teaches nothing; every other end does.
fn learned(mint: &IdMint, task: &Task, outcome: &TaskOutcome) -> Vec<Memory> {
    if is_a_command(outcome) { Vec::new() } else { pai::learning::at_end(mint, task, outcome) }
}

fn audited(mint: &IdMint, task: &Task, outcome: &TaskOutcome) -> AuditEvent {
    let (agent, action, ended) = match outcome {
        TaskOutcome::Completed { agent, .. } => (*agent, "task.complete", AuditOutcome::Success),
        TaskOutcome::Failed { .. } => (task.assigned_agent, "task.fail", AuditOutcome::Failure),
    };
    AuditEvent {
        id: mint.next(AuditId::from_uuid),
        timestamp: mint.clock().now(),
        event_type: EventType::Agent,
        actor: Actor::Agent(agent),
        actor_ip: None,
        resource_type: Some("task".to_owned()),
        resource_path: Some(task.id.to_string()),
        action: action.to_owned(),
        outcome: ended,
        risk_level: RiskLevel::Low,
    }
}
