//! Hello: a process says which agent it is, and a new incarnation begins.

use appliance_core::desk::{Hello, Welcome};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::local_pid, error::ApiError, gate::Caller, parts::Shared};

/// Answers with what the agent needs to know.
///
/// # Errors
/// 409 `agent.taken` while another live process is this agent.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    Command(hello): Command<Hello>,
) -> Result<Json<Welcome>, ApiError> {
    let pid = local_pid(&caller)?;
    Ok(Json(app.parts.fleet.hello(pid, hello.agent).await?))
}
