//! Endings: how a task ends, with an answer or without, and who is told.
//!
//! The end of a person's message is a message in its conversation, stored in the batch of whoever
//! did the work last; a task that waits for several parts is sent an envelope by the last of them.
//! Which of the two, and whether it was the last, the store decides inside the commit. Decides
//! nothing itself: the commands do.
//!
//! Invariant: whatever ends a task is one batch with the acknowledgement.

use appliance_core::{
    Actor, AgentName, AuditEvent, AuditOutcome, Batch, CutOff, Envelope, EnvelopeKind, EventBody,
    EventType, IdMint, Incarnation, Memory, MemoryKind, Message, Pai, Payload, Phase, Provenance,
    RiskLevel, Role, Task, TaskId, TaskOutcome, Topic, Write,
    batch::ToParent,
    bus::MAX_DELIVERIES,
    desk::Lease,
    envelope::Sender,
    ids::{AuditId, EnvelopeId, MemoryId},
    memory,
    ports::DeskError,
};
use appliance_phrases::utterance;
use serde::Serialize;

use super::{Service, claim, gate, leaning, signals::is_a_command};

/// How a task ends, and why its answer is not whole, if it is not.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    /// How.
    pub outcome: TaskOutcome,
    /// Why there is not more of it.
    pub cut_off: Option<CutOff>,
}

impl From<TaskOutcome> for Ending {
    fn from(outcome: TaskOutcome) -> Self {
        Self { outcome, cut_off: None }
    }
}

/// What a result's context says.
#[derive(Debug, Serialize)]
struct ResultContext {
    child_task_id: TaskId,
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
    /// Ends `task`, and what waited for it alone, and takes its entry off the bus, in `batch`; then
    /// shows what ended.
    pub(super) async fn end(
        &self,
        who: Incarnation,
        lease: &Lease,
        task: &Task,
        ending: impl Into<Ending>,
        batch: Batch,
    ) -> Result<(), DeskError> {
        let ending = ending.into();
        let outcome = &ending.outcome;
        let parent = self.parent_of(task).await?;
        let at = self.parts.mint.clock().now();
        let (id, whole) = (task.id, parent.as_ref().unwrap_or(task));
        let ends = self.last_words(whole, task.assigned_agent, &ending).await?;
        let complete =
            |to_parent| Write::CompleteTask { id, outcome: outcome.clone(), at, to_parent };
        let batch = match &parent {
            Some(parent) => {
                let wakes = result_envelope(&self.parts.mint, who, task, parent);
                batch.write(complete(Some(Box::new(ToParent { ends, wakes }))))
            }
            None => ends.into_iter().fold(batch.write(complete(None)), Batch::write),
        };
        let applied = self.parts.records.apply(batch.write(claim::ack(lease))).await;
        let applied = applied.map_err(|e| claim::refused(lease, e))?;
        self.show_task(task.id).await?;
        self.show_end(whole, outcome, applied.repeated).await
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

    /// Returns the task that waits for this one.
    pub(super) async fn parent_of(&self, task: &Task) -> Result<Option<Task>, DeskError> {
        let Some(id) = task.parent_task_id else { return Ok(None) };
        Ok(self.parts.tasks.get(id).await?)
    }

    /// What belongs to the end of a person's message: the answer, what is remembered of it, and a
    /// line in the audit trail.
    async fn last_words(
        &self,
        root: &Task,
        agent: AgentName,
        ending: &Ending,
    ) -> Result<Vec<Write>, DeskError> {
        let (mint, outcome) = (&self.parts.mint, &ending.outcome);
        let mut writes = vec![Write::AppendAudit(audited(mint, root, agent, outcome))];
        // A conversation deleted meanwhile takes no answer; the task still ends.
        let thread = self.parts.conversations.get(root.owner, root.conversation_id).await?;
        if thread.is_some() {
            let mut answer = answer(mint, root, ending);
            answer.leans_on = self.leans_on(root, &answer);
            let memory = self.remembered(root, &answer, outcome).await?;
            writes.push(Write::AppendMessage(answer));
            let learned = learned(mint, root, outcome);
            writes.extend(memory.into_iter().chain(learned).map(Write::PutMemory));
        }
        Ok(writes)
    }

    /// What an answer says without citing it: memories that its deeds were told by, and of those that
    /// were recalled the ones whose words it says.
    fn leans_on(&self, root: &Task, answer: &Message) -> Vec<MemoryId> {
        let mut found = leaning::of(answer, &root.input, &self.recalled.of(root));
        for id in self.recalled.told(root) {
            if !found.contains(&id) && !answer.citations.iter().any(|it| it.memory_id == id) {
                found.push(id);
            }
        }
        found
    }

    /// Shows the end of a person's message, if it has ended, and notes what that tells; one that
    /// was called off before has been shown already.
    async fn show_end(
        &self,
        root: &Task,
        outcome: &TaskOutcome,
        repeated: bool,
    ) -> Result<(), DeskError> {
        let now = self.parts.tasks.get(root.id).await?;
        let Some(now) = now.filter(|task| task.outcome.is_some()) else { return Ok(()) };
        self.show_answer(root).await?;
        self.parts.live.publish(Topic::Tasks(now.owner), EventBody::Task(now));
        if !repeated {
            self.note_end(root, outcome).await;
            self.recalled.drop_of(root);
            self.parts.tree.nudge(root.owner);
        }
        Ok(())
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
        if says_nothing(task, answer) {
            return Ok(None);
        }
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
            let cited = self.parts.memories.get_sound(task.owner, citation.memory_id).await?;
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

/// An answer to small talk is small talk, and one that nothing is known adds nothing.
fn says_nothing(task: &Task, answer: &Message) -> bool {
    let denies = utterance::is_denial(utterance::without_label(&answer.content));
    utterance::worth_keeping(&task.input).is_none() || denies && answer.citations.is_empty()
}

fn result_envelope(mint: &IdMint, who: Incarnation, task: &Task, parent: &Task) -> Envelope {
    let context = ResultContext { child_task_id: task.id };
    Envelope {
        id: mint.next(EnvelopeId::from_uuid),
        timestamp: mint.clock().now(),
        source: Sender::Agent(who.agent),
        target: parent.assigned_agent,
        kind: EnvelopeKind::Result,
        priority: parent.priority,
        payload: Payload {
            task_id: parent.id,
            action: "return".to_owned(),
            context: serde_json::to_string(&context).unwrap_or_else(|_| "{}".to_owned()),
            memory_refs: Vec::new(),
        },
        pai: Pai { algorithm_phase: Some(Phase::Learn), ..Pai::default() },
    }
}

fn answer(mint: &IdMint, task: &Task, ending: &Ending) -> Message {
    let (role, content, agent, citations, model) = match ending.outcome.clone() {
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
        leans_on: Vec::new(),
        cut_off: ending.cut_off,
        model,
        created_at: mint.clock().now(),
    }
}

/// A command teaches nothing; every other end does.
fn learned(mint: &IdMint, task: &Task, outcome: &TaskOutcome) -> Vec<Memory> {
    if is_a_command(outcome) { Vec::new() } else { pai::learning::at_end(mint, task, outcome) }
}

fn audited(mint: &IdMint, task: &Task, agent: AgentName, outcome: &TaskOutcome) -> AuditEvent {
    let (action, ended) = match outcome {
        TaskOutcome::Completed { .. } => ("task.complete", AuditOutcome::Success),
        TaskOutcome::Failed { .. } => ("task.fail", AuditOutcome::Failure),
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
