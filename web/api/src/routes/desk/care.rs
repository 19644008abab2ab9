//! Remember: keeps a note for the person the agent works for.

use appliance_core::desk::{Remember, Remembered};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers with the note's id once it is on disk.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(ask): Command<Remember>,
) -> Result<Json<Remembered>, ApiError> {
    Ok(Json(Remembered { memory_id: app.parts.desk.remember(who, ask).await? }))
}
