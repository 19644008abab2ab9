//! `GET /api/settings`: every value of the configuration with its origin; for admins, because it
//! names places on the server. Holds no secrets and changes nothing.

use axum::{Json, extract::State};
use web_dto::SettingList;

use crate::{auth::Admin, parts::Shared};

/// Answers with all values, in the reference's order.
pub(crate) async fn get(State(app): State<Shared>, Admin(_): Admin) -> Json<SettingList> {
    Json(app.parts.settings.shown.clone())
}
