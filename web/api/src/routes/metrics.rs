//! `GET /metrics`: counts for Prometheus; from this machine or with a login.

use appliance_core::{UserId, bus::AGENTS_GROUP};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::{auth::CurrentUser, error::ApiError, gate::Caller, metrics, parts::Shared};

/// Answers in OpenMetrics text.
pub(crate) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    user: Result<CurrentUser, ApiError>,
) -> Result<Response, ApiError> {
    if !caller.is_loopback() {
        user?;
    }
    let depths = app.parts.streams.depths(AGENTS_GROUP).await?;
    // Nobody's id: only what all have together is counted here.
    let stats = app.parts.care.stats(UserId::from_bytes([0; 16])).await?;
    app.parts.metrics.memory(&stats.all).await;
    app.parts.metrics.running(&app.parts.home.figures());
    let text = app.parts.metrics.text(&depths, &app.parts.fleet.list());
    let mut response = text.into_response();
    let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
