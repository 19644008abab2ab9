//! One batch on a draft: its key, its conditions, its writes, in that order. Commits nothing.

use appliance_core::{Applied, Batch, Condition, MemoryId, Timestamp, Write};

use crate::{
    Draft, Refusal, agents_wanted, api_tokens, audit, batch_keys,
    bus::{Spot, tables as bus},
    conversations,
    counters::next,
    memories, messages, purge, sessions, setup_links,
    tasks::{self, Move},
    users,
};

/// Applies `batch` to `draft`, or tells why not: then what the draft wrote is to be taken back.
///
/// # Errors
/// [`Refusal::Batch`] when this batch is refused, [`Refusal::File`] when nothing can be written.
pub fn apply(draft: &mut Draft<'_>, batch: &Batch, now: Timestamp) -> Result<Applied, Refusal> {
    if let Some(asked) = &batch.key
        && let Some(first) = batch_keys::recall(draft, asked, now)?
    {
        return Ok(first);
    }
    for condition in &batch.conditions {
        check(draft, condition)?;
    }
    let mut held = Held::default();
    let sequences = batch
        .writes
        .iter()
        .map(|one| write(draft, one, &mut held))
        .collect::<Result<Vec<_>, _>>()?;
    for id in &batch.ids {
        draft.counters.note(*id);
    }
    let commit = next(&mut draft.counters.commit);
    let Held { memories, untraced } = held;
    let applied =
        Applied { commit, sequences, memories, untraced, repeated: false, ids: Vec::new() };
    batch_keys::keep(draft, batch, &applied, now)?;
    Ok(applied)
}

/// Which memories hold a batch's texts, or went.
#[derive(Debug, Default)]
struct Held {
    memories: Vec<MemoryId>,
    untraced: Vec<MemoryId>,
}

fn check(draft: &mut Draft<'_>, condition: &Condition) -> Result<(), Refusal> {
    match condition {
        Condition::ConversationOf { id, owner } => conversations::check_owner(draft, *id, *owner),
        Condition::Leased { stream, group, seq, deliveries } => {
            let at = Spot { stream: stream.clone(), group: group.clone(), seq: *seq };
            bus::check_leased(draft, &at, *deliveries)
        }
        Condition::TaskAttempt { id, attempt } => tasks::check_attempt(draft, *id, *attempt),
        Condition::SetupLinkValid { token_hash, at } => {
            setup_links::check_valid(draft, *token_hash, *at)
        }
        Condition::MemoryShown { id, pinned } => memories::check_shown(draft, *id, *pinned),
        Condition::ShareOfUtility { owner, after, kind, message_id, left } => {
            let judged = (*kind, *message_id);
            memories::check_share(draft, *owner, *after, judged, *left)
        }
        Condition::UserUnchanged { id, updated_at } => {
            users::check_unchanged(draft, *id, *updated_at)
        }
        Condition::NoUser => users::check_none(draft),
    }
}

/// Makes one change; returns the sequence that was assigned, if the write gets one, and adds to
/// `held` which memory holds a text.
fn write(draft: &mut Draft<'_>, write: &Write, held: &mut Held) -> Result<Option<u64>, Refusal> {
    match write {
        Write::AppendMessage(message) => {
            let seq = messages::append(draft, message)?;
            tasks::answered(draft, message)?;
            return Ok(Some(seq));
        }
        Write::AppendBus { stream, envelope } => {
            return bus::append(draft, stream, envelope).map(Some);
        }
        Write::AppendAudit(event) => return audit::append(draft, event).map(Some),
        Write::PutMemory(memory) => {
            let put = memories::put(draft, memory)?;
            held.memories.push(put.id);
            return Ok(Some(put.seq));
        }
        Write::PurgeMemories { owner, ids } => {
            let gone = purge::memories(draft, *owner, ids)?;
            held.memories.extend(gone.memories);
            held.untraced.extend(gone.untraced);
            return Ok(None);
        }
        Write::PurgeConversation { id, owner } => {
            held.memories.extend(purge::conversation(draft, *owner, *id)?);
            return Ok(None);
        }
        Write::ActOnMemory(action) => memories::act(draft, action),
        Write::UndoMemoryAction { id, owner, at } => memories::undo(draft, *id, *owner, *at),
        Write::PutSignal(signal) => memories::put_signal(draft, signal),
        Write::TouchMemories { owner, touched, at } => memories::touch(draft, *owner, touched, *at),
        Write::PutUser(user) => users::put(draft, user),
        Write::PutSession(session) => sessions::put(draft, session),
        Write::RevokeSession { id, at } => sessions::revoke(draft, *id, *at),
        Write::PutSetupLink(link) => setup_links::put(draft, link),
        Write::TakeSetupLink(hash) => setup_links::take(draft, *hash),
        Write::PutToken { token, at } => api_tokens::put(draft, token, *at),
        Write::TouchToken { id, at } => api_tokens::touch(draft, *id, *at),
        Write::RevokeToken { id, owner } => api_tokens::revoke(draft, *id, *owner),
        Write::PutConversation(new) => conversations::put(draft, new),
        Write::ChangeConversation { id, title, status, at } => {
            conversations::change(draft, *id, title.as_deref(), *status, *at)
        }
        Write::PutTask(task) => tasks::put(draft, task),
        Write::TransitionTask { id, to, attempt, phase, at } => {
            let step = Move { to: *to, attempt: *attempt, phase: *phase, at: *at };
            tasks::transition(draft, *id, step)
        }
        Write::HoldTask { id, wait, at } => tasks::hold(draft, *id, *wait, *at),
        Write::CompleteTask { id, outcome, at, to_parent } => {
            let follows = tasks::complete(draft, *id, outcome, *at, to_parent.as_deref())?;
            follows.iter().try_for_each(|one| self::write(draft, one, held).map(drop))
        }
        Write::DeliverBus { stream, group, seq, deliveries } => {
            let at = Spot { stream: stream.clone(), group: group.clone(), seq: *seq };
            bus::deliver(draft, at, *deliveries)
        }
        Write::AckBus { stream, group, seq } => {
            bus::ack(draft, Spot { stream: stream.clone(), group: group.clone(), seq: *seq })
        }
        Write::PutAgentWanted { agent, wanted } => agents_wanted::put(draft, *agent, *wanted),
    }?;
    Ok(None)
}
