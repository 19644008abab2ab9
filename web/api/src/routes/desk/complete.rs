//! Complete: the work has an answer.

use appliance_core::desk::Complete;
use axum::extract::State;
use http::StatusCode;

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, metrics::Ended, parts::Shared};

/// Answers 204 once the answer is on disk.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(command): Command<Complete>,
) -> Result<StatusCode, ApiError> {
    let task = command.lease.task_id;
    app.parts.desk.complete(who, command).await?;
    app.parts.metrics.work_ended(who.agent, task, Ended::Success);
    Ok(StatusCode::NO_CONTENT)
}
