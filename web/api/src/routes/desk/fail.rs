//! Fail: the work has no answer, or not from this try.

use appliance_core::desk::Fail;
use axum::extract::State;
use http::StatusCode;

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, metrics::Ended, parts::Shared};

/// Answers 204.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(command): Command<Fail>,
) -> Result<StatusCode, ApiError> {
    let task = command.lease.task_id;
    app.parts.desk.fail(who, command).await?;
    app.parts.metrics.work_ended(who.agent, task, Ended::Failure);
    Ok(StatusCode::NO_CONTENT)
}
