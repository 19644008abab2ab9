//! `POST /api/memory/purge`: takes memories away for good, with every trace of what they say.

use axum::{Json as Answer, extract::State};
use web_dto::{ForgetMemories, PurgeMemories, PurgedView};

use super::{care, named};
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    purged,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.purge";

/// Answers with what went. One that is gone already, or was never there, is passed over.
///
/// # Errors
/// 422 without `confirm`, and for no or too many ids.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<PurgeMemories>,
) -> Result<Answer<PurgedView>, ApiError> {
    purged::confirmed(body.confirm)?;
    let what: Vec<&str> = body.ids.iter().map(String::as_str).collect();
    let by = care::by(&user, &caller, key.batch_key(user.id(), ROUTE, &what));
    let ids = named(&ForgetMemories { ids: body.ids })?;
    let done = app.parts.purging.purge_memories(&by, ids).await;
    Ok(Answer(purged::view(&app, &done?).await))
}
