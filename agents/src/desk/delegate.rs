//! Delegating: the supervisor gives its task to one worker and waits for the result.

use appliance_core::{
    AgentName, Envelope, EnvelopeKind, IdMint, Incarnation, Pai, Payload, Phase, StreamName, Task,
    TaskId, TaskKind, TaskStatus, Write, desk::Delegate, envelope::Sender, ids::EnvelopeId,
    ports::DeskError,
};

use super::{Service, claim};

impl Service {
    pub(super) async fn pass_on(
        &self,
        who: Incarnation,
        command: Delegate,
    ) -> Result<Task, DeskError> {
        let root = self.claimed(who, &command.lease).await?;
        check(&root, command.worker)?;
        let child = child(&self.parts.mint, &root, &command);
        let mut batch = claim::batch(&command.lease, "delegate", &command)
            .when(claim::attempt(&command.lease))
            .write(Write::PutTask(child.clone()))
            .write(Write::AppendBus {
                stream: StreamName::of_agent(command.worker, child.priority),
                envelope: envelope(&self.parts.mint, who, &child, &command.reason),
            })
            .write(waiting(&self.parts.mint, root.id))
            .write(claim::ack(&command.lease));
        batch.ids = vec![child.id.bytes()];
        let applied = self.parts.records.apply(batch).await;
        let applied = applied.map_err(|e| claim::refused(&command.lease, e))?;
        let made = match applied.ids.first() {
            Some(first) if applied.repeated => TaskId::from_bytes(*first),
            _ => child.id,
        };
        tracing::info!(task.id = %root.id, worker = %command.worker, "delegated");
        self.show_task(root.id).await?;
        self.show_task(made).await?;
        Ok(self.parts.tasks.get(made).await?.unwrap_or(child))
    }
}

fn check(root: &Task, worker: AgentName) -> Result<(), DeskError> {
    if root.kind != TaskKind::Message {
        return Err(DeskError::Refused(format!(
            "task {} is a part of another; only a person's message can be delegated",
            root.id
        )));
    }
    if !AgentName::WORKERS.contains(&worker) {
        return Err(DeskError::Refused(format!(
            "{worker} is no worker; delegate to code, data, infra, research or qa"
        )));
    }
    Ok(())
}

fn child(mint: &IdMint, root: &Task, command: &Delegate) -> Task {
    let now = mint.clock().now();
    Task {
        id: mint.next(TaskId::from_uuid),
        parent_task_id: Some(root.id),
        assigned_agent: command.worker,
        kind: TaskKind::Answer,
        status: TaskStatus::Pending,
        attempt: 0,
        input: command.input.clone(),
        outcome: None,
        pai_phase: None,
        wait: None,
        started_at: None,
        completed_at: None,
        created_at: now,
        updated_at: now,
        ..root.clone()
    }
}

fn envelope(mint: &IdMint, who: Incarnation, child: &Task, reason: &str) -> Envelope {
    Envelope {
        id: mint.next(EnvelopeId::from_uuid),
        timestamp: mint.clock().now(),
        source: Sender::Agent(who.agent),
        target: child.assigned_agent,
        kind: EnvelopeKind::Task,
        priority: child.priority,
        payload: Payload {
            task_id: child.id,
            action: "answer".to_owned(),
            context: serde_json::json!({ "reason": reason }).to_string(),
            memory_refs: Vec::new(),
        },
        pai: Pai { algorithm_phase: Some(Phase::Execute), ..Pai::default() },
    }
}

fn waiting(mint: &IdMint, id: TaskId) -> Write {
    Write::TransitionTask {
        id,
        to: TaskStatus::Waiting,
        attempt: None,
        phase: Some(Phase::Execute),
        at: mint.clock().now(),
    }
}
