//! `GET /api/memory/{id}`: one memory.

use appliance_core::MemoryId;
use axum::{Json, extract::State};
use web_dto::MemoryView;

use crate::{auth::CurrentUser, error::ApiError, extract::Id, parts::Shared, view};

/// Answers with the memory if it is the caller's.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Id(id): Id<MemoryId>,
) -> Result<Json<MemoryView>, ApiError> {
    let found = app.parts.memories.get(user.id(), id).await?;
    let memory = found.ok_or_else(|| ApiError::not_found("memory"))?;
    Ok(Json(view::memory(memory)))
}
