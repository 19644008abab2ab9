//! Renew: an agent is still at it.

use appliance_core::desk::Lease;
use axum::extract::State;
use http::StatusCode;

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers 204, or 409 `lease.lost`.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(lease): Command<Lease>,
) -> Result<StatusCode, ApiError> {
    app.parts.desk.renew(who, &lease).await?;
    Ok(StatusCode::NO_CONTENT)
}
