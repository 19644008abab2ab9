//! Care: keeps, forgets, corrects, rates for the person the agent works for.

use appliance_core::desk::{CareCommand, CareDone};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers with what became of it, once it is on disk.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(ask): Command<CareCommand>,
) -> Result<Json<CareDone>, ApiError> {
    Ok(Json(app.parts.desk.care(who, ask).await?))
}
