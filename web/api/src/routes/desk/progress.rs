//! Progress: a phase, a piece of the answer, or both.

use appliance_core::desk::Progress;
use axum::extract::State;
use http::StatusCode;

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers 204.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(command): Command<Progress>,
) -> Result<StatusCode, ApiError> {
    app.parts.desk.progress(who, command).await?;
    Ok(StatusCode::NO_CONTENT)
}
