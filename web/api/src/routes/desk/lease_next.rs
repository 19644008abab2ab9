//! Lease next: an agent asks for work and waits a while for it.

use std::time::Duration;

use appliance_core::desk::LeaseNext;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::Command;
use crate::{auth::CurrentAgent, edge::Drain, error::ApiError, parts::Shared};

/// Longest time one call waits.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Answers with work, or 204 when there is none; a server that stops answers 204 at once.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    drain: Drain,
    Command(ask): Command<LeaseNext>,
) -> Result<Response, ApiError> {
    let wait = Duration::from_millis(ask.wait_ms).min(MAX_WAIT);
    let work = tokio::select! {
        biased;
        work = app.parts.desk.lease_next(who, &ask.held, wait) => work?,
        () = drain.begun() => None,
    };
    let Some(work) = work else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    app.parts.metrics.work_began(work.task.id, work.task.kind);
    Ok(Json(work).into_response())
}
