//! Recall: what is remembered for the person the agent works for.

use appliance_core::{MemoryHit, desk::Recall};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers with the best memories, best first.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(ask): Command<Recall>,
) -> Result<Json<Vec<MemoryHit>>, ApiError> {
    Ok(Json(app.parts.desk.recall(who, ask).await?))
}
