//! `GET /api/info`: what a face may show before anybody has logged in. Names no person and no path.

use axum::{Json, extract::State};
use web_dto::ServerInfo;

use crate::{error::ApiError, parts::Shared};

/// Answers with name, version, model and whether the first user still has to be set up.
pub(crate) async fn get(State(app): State<Shared>) -> Result<Json<ServerInfo>, ApiError> {
    let first = app.parts.users.first().await?;
    Ok(Json(ServerInfo {
        name: "ai-infra".to_owned(),
        version: app.parts.settings.version.clone(),
        needs_setup: first.is_none_or(|user| user.password_hash.is_none()),
        model: app.parts.settings.model_name.clone(),
        portal: crate::portal::kind().to_owned(),
    }))
}
