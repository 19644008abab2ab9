//! `POST /api/memory`: keeps texts, one or many, with their own time, author and conversation.
//!
//! Written in chunks, each one batch with its audit line and its own key under the request's
//! Idempotency-Key: a request that broke off in the middle is sent again whole, and what it had
//! written is not written twice. A text that is remembered already is not kept again: the answer has
//! the older one's id and says so. Asks no model.

use std::{collections::HashMap, net::IpAddr};

use appliance_core::{Batch, ConversationId, Memory, UserId, Write};
use axum::{Json as Answer, extract::State};
use http::StatusCode;
use web_dto::{Code, MAX_NEW_MEMORIES, NewMemories, NewMemory, Remembered};

use super::said::{self, Place};
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
const ROUTE: &str = "memory.remember";

/// Memories written in one batch.
const CHUNK: usize = 250;

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
    let kept = remembered(&app, (user.id(), caller.ip), &key, &body.items).await?;
    Ok((StatusCode::CREATED, Answer(kept)))
}

/// Keeps `items` for `owner`; they are on disk when this returns.
pub(crate) async fn remembered(
    app: &App,
    (owner, ip): (UserId, Option<IpAddr>),
    key: &IdempotencyKey,
    items: &[NewMemory],
) -> Result<Remembered, ApiError> {
    if items.is_empty() || items.len() > MAX_NEW_MEMORIES {
        let got = items.len();
        let detail = format!("{got} items; 1 to {MAX_NEW_MEMORIES} are taken at once");
        return Err(ApiError::field(Code::BodyInvalid, "/items", detail));
    }
    let memories = understood(app, owner, items).await?;
    let mut kept = Remembered::default();
    for (n, (memories, items)) in memories.chunks(CHUNK).zip(items.chunks(CHUNK)).enumerate() {
        let said: Vec<String> = items.iter().map(fingerprint).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let line = Line::data(owner, ip, ROUTE).on("memory", &memories[0].id);
        let mut writes: Vec<Write> = memories.iter().cloned().map(Write::PutMemory).collect();
        writes.push(line.write(&app.parts.mint));
        let batch = Batch {
            key: key.batch_key(owner, &format!("{ROUTE}.{n}"), &said),
            conditions: Vec::new(),
            writes,
            ids: memories.iter().map(|memory| memory.id.bytes()).collect(),
        };
        let mut minted = batch.ids.clone();
        let applied = app.parts.records.apply(batch).await?;
        if applied.repeated {
            minted = applied.ids;
        }
        kept.ids.extend(applied.memories.iter().map(ToString::to_string));
        let known = applied.memories.iter().zip(minted).map(|(id, minted)| id.bytes() != minted);
        kept.known.extend(known);
    }
    Ok(kept)
}

/// Turns every item into a memory before the first is written.
async fn understood(
    app: &App,
    owner: UserId,
    items: &[NewMemory],
) -> Result<Vec<Memory>, ApiError> {
    let mut places = HashMap::new();
    let mut memories = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let wrong = |(field, detail): (&str, String)| {
            ApiError::field(Code::BodyInvalid, &format!("/items/{n}/{field}"), detail)
        };
        let mut memory = said::memory(app, owner, item).map_err(wrong)?;
        let place = said::place(item).map_err(wrong)?;
        let found = match places.get(&place) {
            Some(found) => *found,
            None => {
                let found = found(app, owner, &place).await?;
                places.insert(place, found);
                found
            }
        };
        memory.provenance.conversation_id = found;
        memories.push(memory);
    }
    Ok(memories)
}

/// Finds the conversation that a place names.
async fn found(
    app: &App,
    owner: UserId,
    place: &Place,
) -> Result<Option<ConversationId>, ApiError> {
    match place {
        Place::Nowhere => Ok(None),
        Place::Here(id) => {
            require_conversation(app, owner, *id).await?;
            Ok(Some(*id))
        }
        Place::Named(name) => {
            if let Ok(id) = name.parse()
                && app.parts.conversations.get(owner, id).await?.is_some()
            {
                return Ok(Some(id));
            }
            Ok(Some(said::elsewhere(owner, name)))
        }
    }
}

/// Returns what makes two items the same request.
fn fingerprint(item: &NewMemory) -> String {
    format!("{item:?}")
}
