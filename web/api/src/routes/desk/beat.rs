//! Beat: a sign of life, every ten seconds.

use appliance_core::desk::{Beat, BeatAnswer};
use axum::{Json, extract::State};

use super::Command;
use crate::{auth::CurrentAgent, error::ApiError, parts::Shared};

/// Answers whether to go on.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    Command(beat): Command<Beat>,
) -> Result<Json<BeatAnswer>, ApiError> {
    Ok(Json(BeatAnswer { go_on: app.parts.fleet.beat(who, beat).await? }))
}
