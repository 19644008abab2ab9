//! `GET /api/health/live`: is the process answering? Asks nothing else.

use axum::{Json, extract::State};
use web_dto::Live;

use crate::parts::Shared;

/// Answers `ok`.
pub(crate) async fn get(State(app): State<Shared>) -> Json<Live> {
    let timestamp = app.parts.mint.clock().now().to_string();
    Json(Live { status: "ok".to_owned(), timestamp })
}
