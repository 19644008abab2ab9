//! `POST /api/memory/{id}/pin`: keeps a memory out of eviction and archive, or no longer.

use appliance_core::MemoryId;
use axum::{Json as Answer, extract::State};
use web_dto::{ActionView, PinMemory};

use super::care;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.pin";

/// Answers with the deed.
///
/// # Errors
/// 404 for a memory that is not the caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Id(id): Id<MemoryId>,
    Json(body): Json<PinMemory>,
) -> Result<Answer<ActionView>, ApiError> {
    let what = [id.to_string(), body.pinned.to_string()];
    let key = key.batch_key(user.id(), ROUTE, &[&what[0], &what[1]]);
    let by = care::by(&user, &caller, key);
    Ok(Answer(view::action(app.parts.care.pin(&by, id, body.pinned).await?)))
}
