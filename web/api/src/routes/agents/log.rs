//! `GET /api/agents/{name}/log`: what an agent's window shows; for admins, because it shows the
//! words of whoever the agent works for.

use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::AgentLog;

use crate::{
    auth::Admin,
    error::ApiError,
    extract::{AgentPath, Params},
    parts::Shared,
};

/// Lines shown unless said otherwise, and at most.
const DEFAULT_LINES: usize = 200;
const MAX_LINES: usize = 1_000;

/// The query.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    lines: Option<usize>,
}

/// Answers with the window's text, oldest line first.
pub(crate) async fn get(
    State(app): State<Shared>,
    Admin(_): Admin,
    AgentPath(name): AgentPath,
    Params(query): Params<Query>,
) -> Result<Json<AgentLog>, ApiError> {
    let lines = query.lines.unwrap_or(DEFAULT_LINES).clamp(1, MAX_LINES);
    let text = app.parts.fleet.window_text(name, lines).await?;
    Ok(Json(AgentLog { name: name.to_string(), text }))
}
