//! One text as it was sent, understood as a memory; the first thing that makes no sense is named.
//! Looks nothing up but the conversation it is said to belong to.

use appliance_core::{
    ConversationId, Labels, Memory, MemoryId, MemoryKind, Provenance, Timestamp, UserId,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
};
use ring::digest;
use web_dto::NewMemory;

use super::filter::{self, Wrong, bounded};
use crate::parts::App;

/// Longest name of a conversation elsewhere.
const MAX_NAME_BYTES: usize = 200;

/// How far ahead of this server's clock another's may be.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// The conversation a text is said to belong to, not looked up yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// None.
    Nowhere,
    /// One that has to be the caller's.
    Here(ConversationId),
    /// One elsewhere, or the caller's where the name is its id.
    Named(String),
}

/// Understands where an item belongs.
pub(super) fn place(item: &NewMemory) -> Result<Place, Wrong> {
    match (&item.conversation_id, &item.conversation) {
        (None, None) => Ok(Place::Nowhere),
        (Some(_), Some(_)) => {
            Err(("conversation", "give `conversation` or `conversation_id`, not both".to_owned()))
        }
        (Some(id), None) => {
            Ok(filter::conversation_id(Some(id))?.map_or(Place::Nowhere, Place::Here))
        }
        (None, Some(name)) => {
            bounded("conversation", name, MAX_NAME_BYTES)?;
            Ok(Place::Named(name.clone()))
        }
    }
}

/// Understands an item; its conversation is not in it yet.
pub(super) fn memory(app: &App, owner: UserId, item: &NewMemory) -> Result<Memory, Wrong> {
    let now = app.parts.mint.clock().now();
    let text = text(&item.text)?;
    let kind = kind(item.kind.as_deref())?;
    let provenance = Provenance {
        agent: filter::agent(item.agent.as_deref())?,
        author: named("author", item.author.as_deref())?,
        untrusted: named("untrusted", item.untrusted.as_deref())?,
        ..Provenance::default()
    };
    let at = moment("created_at", item.created_at.as_deref(), now)?.unwrap_or(now);
    let id = app.parts.mint.next(MemoryId::from_uuid);
    let mut memory = Memory::new(id, owner, kind, text.to_owned(), provenance, at);
    memory.labels = labels(kind, item)?;
    let standing = &mut memory.standing;
    // However old it is, it comes in now.
    standing.tier_since = now;
    standing.pinned = item.pinned.unwrap_or_default();
    standing.valid_from = moment("valid_from", item.valid_from.as_deref(), now)?.unwrap_or(at);
    standing.valid_until = moment("valid_until", item.valid_until.as_deref(), now)?;
    if standing.valid_until.is_some_and(|until| until < standing.valid_from) {
        return Err(("valid_until", "earlier than the moment since when it held".to_owned()));
    }
    Ok(memory)
}

/// Holds a text to what a memory can be.
pub(super) fn text(text: &str) -> Result<&str, Wrong> {
    if text.trim().is_empty() {
        return Err(("text", "the text is empty; say what to remember".to_owned()));
    }
    if text.len() > MAX_MEMORY_BYTES {
        let got = text.len();
        let detail = format!("{got} bytes, a memory has at most {MAX_MEMORY_BYTES}; split it");
        return Err(("text", detail));
    }
    Ok(text)
}

fn kind(text: Option<&str>) -> Result<MemoryKind, Wrong> {
    match text {
        None | Some("note") => Ok(MemoryKind::Note),
        Some("said") => Ok(MemoryKind::Said),
        Some("answer") => Ok(MemoryKind::Answer),
        Some("learning") => Ok(MemoryKind::Learning),
        Some("document") => Ok(MemoryKind::Document),
        Some(_) => {
            let detail = "kind is not `note`, `said`, `answer`, `learning` or `document`";
            Err(("kind", detail.to_owned()))
        }
    }
}

/// Reads a name; a blank one is none.
fn named(field: &'static str, text: Option<&str>) -> Result<Option<String>, Wrong> {
    let Some(name) = text.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    bounded(field, name, MAX_AUTHOR_BYTES)?;
    Ok(Some(name.to_owned()))
}

/// Reads the labels; each belongs to one kind.
fn labels(kind: MemoryKind, item: &NewMemory) -> Result<Labels, Wrong> {
    let belongs = [
        ("phase", item.phase.is_some(), MemoryKind::Learning),
        ("outcome", item.outcome.is_some(), MemoryKind::Learning),
        ("source", item.source.is_some(), MemoryKind::Document),
        ("domain", item.domain.is_some(), MemoryKind::Document),
    ];
    for (field, given, to) in belongs {
        if given && kind != to {
            return Err((field, format!("only a {} has one; leave it out", to.as_str())));
        }
    }
    Ok(Labels {
        phase: filter::known("phase", item.phase.as_deref(), filter::phase)?,
        outcome: filter::known("outcome", item.outcome.as_deref(), filter::outcome)?,
        source: filter::label("source", item.source.as_deref())?,
        domain: filter::label("domain", item.domain.as_deref())?,
    })
}

fn moment(
    field: &'static str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Wrong> {
    let moment = filter::moment(field, text)?;
    if moment.is_some_and(|moment| moment > now.plus(AHEAD)) {
        return Err((field, "more than a day in the future".to_owned()));
    }
    Ok(moment)
}

/// Returns the id that stands for a conversation elsewhere: the same for the same name and owner,
/// and no conversation of this server (version 8, where ours have 7). Such an id, as an export
/// names it, stands for itself.
pub(super) fn elsewhere(owner: UserId, name: &str) -> ConversationId {
    if let Some(id) = name.parse::<ConversationId>().ok().filter(|id| id.bytes()[6] >> 4 == 8) {
        return id;
    }
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&owner.bytes());
    context.update(name.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&context.finish().as_ref()[..16]);
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    ConversationId::from_bytes(id)
}
