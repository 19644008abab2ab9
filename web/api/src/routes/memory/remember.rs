//! `POST /api/memory`: keeps texts, one or many, with their own time, author and conversation.
//!
//! Written in chunks, each one batch with its audit line and its own key under the request's
//! Idempotency-Key: a request that broke off in the middle is sent again whole, and what it had
//! written is not written twice. A text that is remembered already is not kept again: the answer has
//! the older one's id and says so. Asks no model.

use std::net::IpAddr;

use appliance_core::{Batch, UserId, Write};
use axum::{Json as Answer, extract::State};
use http::StatusCode;
use web_dto::{NewMemories, NewMemory, Remembered};

use super::understood;
use crate::{
    audit::Line,
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
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
    understood::bounded(items)?;
    let memories = understood::all(app, owner, items).await?;
    let minted: Vec<[u8; 16]> = memories.iter().map(|memory| memory.id.bytes()).collect();
    let mut kept = Remembered::default();
    let chunks = memories.chunks(CHUNK).zip(minted.chunks(CHUNK)).zip(items.chunks(CHUNK));
    for (n, ((memories, minted), items)) in chunks.enumerate() {
        let said: Vec<String> = items.iter().map(fingerprint).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let line = Line::data(owner, ip, ROUTE).on("memory", &memories[0].id);
        let mut writes: Vec<Write> = memories.iter().cloned().map(Write::PutMemory).collect();
        writes.push(line.write(&app.parts.mint));
        let batch = Batch {
            key: key.batch_key(owner, &format!("{ROUTE}.{n}"), &said),
            conditions: Vec::new(),
            writes,
            ids: minted.to_vec(),
        };
        let mut minted = minted.to_vec();
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

/// Returns what makes two items the same request.
fn fingerprint(item: &NewMemory) -> String {
    format!("{item:?}")
}
