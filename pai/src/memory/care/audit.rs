//! The lines that care leaves in the audit trail. They name ids, never a person's text.

use appliance_core::{
    AuditEvent, AuditOutcome, ConversationId, Deed, EventType, IdMint, MemoryAction, MemoryId,
    RiskLevel, Signal, Write, ids::AuditId, ports::By,
};

/// Returns the line for a deed.
pub(super) fn deed(mint: &IdMint, by: &By, action: &MemoryAction) -> Write {
    let (name, risk) = match &action.deed {
        Deed::Forget { .. } => ("memory.forget", RiskLevel::Medium),
        Deed::Correct { .. } => ("memory.correct", RiskLevel::Low),
        Deed::Pin { pinned: true, .. } => ("memory.pin", RiskLevel::Low),
        Deed::Pin { pinned: false, .. } => ("memory.unpin", RiskLevel::Low),
    };
    line(mint, by, name, about(action), risk)
}

/// Returns the line for taking a deed back.
pub(super) fn undone(mint: &IdMint, by: &By, action: &MemoryAction) -> Write {
    line(mint, by, "memory.undo", about(action), RiskLevel::Low)
}

/// Returns the line for a signal.
pub(super) fn signal(mint: &IdMint, by: &By, signal: &Signal) -> Write {
    let about = signal.message_id.map_or_else(|| signal.id.to_string(), |id| id.to_string());
    line(mint, by, "memory.signal", Some(about), RiskLevel::Low)
}

/// Returns the line for building the indexes anew.
pub(super) fn reindex(mint: &IdMint, by: &By) -> Write {
    line(mint, by, "memory.reindex", None, RiskLevel::Low)
}

/// Returns the line for running the maintenance.
pub(super) fn maintenance(mint: &IdMint, by: &By) -> Write {
    line(mint, by, "memory.maintenance", None, RiskLevel::Low)
}

/// Returns the line for purging memories: how many, and which when it is one.
pub(super) fn purged_memories(mint: &IdMint, by: &By, ids: &[MemoryId]) -> Write {
    let about = match ids {
        [id] => id.to_string(),
        ids => format!("{} memories", ids.len()),
    };
    line(mint, by, "memory.purge", Some(about), RiskLevel::High)
}

/// Returns the line for purging a conversation.
pub(super) fn purged_conversation(mint: &IdMint, by: &By, id: ConversationId) -> Write {
    let about = Some(format!("conversation/{id}"));
    line(mint, by, "conversation.purge", about, RiskLevel::High)
}

/// Names the one memory a deed is about, or else the deed, which names them all.
fn about(action: &MemoryAction) -> Option<String> {
    Some(match &action.deed {
        Deed::Correct { old: id, .. } | Deed::Pin { id, .. } => id.to_string(),
        Deed::Forget { ids } => match ids.as_slice() {
            [id] => id.to_string(),
            _ => format!("action/{}", action.id),
        },
    })
}

fn line(
    mint: &IdMint,
    by: &By,
    action: &str,
    resource_path: Option<String>,
    risk_level: RiskLevel,
) -> Write {
    Write::AppendAudit(AuditEvent {
        id: mint.next(AuditId::from_uuid),
        timestamp: mint.clock().now(),
        event_type: EventType::Data,
        actor: by.actor.clone(),
        actor_ip: by.ip.clone(),
        resource_type: Some("memory".to_owned()),
        resource_path,
        action: action.to_owned(),
        outcome: AuditOutcome::Success,
        risk_level,
    })
}
