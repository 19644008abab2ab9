//! Remembering: keeps a text as a note of the task's owner, once for each task and text.
//!
//! A text that was recalled for this task is not kept as a new fact. What was read somewhere is kept
//! as a document under the label of its place.

use appliance_core::{
    Actor, Applied, AuditEvent, AuditOutcome, Batch, BatchKey, EventType, IdMint, Incarnation,
    Labels, Memory, MemoryId, MemoryKind, Provenance, RiskLevel, Task, Write,
    desk::{CareDone, Lease},
    ids::AuditId,
    memory::{MAX_LABEL_BYTES, MAX_MEMORY_BYTES},
    ports::DeskError,
};

use super::super::{Service, claim};

impl Service {
    pub(super) async fn keep_note(
        &self,
        who: Incarnation,
        lease: &Lease,
        text: String,
        untrusted: Option<String>,
    ) -> Result<CareDone, DeskError> {
        let task = self.claimed(who, lease).await?;
        check(&text)?;
        untrusted.as_deref().map_or(Ok(()), check_label)?;
        if let Some(known) = self.recalled.with_text(&task, &text) {
            return Ok(CareDone::Remembered(known));
        }
        let note = note(&self.parts.mint, who, &task, &text, untrusted);
        let id = note.id;
        let mut batch = Batch::new()
            .key(key(&task, &text))
            .when(claim::fence(lease))
            .write(Write::PutMemory(note))
            .write(Write::AppendAudit(audited(&self.parts.mint, who, id)));
        batch.ids = vec![id.bytes()];
        let applied = self.parts.records.apply(batch).await;
        let applied = applied.map_err(|e| claim::refused(lease, e))?;
        Ok(CareDone::Remembered(kept(&applied, id)))
    }
}

/// The memory that holds the text now: an older one, if the same was kept already.
fn kept(applied: &Applied, id: MemoryId) -> MemoryId {
    match (applied.memories.first(), applied.ids.first()) {
        (Some(holder), _) => *holder,
        (None, Some(first)) if applied.repeated => MemoryId::from_bytes(*first),
        _ => id,
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

/// The same for every attempt: a second delivery keeps no second note.
fn key(task: &Task, text: &str) -> BatchKey {
    let digest = claim::digest_of(&text);
    let short: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    BatchKey { name: format!("desk/{}/remember/{short}", task.id), digest }
}

fn note(
    mint: &IdMint,
    who: Incarnation,
    task: &Task,
    text: &str,
    untrusted: Option<String>,
) -> Memory {
    let kind = if untrusted.is_some() { MemoryKind::Document } else { MemoryKind::Note };
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
        action: "memory.note".to_owned(),
        outcome: AuditOutcome::Success,
        risk_level: RiskLevel::Low,
    }
}
