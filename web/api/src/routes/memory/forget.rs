//! `POST /api/memory/{id}/forget`: shows a memory to nobody any more; 30 days long it can be undone.

use appliance_core::MemoryId;
use axum::{Json, extract::State};
use web_dto::ActionView;

use super::forgotten;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, IdempotencyKey, Nothing},
    gate::Caller,
    parts::Shared,
};

/// Answers with the deed; for a memory that is forgotten already with the one that forgot it.
///
/// # Errors
/// 404 for a memory that is not the caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Id(id): Id<MemoryId>,
    _: Nothing,
) -> Result<Json<ActionView>, ApiError> {
    Ok(Json(forgotten(&app, (user.id(), caller.ip), &key, vec![id]).await?))
}
