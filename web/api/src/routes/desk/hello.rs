//! Hello: a process says which agent it is, and a new incarnation begins.

use appliance_core::desk::{Hello, Welcome};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::Arriving, error::ApiError, parts::Shared};

/// Answers with what the agent needs to know.
///
/// # Errors
/// 403 `agent.stranger` for a process that was not started for this seat; 409 `agent.taken` where
/// agents are run by hand and another one is this agent.
pub(crate) async fn post(
    State(app): State<Shared>,
    Arriving(process): Arriving,
    Command(hello): Command<Hello>,
) -> Result<Json<Welcome>, ApiError> {
    Ok(Json(app.parts.fleet.hello(&process, hello.agent).await?))
}
