//! `POST /api/memory/search`: what do you know about ...

use appliance_core::{AgentName, MemoryTier, SearchFilter, page::MAX_PAGE};
use axum::{Json as Answer, extract::State};
use web_dto::{Code, MemoryQuery, MemoryQueryFilters, MemoryResults};

use crate::{auth::CurrentUser, error::ApiError, extract::Json, parts::Shared, view};

/// Answers with the caller's best memories, best first.
///
/// # Errors
/// 422 `search.invalid`, `body.invalid` for an unknown tier or agent.
pub(crate) async fn post(
    State(app): State<Shared>,
    user: CurrentUser,
    Json(body): Json<MemoryQuery>,
) -> Result<Answer<MemoryResults>, ApiError> {
    let filter = filter(&body.filters)?;
    let limit = body.limit.clamp(1, MAX_PAGE);
    let hits = app.parts.search.search(user.id(), &body.query, filter, limit).await?;
    Ok(Answer(MemoryResults { results: hits.into_iter().map(view::memory_hit).collect() }))
}

fn filter(filters: &MemoryQueryFilters) -> Result<SearchFilter, ApiError> {
    let tier = match filters.tier.as_deref() {
        None => None,
        Some("hot") => Some(MemoryTier::Hot),
        Some("warm") => Some(MemoryTier::Warm),
        Some("cold") => Some(MemoryTier::Cold),
        Some(_) => {
            let detail = "tier is not `hot`, `warm` or `cold`";
            return Err(ApiError::field(Code::BodyInvalid, "/filters/tier", detail));
        }
    };
    let agent = filters
        .agent
        .as_deref()
        .map(str::parse::<AgentName>)
        .transpose()
        .map_err(|no| ApiError::field(Code::BodyInvalid, "/filters/agent", no.to_string()))?;
    Ok(SearchFilter { tier, agent, except_message: None })
}
