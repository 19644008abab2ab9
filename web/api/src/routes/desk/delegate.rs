//! Delegate: the supervisor passes work to a worker and waits for it.

use appliance_core::{Task, desk::Delegate};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers with the worker's task.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(command): Command<Delegate>,
) -> Result<Json<Task>, ApiError> {
    Ok(Json(app.parts.desk.delegate(who, command).await?))
}
