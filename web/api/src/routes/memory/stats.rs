//! `GET /api/memory/stats`: how full the tiers are, what the collections hold, how far the job is.

use axum::{Json, extract::State};
use web_dto::MemoryStatsView;

use crate::{auth::CurrentUser, error::ApiError, parts::Shared, view};

/// Answers with the figures of this moment.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
) -> Result<Json<MemoryStatsView>, ApiError> {
    let stats = app.parts.care.stats(user.id()).await?;
    Ok(Json(view::stats(stats, app.parts.search.ailing(), app.parts.damage.damage())))
}
