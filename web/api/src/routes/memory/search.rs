//! `POST /api/memory/search`: what do you know about ...

use appliance_core::{UserId, page::MAX_PAGE};
use axum::{Json as Answer, extract::State};
use web_dto::{MemoryQuery, MemoryResults};

use super::filter;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::Json,
    parts::{App, Shared},
    view,
};

/// Answers with the caller's best memories, best first.
///
/// # Errors
/// 422 `search.invalid`, `body.invalid` that points at the filter.
pub(crate) async fn post(
    State(app): State<Shared>,
    user: CurrentUser,
    Json(body): Json<MemoryQuery>,
) -> Result<Answer<MemoryResults>, ApiError> {
    Ok(Answer(found(&app, user.id(), &body).await?))
}

/// Searches for `owner`, and notes the use of what was found.
pub(crate) async fn found(
    app: &App,
    owner: UserId,
    asked: &MemoryQuery,
) -> Result<MemoryResults, ApiError> {
    let filter = filter::of_body(&asked.filters)?;
    let limit = asked.limit.clamp(1, MAX_PAGE);
    let found = app.parts.search.search(owner, &asked.query, filter, limit).await?;
    if !asked.peek {
        app.parts.care.used(owner, &found).await;
    }
    let missing = found.missing.iter().map(|part| part.as_str().to_owned()).collect();
    Ok(MemoryResults { results: found.into_iter().map(view::memory_hit).collect(), missing })
}
