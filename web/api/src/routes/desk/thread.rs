//! Thread: the conversation before the message in hand, as it is by now.

use appliance_core::{Message, desk::Lease};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers with the last messages before it, oldest first.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(lease): Command<Lease>,
) -> Result<Json<Vec<Message>>, ApiError> {
    Ok(Json(app.parts.desk.thread(who, &lease).await?))
}
