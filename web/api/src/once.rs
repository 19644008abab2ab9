//! A deed at most once a key, where the deed is a port's own batch and cannot carry the key.
//!
//! The key is looked up first, and noted with the deed's id when it is done; both survive a restart.
//! Between the deed and the note lies one commit: a server that is killed just there does a repeat
//! again, as it would without a key. Requests under one key do not run beside each other.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Mutex, PoisonError},
};

use appliance_core::{Batch, BatchKey, Condition, Conflict, ConversationId, UserId};
use web_dto::Code;

use crate::{error::ApiError, parts::App};

/// The keys whose deeds are being done.
#[derive(Debug, Default)]
pub(crate) struct Under(Mutex<HashSet<String>>);

/// What came of a deed: itself, or the id that an earlier request under the key noted.
#[derive(Debug)]
pub(crate) enum Once<T> {
    /// It was done now.
    Now(T),
    /// It was done before, under this id.
    Before([u8; 16]),
}

/// Does `deed` unless it was done under `key`; `id` is what the next request gets to know.
///
/// # Errors
/// 422 `idempotency.reused` for a key that stands for another request, 409 while the first one is
/// still at work; the deed's own.
pub(crate) async fn once<T>(
    app: &App,
    key: Option<BatchKey>,
    deed: impl Future<Output = Result<T, ApiError>>,
    id: impl FnOnce(&T) -> [u8; 16],
) -> Result<Once<T>, ApiError> {
    let Some(key) = key else { return deed.await.map(Once::Now) };
    let _held = app.under.hold(&key.name)?;
    if let Some(first) = first(app, key.clone()).await? {
        return Ok(Once::Before(first));
    }
    let done = deed.await?;
    let note = Batch { ids: vec![id(&done)], ..Batch::new().key(key) };
    if let Err(error) = app.parts.records.apply(note).await {
        // The deed itself is on disk and is answered for.
        tracing::warn!(%error, "while noting the key of a request; its repeat would act again");
    }
    Ok(Once::Now(done))
}

/// Returns what the first request under `key` noted. A key is looked up before conditions are, so a
/// batch whose condition never holds reads it and writes nothing.
async fn first(app: &App, key: BatchKey) -> Result<Option<[u8; 16]>, ApiError> {
    let nobody = UserId::from_bytes([0; 16]);
    let never =
        Condition::ConversationOf { id: ConversationId::from_bytes([0; 16]), owner: nobody };
    match app.parts.records.apply(Batch::new().key(key).when(never)).await {
        Ok(applied) => Ok(applied.ids.first().copied()),
        Err(error) => match error.as_conflict() {
            None | Some(Conflict::KeyReused) => Err(error.into()),
            Some(_) => Ok(None),
        },
    }
}

impl Under {
    fn hold(&self, name: &str) -> Result<Held<'_>, ApiError> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.insert(name.to_owned()) {
            return Ok(Held { under: self, name: name.to_owned() });
        }
        Err(ApiError::new(Code::Conflict, "a request under the same key is still at work"))
    }
}

/// Frees the key when the request ends, however it ends.
struct Held<'a> {
    under: &'a Under,
    name: String,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.under.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
