//! `POST /api/memory`: keeps texts, one or many, with their own time, author and conversation.
//!
//! Written in chunks, each one batch with its audit line and its own key under the request's
//! Idempotency-Key: a request that broke off in the middle is sent again whole, and what it had
//! written is not written twice. Asks no model.

use std::collections::HashSet;

use appliance_core::{
    Batch, ConversationId, Memory, MemoryId, MemoryKind, MemoryTier, Provenance, Timestamp, UserId,
    Write,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
};
use axum::{Json as Answer, extract::State};
use http::StatusCode;
use ring::digest;
use web_dto::{Code, MAX_NEW_MEMORIES, NewMemories, NewMemory, Remembered};

use crate::{
    audit::Line,
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    intake::require_conversation,
    parts::{App, Shared},
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.post";

/// Memories written in one batch.
const CHUNK: usize = 250;

/// Longest name of a conversation elsewhere.
const MAX_LABEL_BYTES: usize = 200;

/// How far ahead of this server's clock another's may be.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// Answers 201 with the ids once everything is on disk; a repeat under the same key answers with
/// the first ones.
///
/// # Errors
/// 422 `body.invalid` that points at the item, `idempotency.reused`; 404 for a conversation that is
/// not the caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<NewMemories>,
) -> Result<(StatusCode, Answer<Remembered>), ApiError> {
    let owner = user.id();
    if body.items.is_empty() || body.items.len() > MAX_NEW_MEMORIES {
        let got = body.items.len();
        let detail = format!("{got} items; 1 to {MAX_NEW_MEMORIES} are taken at once");
        return Err(ApiError::field(Code::BodyInvalid, "/items", detail));
    }
    let memories = understood(&app, owner, &body.items).await?;
    let mut ids = Vec::with_capacity(memories.len());
    for (n, (memories, items)) in memories.chunks(CHUNK).zip(body.items.chunks(CHUNK)).enumerate() {
        let said: Vec<String> = items.iter().map(fingerprint).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let line = Line::data(owner, caller.ip, "memory.post").on("memory", &memories[0].id);
        let mut writes: Vec<Write> = memories.iter().cloned().map(Write::PutMemory).collect();
        writes.push(line.write(&app.parts.mint));
        let batch = Batch {
            key: key.batch_key(owner, &format!("{ROUTE}.{n}"), &said),
            conditions: Vec::new(),
            writes,
            ids: memories.iter().map(|memory| memory.id.bytes()).collect(),
        };
        let mut written = batch.ids.clone();
        let applied = app.parts.records.apply(batch).await?;
        if applied.repeated {
            written = applied.ids;
        }
        ids.extend(written.into_iter().map(|id| MemoryId::from_bytes(id).to_string()));
    }
    Ok((StatusCode::CREATED, Answer(Remembered { ids })))
}

/// Turns every item into a memory before the first is written.
async fn understood(
    app: &App,
    owner: UserId,
    items: &[NewMemory],
) -> Result<Vec<Memory>, ApiError> {
    let mut known = HashSet::new();
    let mut memories = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let memory = memory(app, owner, item).map_err(|(field, detail)| {
            ApiError::field(Code::BodyInvalid, &format!("/items/{n}/{field}"), detail)
        })?;
        if let (Some(id), true) = (memory.provenance.conversation_id, item.conversation.is_none())
            && known.insert(id)
        {
            require_conversation(app, owner, id).await?;
        }
        memories.push(memory);
    }
    Ok(memories)
}

type Wrong = (&'static str, String);

fn memory(app: &App, owner: UserId, item: &NewMemory) -> Result<Memory, Wrong> {
    if item.text.trim().is_empty() {
        return Err(("text", "the text is empty".to_owned()));
    }
    bounded("text", &item.text, MAX_MEMORY_BYTES)?;
    let author = item.author.as_deref().map(str::trim).filter(|name| !name.is_empty());
    bounded("author", author.unwrap_or_default(), MAX_AUTHOR_BYTES)?;
    Ok(Memory {
        id: app.parts.mint.next(MemoryId::from_uuid),
        owner,
        seq: 0,
        text: item.text.clone(),
        kind: kind(item.kind.as_deref())?,
        tier: MemoryTier::Warm,
        provenance: Provenance {
            conversation_id: conversation(owner, item)?,
            message_id: None,
            agent: None,
            author: author.map(str::to_owned),
        },
        created_at: moment(app, item.created_at.as_deref())?,
    })
}

fn bounded(field: &'static str, text: &str, most: usize) -> Result<(), Wrong> {
    if text.len() <= most {
        return Ok(());
    }
    Err((field, format!("{} bytes, at most {most} are taken; split it", text.len())))
}

fn kind(text: Option<&str>) -> Result<MemoryKind, Wrong> {
    match text {
        None | Some("note") => Ok(MemoryKind::Note),
        Some("said") => Ok(MemoryKind::Said),
        Some("answer") => Ok(MemoryKind::Answer),
        Some(_) => Err(("kind", "kind is not `note`, `said` or `answer`".to_owned())),
    }
}

fn moment(app: &App, text: Option<&str>) -> Result<Timestamp, Wrong> {
    let now = app.parts.mint.clock().now();
    let Some(text) = text else { return Ok(now) };
    let moment: Timestamp = text
        .parse()
        .map_err(|_| ("created_at", "not a time such as 2026-05-08T13:56:00Z".to_owned()))?;
    if moment > now.plus(AHEAD) {
        return Err(("created_at", "more than a day in the future".to_owned()));
    }
    Ok(moment)
}

fn conversation(owner: UserId, item: &NewMemory) -> Result<Option<ConversationId>, Wrong> {
    match (&item.conversation_id, &item.conversation) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(("conversation", "give `conversation` or `conversation_id`, not both".to_owned()))
        }
        (Some(id), None) => {
            id.parse().map(Some).map_err(|_| ("conversation_id", "not a UUID".to_owned()))
        }
        (None, Some(label)) => {
            bounded("conversation", label, MAX_LABEL_BYTES)?;
            Ok(Some(elsewhere(owner, label)))
        }
    }
}

/// Returns the id that stands for a conversation elsewhere: the same for the same name and owner,
/// and no conversation of this server (version 8, where ours have 7).
fn elsewhere(owner: UserId, label: &str) -> ConversationId {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&owner.bytes());
    context.update(label.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&context.finish().as_ref()[..16]);
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    ConversationId::from_bytes(id)
}

/// Returns what makes two items the same request.
fn fingerprint(item: &NewMemory) -> String {
    format!("{item:?}")
}
