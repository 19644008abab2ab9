//! `GET /api/agents`: all six, in window order.

use axum::{Json, extract::State};
use web_dto::AgentList;

use crate::{auth::CurrentUser, error::ApiError, parts::Shared};

/// Answers with all six.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
) -> Result<Json<AgentList>, ApiError> {
    let mut agents = Vec::new();
    for status in app.parts.fleet.list() {
        agents.push(super::seen(&app, &user, status).await?);
    }
    Ok(Json(AgentList { agents }))
}
