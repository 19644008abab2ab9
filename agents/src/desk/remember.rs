//! Remembering: keeps a text as a note of the task's owner, once for each task and text.

use appliance_core::{
    Actor, AuditEvent, AuditOutcome, Batch, BatchKey, EventType, IdMint, Incarnation, Memory,
    MemoryId, MemoryKind, MemoryTier, Provenance, RiskLevel, Task, Write, desk::Remember,
    ids::AuditId, memory::MAX_MEMORY_BYTES, ports::DeskError,
};

use super::{Service, claim};

impl Service {
    pub(super) async fn keep_note(
        &self,
        who: Incarnation,
        ask: Remember,
    ) -> Result<MemoryId, DeskError> {
        let task = self.claimed(who, &ask.lease).await?;
        check(&ask.text)?;
        let note = note(&self.parts.mint, who, &task, &ask.text);
        let id = note.id;
        let audit = audited(&self.parts.mint, who, id);
        let mut batch = Batch::new()
            .key(key(&task, &ask.text))
            .when(claim::fence(&ask.lease))
            .write(Write::PutMemory(note))
            .write(Write::AppendAudit(audit));
        batch.ids = vec![id.bytes()];
        let applied = self.parts.records.apply(batch).await;
        let applied = applied.map_err(|e| claim::refused(&ask.lease, e))?;
        Ok(match applied.ids.first() {
            Some(first) if applied.repeated => MemoryId::from_bytes(*first),
            _ => id,
        })
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

/// The same for every attempt: a second delivery keeps no second note.
fn key(task: &Task, text: &str) -> BatchKey {
    let digest = claim::digest_of(&text);
    let short: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    BatchKey { name: format!("desk/{}/remember/{short}", task.id), digest }
}

fn note(mint: &IdMint, who: Incarnation, task: &Task, text: &str) -> Memory {
    Memory {
        id: mint.next(MemoryId::from_uuid),
        owner: task.owner,
        seq: 0,
        text: text.to_owned(),
        kind: MemoryKind::Note,
        tier: MemoryTier::Warm,
        provenance: Provenance {
            conversation_id: Some(task.conversation_id),
            message_id: Some(task.message_id),
            agent: Some(who.agent),
            author: None,
        },
        created_at: mint.clock().now(),
    }
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
