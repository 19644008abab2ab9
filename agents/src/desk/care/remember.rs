//! Remembering: keeps a text as a note of the task's owner.
//!
//! A text that was recalled for this task is not kept as a new fact. What was read somewhere is kept
//! as a document under the label of its place.

use appliance_core::{
    Actor, AuditEvent, AuditOutcome, Batch, EventType, IdMint, Incarnation, Labels, Memory,
    MemoryId, MemoryKind, Provenance, RiskLevel, Task, Write,
    ids::AuditId,
    memory::{MAX_LABEL_BYTES, MAX_MEMORY_BYTES},
    ports::DeskError,
};

use super::{
    super::{Service, claim},
    Wanted,
};

impl Service {
    pub(super) async fn remember(
        &self,
        wanted: &Wanted<'_>,
        text: &str,
        untrusted: Option<&str>,
    ) -> Result<bool, DeskError> {
        check(text)?;
        untrusted.map_or(Ok(()), check_label)?;
        let mut batch = Batch::new().key(wanted.key.clone()).when(claim::fence(wanted.lease));
        match self.recalled.with_text(wanted.task, text) {
            Some(known) => batch.ids = vec![known.bytes()],
            None => {
                let mint = &self.parts.mint;
                let note = note(mint, wanted.who, wanted.task, text, untrusted);
                batch.ids = vec![note.id.bytes()];
                let audit = audited(mint, wanted.who, note.id);
                batch.writes = vec![Write::PutMemory(note), Write::AppendAudit(audit)];
            }
        }
        let applied = self.parts.records.apply(batch).await;
        applied.map_err(|error| claim::refused(wanted.lease, error))?;
        Ok(true)
    }
}

fn check(text: &str) -> Result<(), DeskError> {
    if text.trim().is_empty() {
        return Err(DeskError::Refused("the note is empty; say what to remember".to_owned()));
    }
    if text.len() > MAX_MEMORY_BYTES {
        return Err(DeskError::Refused(format!(
            "the note has {} bytes, at most {MAX_MEMORY_BYTES} are kept; split it",
            text.len()
        )));
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), DeskError> {
    let odd = label.contains(|c: char| c.is_control() || matches!(c, '(' | ')'));
    if label.trim().is_empty() || label.len() > MAX_LABEL_BYTES || odd {
        return Err(DeskError::Refused(format!(
            "the label of untrusted text must have 1 to {MAX_LABEL_BYTES} bytes, on one line and \
             without brackets; name where it was read, such as `web: example.com`"
        )));
    }
    Ok(())
}

fn note(
    mint: &IdMint,
    who: Incarnation,
    task: &Task,
    text: &str,
    untrusted: Option<&str>,
) -> Memory {
    let kind = if untrusted.is_some() { MemoryKind::Document } else { MemoryKind::Note };
    let untrusted = untrusted.map(str::to_owned);
    let labels = Labels { source: untrusted.clone(), ..Labels::default() };
    let provenance = Provenance {
        conversation_id: Some(task.conversation_id),
        message_id: Some(task.message_id),
        agent: Some(who.agent),
        untrusted,
        ..Provenance::default()
    };
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    let memory = Memory::new(id, task.owner, kind, text.to_owned(), provenance, now);
    Memory { labels, ..memory }
}

fn audited(mint: &IdMint, who: Incarnation, id: MemoryId) -> AuditEvent {
    AuditEvent {
        id: mint.next(AuditId::from_uuid),
        timestamp: mint.clock().now(),
        event_type: EventType::Data,
        actor: Actor::Agent(who.agent),
        actor_ip: None,
        resource_type: Some("memory".to_owned()),
        resource_path: Some(id.to_string()),
        action: "memory.remember".to_owned(),
        outcome: AuditOutcome::Success,
        risk_level: RiskLevel::Low,
    }
}
