//! `GET /api/agents/{name}`: one agent and its current task.

use axum::{Json, extract::State};
use web_dto::{AgentView, Code};

use crate::{auth::CurrentUser, error::ApiError, extract::AgentPath, parts::Shared};

/// Answers with the agent.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    AgentPath(name): AgentPath,
) -> Result<Json<AgentView>, ApiError> {
    let status = app.parts.fleet.list().into_iter().find(|status| status.name == name);
    let status = status.ok_or_else(|| {
        ApiError::new(Code::AgentUnknown, format!("this server runs no agent {name}"))
    })?;
    Ok(Json(super::seen(&app, &user, status).await?))
}
