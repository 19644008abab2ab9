//! Delegate: the supervisor passes work to a worker and waits for it.

use appliance_core::{Task, desk::Delegate};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, metrics::Ended, parts::Shared};

/// Answers with the worker's task.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(command): Command<Delegate>,
) -> Result<Json<Task>, ApiError> {
    let root = command.lease.task_id;
    let part = app.parts.desk.delegate(who, command).await?;
    app.parts.metrics.work_ended(who.agent, root, Ended::Success);
    Ok(Json(part))
}
