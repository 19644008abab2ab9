//! `GET /api/health/model`: would the model answer? For operators, because it says why not.
//!
//! The provider is asked once and its answer kept for a moment, so that whoever asks often costs nothing.

use std::time::Duration;

use appliance_core::ports::{LlmErrorKind, Proof};
use axum::{Json, extract::State};
use tokio::time::Instant;
use web_dto::ModelHealth;

use crate::{
    auth::Admin,
    parts::{App, Shared},
};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(2);

/// Answers 200, whatever the provider said.
pub(crate) async fn get(State(app): State<Shared>, Admin(_): Admin) -> Json<ModelHealth> {
    let mut kept = app.readiness.model.lock().await;
    let health = match &*kept {
        Some((at, health)) if at.elapsed() < KEPT => health.clone(),
        _ => {
            let health = ask(&app).await;
            kept.insert((Instant::now(), health)).1.clone()
        }
    };
    Json(health)
}

async fn ask(app: &App) -> ModelHealth {
    let (status, said) = match app.parts.model.check().await {
        Ok(Proof::Works) => ("ok", String::new()),
        Ok(Proof::Reachable) => ("reachable", String::new()),
        Err(error) => (code(error.kind), error.message),
    };
    ModelHealth {
        provider: app.parts.settings.model_provider.clone(),
        model: app.parts.settings.model_name.clone(),
        status: status.to_owned(),
        said,
    }
}

const fn code(kind: LlmErrorKind) -> &'static str {
    match kind {
        LlmErrorKind::Unavailable => "unavailable",
        LlmErrorKind::Invalid => "invalid",
        LlmErrorKind::Unauthorised => "unauthorised",
        LlmErrorKind::Limited => "limited",
    }
}
